/* A cgroup with processes in it hands no controllers down, so the new one does not stand below this process's own but
 * beside it: that is possible where the one above is ours too, as in a systemd session of a user, or for root. It would
 * be out of this one's limits, so there must be none. Batch systems keep their cgroups to themselves. */
#include "run/job/memory_limit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/job/cgroups.h"

/* Of the second version: the line "0::/path". */
static bool find_own(const char *root, char *folder, size_t size) {
    char path[PATH_MAX], line[PATH_MAX];
    bool found = false;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        found = strncmp(line, "0::/", 4) == 0 &&
                snprintf(folder, size, "%s/sys/fs/cgroup%s", root, line[4] ? line + 3 : "") < (int)size;
    }
    if (file)
        fclose(file);
    return found;
}

/* True if cgroups below it have limits on memory, and processes may be moved there. */
static bool hands_down(const char *folder) {
    char path[PATH_MAX + 32], line[512] = "";
    bool found = false;
    snprintf(path, sizeof path, "%s/cgroup.subtree_control", folder);
    FILE *file = fopen(path, "re");
    if (file && fgets(line, sizeof line, file))
        for (char *rest = line, *word; !found && (word = strsep(&rest, " \n"));)
            found = strcmp(word, "memory") == 0;
    if (file)
        fclose(file);
    snprintf(path, sizeof path, "%s/cgroup.procs", folder);
    return found && access(path, W_OK) == 0;
}

static bool find_folder(const char *root, pid_t owner, char *folder, size_t size) {
    char above[PATH_MAX];
    if (!find_own(root, above, sizeof above))
        return false;
    if (!hands_down(above)) {
        char *slash = strrchr(above + strlen(root) + strlen("/sys/fs/cgroup"), '/');
        if (!slash || run_number_in(above, "memory.max") != UINT64_MAX || run_number_in(above, "cpu.max") != UINT64_MAX)
            return false;
        *slash = '\0';
        if (!hands_down(above))
            return false;
    }
    return snprintf(folder, size, "%s/dmap-%d", above, (int)owner) < (int)size;
}

static bool write_to(const char *folder, const char *name, const char *text) {
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    bool good = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);
    if (file >= 0)
        close(file);
    return good;
}

/* What the kernel has killed for want of memory. */
static uint64_t count_kills(const char *folder) {
    char path[PATH_MAX + 32], line[128];
    uint64_t kills = 0;
    snprintf(path, sizeof path, "%s/memory.events", folder);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "oom_kill %" SCNu64, &kills) == 1)
            break;
    if (file)
        fclose(file);
    return kills;
}

void run_memory_limit_open(run_memory_limit *limit, const char *root, pid_t owner) {
    char path[PATH_MAX + 32];
    *limit = (run_memory_limit){.processes = -1};
    if (!find_folder(root, owner, limit->folder, sizeof limit->folder) ||
        (mkdir(limit->folder, 0755) != 0 && errno != EEXIST))
        return;
    snprintf(path, sizeof path, "%s/cgroup.procs", limit->folder);
    limit->processes = open(path, O_WRONLY | O_CLOEXEC);
    if (limit->processes < 0)
        rmdir(limit->folder);
}

bool run_memory_limit_set(run_memory_limit *limit, uint64_t bytes) {
    char text[32];
    limit->is_set = false;
    if (limit->processes < 0 || bytes == 0)
        return false;
    snprintf(text, sizeof text, "%" PRIu64, bytes);
    write_to(limit->folder, "memory.oom.group",
             "1"); /* all of the job, not its largest process; older kernels lack it */
    limit->kills = count_kills(limit->folder);
    write_to(limit->folder, "memory.swap.max", "0"); /* else it would go there; it is not there without swap */
    limit->is_set = write_to(limit->folder, "memory.max", text);
    return limit->is_set;
}

bool run_memory_limit_was_passed(const run_memory_limit *limit) {
    return limit->is_set && count_kills(limit->folder) > limit->kills;
}

void run_memory_limit_close(run_memory_limit *limit) {
    if (limit->processes < 0)
        return;
    close(limit->processes);
    rmdir(limit->folder);
    limit->processes = -1;
}

void run_memory_limit_remove(const char *root, pid_t owner) {
    char folder[PATH_MAX];
    if (find_folder(root, owner, folder, sizeof folder))
        rmdir(folder);
}
