/* Looks through the processes above this one for a shell: under mpirun, that is the one that called mpirun. */
#include "run/command/shell.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_shell(const char *name) {
    static const char *const shells[] = {"bash", "dash", "sh",   "ash", "zsh", "ksh",  "ksh93",
                                         "mksh", "fish", "yash", "rc",  "csh", "tcsh", "busybox"};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(name, shells[i]) == 0)
            return true;
    return false;
}

/* The program of a process, and the process above it. */
static bool look_up(long pid, char program[PATH_MAX], long *parent) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/exe", pid);
    ssize_t n = readlink(path, program, PATH_MAX - 1);
    program[n > 0 ? n : 0] = '\0';
    snprintf(path, sizeof path, "/proc/%ld/status", pid);
    FILE *file = fopen(path, "re");
    char line[256];
    *parent = 0;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "PPid: %ld", parent) == 1)
            break;
    if (file)
        fclose(file);
    return n > 0;
}

char *run_shell(void) {
    const char *said = getenv("PARALLEL_SHELL");
    char program[PATH_MAX];
    long pid = getppid(), parent = 0;
    if (said && said[0])
        return strdup(said);
    for (; pid > 1 && look_up(pid, program, &parent); pid = parent) {
        const char *slash = strrchr(program, '/');
        if (is_shell(slash ? slash + 1 : program))
            return strdup(program);
    }
    said = getenv("SHELL");
    return strdup(said && said[0] ? said : "/bin/sh");
}
