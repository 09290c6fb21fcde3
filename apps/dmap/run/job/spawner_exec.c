/* Starting one command: vfork and exec, so that what it costs is what exec costs.
 *
 * Between the two the child runs in the spawner's memory: it calls the kernel only, and execvpe, which needs none of
 * the heap. A command that needs no shell is run as it is; one that cannot be run so goes to the shell, whose words and
 * exit status (127, 126) are what users know. Where a command is found in PATH is remembered, as a shell does: most
 * runs have one. */
#include "run/job/spawner_child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SCRIPT_FD = 9,            /* of a command line that is too long for one argument, or the next that is free */
    LONG_COMMAND = 128 * 1024 /* the kernel's bound on one argument */
};

struct spawner_exec {
    spawner_environment *environment;
    char *const *variables;       /* of the job that is started, */
    char *own[SPAWNER_VARIABLES]; /* of them those of its own, */
    run_cpus cpus;                /* what it is bound to, */
    int processes;                /* of the cgroup that it enters; -1: none */
    bool is_bound;                /* or it is bound as the spawner is */
    char *shell[4];
    const char **args; /* grown as needed */
    int args_room;
    int nothing;                                                            /* /dev/null */
    int n_inherited, inherited[SPAWNER_INHERITED], kept[SPAWNER_INHERITED]; /* the number in jobs, and the one here */
    int script_fd;                                                          /* none of these */
    struct rlimit files; /* of jobs; rlim_max is 0 if it is as it is */
    sigset_t no_signals;
    char path[PATH_MAX];
    char name[NAME_MAX + 1]; /* looked for in PATH last, */
    char found[PATH_MAX];    /* and where it is; "": nowhere */
};

/* Moves the descriptors that jobs inherit out of the way of their own numbers. One that is beyond the limit on open
 * files cannot be had by a job: it goes without. */
static void take_inherited(spawner_exec *exec, const spawner_birth *birth) {
    struct rlimit files = {.rlim_cur = INT_MAX};
    int above = SPAWNER_GIVEN + birth->n_inherited, n = 0;
    getrlimit(RLIMIT_NOFILE, &files);
    for (int i = 0; i < birth->n_inherited; i++)
        if (birth->inherited[i] >= above && (rlim_t)birth->inherited[i] < files.rlim_cur)
            above = birth->inherited[i] + 1;
    for (int i = 0; i < birth->n_inherited; i++) {
        exec->inherited[n] = birth->inherited[i];
        exec->kept[n] = fcntl(SPAWNER_GIVEN + i, F_DUPFD_CLOEXEC, above);
        n += exec->kept[n] >= 0;
    }
    exec->n_inherited = n;
    for (int i = 0; i < birth->n_inherited; i++)
        close(SPAWNER_GIVEN + i);
    exec->script_fd = SCRIPT_FD;
    for (int i = 0; i < n;)
        if (exec->inherited[i++] == exec->script_fd) {
            exec->script_fd++;
            i = 0;
        }
    if (birth->soft_files) {
        exec->files = files;
        exec->files.rlim_cur = birth->soft_files;
    }
}

/* The spawner ends with the run, so what is made here lives as long as the process. */
spawner_exec *spawner_exec_create(const spawner_birth *birth) {
    spawner_exec *exec = calloc(1, sizeof *exec);
    if (!exec || !(exec->environment = spawner_environment_create(birth)))
        return NULL;
    take_inherited(exec, birth);
    exec->processes = -1;
    exec->nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool here = birth->shell[0] && access(birth->shell, X_OK) == 0;
    exec->shell[0] = strdup(here ? birth->shell : "/bin/sh");
    exec->shell[1] = strdup("-c");
    sigemptyset(&exec->no_signals);
    return exec->nothing >= 0 && exec->shell[0] && exec->shell[1] ? exec : NULL;
}

void spawner_exec_enter(spawner_exec *exec, int processes) {
    exec->processes = processes;
}

static bool is_program(const char *path) {
    struct stat info;
    return access(path, X_OK) == 0 && stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* Notes where the command is. What is not found here (a path, a name too long) execvpe looks for. */
static void look_up(spawner_exec *exec, const char *name) {
    const char *folder = getenv("PATH");
    size_t length = strlen(name);
    if (strcmp(name, exec->name) == 0)
        return;
    exec->name[0] = exec->found[0] = '\0';
    if (!folder || length == 0 || length > NAME_MAX || strchr(name, '/'))
        return;
    memcpy(exec->name, name, length + 1);
    while (*folder) {
        size_t n = strcspn(folder, ":");
        if (n && n + length + 2 <= sizeof exec->found) {
            snprintf(exec->found, sizeof exec->found, "%.*s/%s", (int)n, folder, name);
            if (is_program(exec->found))
                return;
        }
        folder += n + (folder[n] == ':');
    }
    exec->found[0] = '\0';
}

/* The child's half: does not return. */
static _Noreturn void become(const spawner_exec *exec, const int fds[3], int script, pid_t parent, bool direct,
                             volatile int *error) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    dup2(fds[2] >= 0 ? fds[2] : exec->nothing, 0);
    dup2(fds[0], 1);
    dup2(fds[1], 2);
    for (int i = 0; i < exec->n_inherited; i++)
        dup2(exec->kept[i], exec->inherited[i]);
    if (script >= 0)
        dup2(script, exec->script_fd);
    if (exec->processes >= 0 && write(exec->processes, "0", 1) < 0) {
        /* It is not let in: then it runs without the limit. */
    }
    if (exec->is_bound)
        sched_setaffinity(0, sizeof exec->cpus, (const cpu_set_t *)(const void *)&exec->cpus);
    if (exec->files.rlim_max)
        setrlimit(RLIMIT_NOFILE, &exec->files);
    sigprocmask(SIG_SETMASK, &exec->no_signals, NULL);
    if (direct && exec->found[0])
        execve(exec->found, (char *const *)exec->args, exec->variables);
    if (direct)
        execvpe(exec->args[0], (char *const *)exec->args, exec->variables);
    execve(exec->shell[0], exec->shell, exec->variables);
    *error = errno;
    _exit(127);
}

static pid_t fork_and_exec(const spawner_exec *exec, const int fds[3], int script, bool direct) {
    volatile int error = 0;
    pid_t parent = getpid(), pid = vfork();
    if (pid == 0)
        become(exec, fds, script, parent, direct, &error);
    if (pid > 0 && error) {
        errno = error;
        return -1;
    }
    return pid;
}

/* Points args at the strings; returns what follows them, NULL if memory is out. */
static char *point(spawner_exec *exec, char *strings, int n_args) {
    if (n_args >= exec->args_room) {
        const char **more = realloc(exec->args, ((size_t)n_args + 16) * sizeof *more);
        if (!more)
            return NULL;
        exec->args = more;
        exec->args_room = n_args + 16;
    }
    for (int i = 0; i < n_args; i++) {
        exec->args[i] = strings;
        strings += strlen(strings) + 1;
    }
    exec->args[n_args] = NULL;
    return strings;
}

/* What the job has of its own, and what it is bound to; returns what follows that. */
static char *take_variables(spawner_exec *exec, const spawner_request *request, char *strings) {
    static const char cpus[] = "DMAP_CPUS=";
    exec->is_bound = false;
    for (int i = 0; i < request->n_variables; i++) {
        exec->own[i] = strings;
        if (strncmp(strings, cpus, sizeof cpus - 1) == 0)
            exec->is_bound = run_cpus_read(strings + sizeof cpus - 1, &exec->cpus);
        strings += strlen(strings) + 1;
    }
    exec->variables = spawner_environment_of(exec->environment, request->seq, exec->own, request->n_variables);
    return strings;
}

/* A command line that one argument cannot hold is a file to the shell. Returns -1 with errno. */
static int write_script(const char *command) {
    int script = memfd_create("command", MFD_CLOEXEC);
    for (size_t left = strlen(command); script >= 0 && left > 0;) {
        ssize_t n = write(script, command, left);
        if (n < 0) {
            close(script);
            return -1;
        }
        command += n;
        left -= (size_t)n;
    }
    return script;
}

pid_t spawner_exec_start(spawner_exec *exec, const spawner_request *request, char *strings, const int fds[3]) {
    int script = -1, n_args = request->n_args;
    char *command = point(exec, take_variables(exec, request, strings), n_args);
    if (!command)
        return -1;
    if (strlen(command) >= LONG_COMMAND) { /* what one word of it is too long for, the shell says */
        script = write_script(command);
        if (script < 0)
            return -1;
        snprintf(exec->path, sizeof exec->path, "/proc/self/fd/%d", exec->script_fd);
        exec->shell[2] = NULL;
        char *save = exec->shell[1];
        exec->shell[1] = exec->path;
        pid_t pid = fork_and_exec(exec, fds, script, false);
        exec->shell[1] = save;
        close(script);
        return pid;
    }
    exec->shell[2] = command;
    if (n_args > 0)
        look_up(exec, exec->args[0]);
    return fork_and_exec(exec, fds, script, n_args > 0);
}
