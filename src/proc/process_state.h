/* The insides of a process handle, for the files that open, start and end it. */
#ifndef DMAP_PROC_PROCESS_STATE_H
#define DMAP_PROC_PROCESS_STATE_H

#include <sys/types.h>

#include "proc/child.h"
#include "proc/process.h"

typedef enum dmap__process_state {
    DMAP__PROCESS_NEW,
    DMAP__PROCESS_STARTED, /* until its end has been taken note of */
    DMAP__PROCESS_ENDED
} dmap__process_state;

struct dmap_process {
    dmap__process_state state;
    dmap__child_kind kind;
    bool is_direct; /* forked by the program itself */
    bool is_daemon;
    bool is_stillborn; /* the last start failed after the fork */
    double start_timeout_s;
    dmap_process_fn *run; /* NULL for a command */
    char *name;
    int standard[3]; /* as in the options */
    int *given, n_given;
    int body;     /* process_body.h; until it is started */
    int pidfd;    /* from the start on */
    int report;   /* of the server's children: the exit code comes here */
    int lifeline; /* of direct daemons: the child and its group die when this is closed */
    pid_t pid;
    bool is_lost; /* it has ended, its exit code is not known */
    int code;     /* once it has ended */
};

/** Waits for its end; timeout_s as in dmap_process_join. Without a pidfd the fork server tells it, which may have been
 *  stopped, and is told to go on. Returns whether it has ended. */
bool dmap__process_wait(const dmap_process *process, double timeout_s);
/** Takes note of the end of a process whose pidfd is readable, and reaps it. Blocks: until its fork server has told. */
void dmap__process_collect(dmap_process *process);

#endif
