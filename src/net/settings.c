/* Options go into the environment, where Open MPI looks for them first. A user's own stand, be they of the environment
 * (those of mpirun's command line are there, too) or of a file.
 *
 *   - btl_vader_single_copy_mechanism (4), smsc (5): the ranks of a host copy straight out of each other's memory
 *     (process_vm_readv). Many containers forbid that call; Open MPI finds out with every message, and says so each
 *     time. Here it is tried once, on this process itself.
 *   - btl: for ranks of one host, 5 makes TCP connections ready besides shared memory, and says "Unable to find
 *     reachable pairing" of each, as a host's own address is none that it can reach. They are left out. 4 is silent. */
#include "net/settings.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define SITES_FILE "/etc/openmpi/openmpi-mca-params.conf" /* Debian's; others' is where they have installed it */
#define USERS_FILE "/.openmpi/mca-params.conf"            /* below the home folder */

static bool can_read_memory(void) {
    char there = 1, here = 0;
    struct iovec from = {&there, 1}, to = {&here, 1};
    return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == 1 && here == there;
}

/* The value in a line "name = value", or NULL. The line is cut where the value ends. */
static char *value_of(char *line, const char *name) {
    line += strspn(line, " \t");
    size_t length = strlen(name);
    if (strncmp(line, name, length) != 0)
        return NULL;
    line += length;
    line += strspn(line, " \t");
    if (*line++ != '=')
        return NULL;
    line += strspn(line, " \t");
    line[strcspn(line, " \t\r\n")] = '\0';
    return line;
}

/* True if the file chooses among transports other than by leaving out what is no shared memory: Debian's own does. */
static bool chooses_transports(const char *path) {
    bool chooses = false;
    char line[1000];
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        const char *value = value_of(line, "btl");
        if (value)
            chooses = value[0] != '^' || strstr(value, "sm") || strstr(value, "vader") || strstr(value, "self");
    }
    if (file)
        fclose(file);
    return chooses;
}

static bool has_chosen_transports(void) {
    char path[4096];
    const char *home = getenv("HOME");
    snprintf(path, sizeof path, "%s" USERS_FILE, home ? home : "");
    return getenv("OMPI_MCA_btl") || chooses_transports(SITES_FILE) || chooses_transports(path);
}

static bool says(const char *variable, const char *value) {
    const char *text = getenv(variable);
    return text && !strcmp(text, value);
}

/* All ranks, more than one, on this host, says mpirun, or else srun. */
static bool is_on_one_host(void) {
    const char *all = getenv("OMPI_COMM_WORLD_SIZE");
    if (all)
        return says("OMPI_COMM_WORLD_LOCAL_SIZE", all) && strcmp(all, "1") != 0;
    return says("SLURM_STEP_NUM_NODES", "1") && !says("SLURM_STEP_NUM_TASKS", "1");
}

void dmap__settings_choose(const char *library) {
    static const char name[] = "Open MPI v";
    if (strncmp(library, name, strlen(name)) != 0)
        return;
    long version = strtol(library + strlen(name), NULL, 10);
    if (!can_read_memory()) {
        setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 0);
        setenv("OMPI_MCA_smsc", "^cma", 0);
    }
    if (version >= 5 && is_on_one_host() && !has_chosen_transports())
        setenv("OMPI_MCA_btl", "self,sm", 0);
}
