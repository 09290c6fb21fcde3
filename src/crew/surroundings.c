/* A worker's process is forked from a server, or is a fresh copy of the program: what the program changed after that
 * was made would be lost. */
#include "crew/surroundings.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define UMASK_USUAL 022

/* Asking by umask() would change it, for all threads. */
static mode_t read_umask(void) {
    unsigned value = UMASK_USUAL;
    char line[256];
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Umask: %o", &value) == 1)
            break;
    if (file)
        fclose(file);
    return (mode_t)value;
}

void dmap__surroundings_get(dmap__surroundings *s, const sigset_t *mask) {
    struct sigaction action;
    sigemptyset(&s->mask);
    if (mask)
        s->mask = *mask;
    sigemptyset(&s->ignored);
    for (int number = 1; number < NSIG; number++)
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            sigaddset(&s->ignored, number);
    s->umask = read_umask();
    errno = 0;
    s->niceness = getpriority(PRIO_PROCESS, (id_t)getpid()); /* of the main thread: this one is a worker's */
    for (int i = 0; i < RLIMIT_NLIMITS; i++)
        if (getrlimit((__rlimit_resource_t)i, &s->limits[i]))
            s->limits[i] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
}

void dmap__surroundings_enter(const dmap__surroundings *s) {
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    for (int number = 1; number < NSIG; number++)
        if (sigismember(&s->ignored, number))
            sigaction(number, &ignore, NULL);
    umask(s->umask);
    setpriority(PRIO_PROCESS, 0, s->niceness);
    for (int i = 0; i < RLIMIT_NLIMITS; i++)
        setrlimit((__rlimit_resource_t)i, &s->limits[i]);
    pthread_sigmask(SIG_SETMASK, &s->mask, NULL);
}
