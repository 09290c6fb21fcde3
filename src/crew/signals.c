#include "crew/signals.h"

#include <string.h>

void dmap__signals_get(sigset_t *mask) {
    memset(mask, 0, sizeof *mask); /* sigemptyset leaves bits of which there is no signal as they were */
    pthread_sigmask(SIG_BLOCK, NULL, mask);
}

bool dmap__signals_equal(const sigset_t *a, const sigset_t *b) {
    return memcmp(a, b, sizeof *a) == 0;
}

void dmap__signals_set(const sigset_t *mask) {
    pthread_sigmask(SIG_SETMASK, mask, NULL);
}

void dmap__signals_rest(sigset_t *before) {
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPROF};
    sigset_t others;
    sigfillset(&others);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        sigdelset(&others, own[i]);
    pthread_sigmask(SIG_BLOCK, &others, before);
}
