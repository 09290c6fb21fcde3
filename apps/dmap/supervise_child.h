/* One try: a command that is run, heard and watched until it ends, is stopped by a signal, or hangs. */
#ifndef DMAP_APPS_SUPERVISE_CHILD_H
#define DMAP_APPS_SUPERVISE_CHILD_H

#include <stdbool.h>

typedef enum supervise_end {
    SUPERVISE_ENDED,      /* by itself */
    SUPERVISE_HUNG,       /* nothing came of it any more: it was killed */
    SUPERVISE_STOPPED,    /* this program was told to stop, and passed it on */
    SUPERVISE_UNHEARD,    /* what it says cannot be written: it was killed */
    SUPERVISE_NOT_STARTED /* there is no such command: the sentence has been printed */
} supervise_end;

typedef struct supervise_try {
    char **argv;
    const char *watched; /* a file that grows while it gets on */
    double patience_s;   /* it hangs when neither that nor its output has changed for so long */
    int signals;         /* a signalfd of SIGINT and SIGTERM, which are blocked */
    supervise_end end;   /* set from here on: */
    int status;          /* exit status; 128 and its number after a signal */
    int signal;          /* that this program got; 0: none */
} supervise_try;

/** Runs it. Its output goes to that of this program as it comes. */
void supervise_run(supervise_try *attempt);

/** Waits so long, or for a signal. Returns its number; 0: none came. */
int supervise_wait(int signals, double seconds);

#endif
