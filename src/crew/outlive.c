/* pthread_exit ends a thread only once the clean-up handlers have run. A thread of the library's lives on in its
 * handler, as long as it has to: that is all that POSIX says of it. The program's own thread has to go on as if nothing
 * had been, so its handler does not return: glibc and musl call it when all frames below are gone, and what they leave
 * behind is that the thread cannot be cancelled (pthread_cancel) any more. */
#include "crew/outlive.h"

#include <pthread.h>
#include <setjmp.h>

#include "crew/exception.h"

typedef struct life {
    dmap__outliving *run;
    void *arg;
    bool again;
} life;

static void live(life *l);

static void live_on(void *arg) {
    life *l = arg;
    l->again = true;
    live(l);
}

static void live(life *l) {
    pthread_cleanup_push(live_on, l);
    l->run(l->arg, l->again);
    pthread_cleanup_pop(0);
}

void dmap__outlive(dmap__outliving *run, void *arg) {
    life l = {run, arg, false};
    live(&l);
}

/* A C++ exception passes. */
static void come_back(void *back) {
    if (!dmap__exception_is_thrown())
        longjmp(*(jmp_buf *)back, 1);
}

void dmap__outlive_own(dmap__outliving *run, void *arg) {
    jmp_buf back;
    volatile bool again = false;
    pthread_cleanup_push(come_back, &back);
    if (setjmp(back))
        again = true;
    run(arg, again);
    pthread_cleanup_pop(0);
}
