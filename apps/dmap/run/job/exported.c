/* GNU parallel's --env. "_" is all variables but those that `parallel --record-env` has noted in a clean shell, and
 * those that say something of one rank or one node: on another they would be wrong. */
#include "run/job/exported.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/job/inherited.h"

size_t run_exported_size(const char *exported) {
    const char *end = exported;
    while (*end)
        end += strlen(end) + 1;
    return (size_t)(end - exported) + 1;
}

bool run_exported_has(const char *exported, const char *variable) {
    size_t size = strcspn(variable, "=");
    for (; *exported; exported += strlen(exported) + 1)
        if (strncmp(exported, variable, size) == 0 && exported[size] == '=')
            return true;
    return false;
}

/* True if the variable has this name, or is the function of this name, as bash exports one. */
static bool has_name(const char *variable, const char *name) {
    static const char function[] = "BASH_FUNC_";
    size_t before = sizeof function - 1, length = strlen(name);
    if (strncmp(variable, name, length) == 0 && variable[length] == '=')
        return true;
    if (strncmp(variable, function, before) != 0 || strncmp(variable + before, name, length) != 0)
        return false;
    const char *end = variable + before + length;
    return strncmp(end, "%%=", 3) == 0 || strncmp(end, "()=", 3) == 0;
}

static bool is_all(const char *name) {
    return strcmp(name, "_") == 0;
}

static bool is_named(const run_options *o, const char *variable) {
    const run_text *names = &o->exported;
    for (const char *name = names->data; name && name < names->data + names->size; name += strlen(name) + 1)
        if (!is_all(name) && has_name(variable, name))
            return true;
    return false;
}

static bool wants_all(const run_options *o) {
    const run_text *names = &o->exported;
    for (const char *name = names->data; name && name < names->data + names->size; name += strlen(name) + 1)
        if (is_all(name))
            return true;
    return false;
}

static bool is_one_ranks(const char *variable) {
    static const char *const prefixes[] = {/* launchers and batch systems */
                                           "OMPI_", "OPAL_", "ORTE_", "PRTE_", "PMIX_", "PMI_", "PMI2_", "HYDRA_",
                                           "HYDI_", "MPI_LOCAL", "MPIR_", "MV2_COMM_WORLD_", "I_MPI_", "SLURM", "PBS_",
                                           /* devices of the node */
                                           "CUDA_VISIBLE_DEVICES=", "ROCR_VISIBLE_DEVICES=", "HIP_VISIBLE_DEVICES=",
                                           "GPU_DEVICE_ORDINAL=", "ZE_AFFINITY_MASK=",
                                           /* the process */
                                           "DMAP_", "HOSTNAME=", "PWD=", "OLDPWD=", "SHLVL=", "_="};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

/* Where GNU parallel notes the names: in the first of its folders that is there. */
static FILE *open_ignored(char path[PATH_MAX]) {
    static const struct {
        const char *variable, *folder;
    } places[] = {{"PARALLEL_HOME", ""}, {"XDG_CONFIG_HOME", "/parallel"}, {"HOME", "/.parallel"}};
    snprintf(path, PATH_MAX, "~/.parallel/ignored_vars");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const char *above = getenv(places[i].variable);
        if (!above || !*above)
            continue;
        snprintf(path, PATH_MAX, "%s%s", above, places[i].folder);
        bool is_there = access(path, F_OK) == 0;
        snprintf(path, PATH_MAX, "%s%s/ignored_vars", above, places[i].folder);
        if (is_there)
            break;
    }
    return fopen(path, "re");
}

/* Their names, a line each, behind a newline. */
static bool read_ignored(run_text *ignored, char *error, size_t size) {
    char path[PATH_MAX], block[4096];
    FILE *file = open_ignored(path);
    if (!file) {
        snprintf(error, size,
                 "--env _ needs the names of the variables that are left out, in %.200s: "
                 "parallel --record-env notes them in a clean shell",
                 path);
        return false;
    }
    run_text_add(ignored, "\n", 1);
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
        run_text_add(ignored, block, n);
    run_text_add(ignored, "\n", 1);
    bool good = !ferror(file) && !ignored->broken;
    if (!good)
        snprintf(error, size, "cannot read %.200s", path);
    fclose(file);
    return good;
}

static bool is_ignored(const run_text *ignored, const char *variable) {
    size_t length = strcspn(variable, "=");
    for (const char *line = ignored->data; line; line = strchr(line + 1, '\n'))
        if (strncmp(line + 1, variable, length) == 0 && line[1 + length] == '\n')
            return true;
    return false;
}

bool run_exported_gather(const run_options *o, run_text *exported, char *error, size_t size) {
    run_text ignored = {0};
    bool all = wants_all(o), good = !all || read_ignored(&ignored, error, size);
    for (char *const *next = run_inherited_variables(); good && *next; next++) {
        bool is_wanted = is_named(o, *next) || (all && !is_one_ranks(*next) && !is_ignored(&ignored, *next));
        if (is_wanted && !(o->tmpdir && has_name(*next, "TMPDIR"))) /* --tmpdir is known to all ranks */
            run_text_add(exported, *next, strlen(*next) + 1);
    }
    run_text_add(exported, "", 1);
    run_text_free(&ignored);
    if (good && exported->broken)
        snprintf(error, size, "out of memory");
    return good && !exported->broken;
}
