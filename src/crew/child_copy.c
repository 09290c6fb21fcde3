/* A fresh copy: before the exec, and after it. The two sides agree by one hidden variable, which holds the number of
 * the body's descriptor; ready is the one after it, then comes the lifeline, if there is one, on which the exec has no
 * effect; those before the body's, from 3, are the user's. The variable is gone before the function runs, so that no
 * child of the copy takes itself for another. A copy that finds the variable is a child for certain: if then anything
 * is missing it ends, rather than run the user's main a second time. */
#include "crew/child_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "crew/child.h"
#include "crew/forkserver_client.h"
#include "crew/process_code.h"

#define VARIABLE "DMAP_CHILD"

_Noreturn void dmap__child_copy(dmap__process_body *body, int place, int ready, char **program_argv) {
    char variable[40];
    size_t n = 0;
    snprintf(variable, sizeof variable, VARIABLE "=%d", place);
    while (body->environment[n])
        n++;
    body->environment[n] = variable;
    execve("/proc/self/exe", program_argv, body->environment);
    dmap__child_give_up(ready, DMAP__STEP_EXEC, errno);
}

static int find_place(void) {
    const char *text = getenv(VARIABLE);
    if (!text)
        return -1;
    long place = strtol(text, NULL, 10);
    return place < 3 || place > 3 + DMAP_FDS_MOST ? 3 : (int)place;
}

void dmap__child_enter(char **program_argv) {
    int place = find_place(), ready = place + 1;
    dmap__process_body body;
    if (place < 0)
        return;
    dmap__child_reset_signals();
    dmap__child_unblock_signals();
    unsetenv(VARIABLE);
    if (!dmap__process_body_read(place, &body))
        dmap__child_give_up(ready, DMAP__STEP_BODY, errno);
    dmap_process_fn *run = dmap__process_code_find(body.code);
    if (!run)
        dmap__child_give_up(ready, DMAP__STEP_FIND, 0);
    for (int fd = 3; fd < place; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (fcntl(ready + 1, F_GETSIG) == SIGKILL) /* the lifeline, and no other's */
        fcntl(ready + 1, F_SETFD, FD_CLOEXEC);
    prctl(PR_SET_NAME, body.name);
    dmap__forkserver_forget(program_argv);
    close(place);
    dmap__child_say_ready(ready);
    dmap__child_run(run, body.argument, body.argument_size, true);
}
