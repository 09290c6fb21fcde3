/* The handler says its line with one write, puts back what handled the signal before, and lets it strike again: an
 * instruction that failed fails again, a signal that was sent is sent anew. So whoever looks at the end (a debugger, a
 * core dump, the backtrace of MPI) sees it as if nothing had been between.
 *
 * A program with a handler of its own may live from such signals (paging, checks for null): its are left alone, and so
 * are a sanitizer's. The handlers of MPI libraries only print and end: these come second.
 *
 * What a worker runs hangs on its thread. A crash in another thread may be that of any item that runs just now: of a
 * few of them the line says so. Whether the thread is a task's is not known; a manager's is not, and in a process that
 * a task has forked there is no line. What a handler reads of other workers may change meanwhile, and so may the list
 * of watches: at worst, the line is not there. The handlers are the process's: hence the state here. */
#include "crew/crash.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crew/context.h"
#include "crew/exception.h"

#define STACK_SIZE ((size_t)64 * 1024)
#define TOLD_MS    1000
#define SHOWN      4 /* items that are named, of those that run */

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { N_CRASHES = sizeof crashes / sizeof *crashes };

static struct {
    pthread_mutex_t lock; /* of the rest, but in a handler */
    dmap__crash_watch *_Atomic first;
    pid_t process;
    bool is_ours[N_CRASHES];
    struct sigaction before[N_CRASHES];
    char host[65];
    _Atomic bool has_struck, has_told;
} watch = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- the line ---- */

static void write_place(const dmap_context *ctx, char *text, size_t size) {
    static const char *const functions[] = {"", "", "setup of ", "teardown of "};
    const char *task = ctx->call && ctx->call->task ? ctx->call->task->name : "";
    if (ctx->act == DMAP__ACT_ITEM)
        snprintf(text, size, "item %" PRIu64 " (attempt %d) of task \"%s\"", ctx->index, ctx->attempt, task);
    else if (ctx->act == DMAP__ACT_BATCH)
        snprintf(text, size, "item %" PRIu64 ", or one soon after it (attempt %d), of task \"%s\"", ctx->index,
                 ctx->attempt, task);
    else
        snprintf(text, size, "%stask \"%s\"", functions[ctx->act], task);
}

/* places: what ran; who: where, of the rank. */
static void tell(int number, const char *places, int rank, const char *who) {
    char line[2600], exception[400];
    const char *name = sigabbrev_np(number);
    bool has_thrown = number == SIGABRT && dmap__exception_write(exception, sizeof exception);
    int n = snprintf(line, sizeof line,
                     "dmap: %s: SIG%s%s%s on %s, rank %d, %s: this ends the rank; with DMAP_BACKEND=processes it costs "
                     "the item\n",
                     places, name ? name : "?", has_thrown ? " for " : "", has_thrown ? exception : "", watch.host,
                     rank, who);
    size_t size = n < (int)sizeof line ? (size_t)n : sizeof line - 1;
    line[size - 1] = '\n';
    if (write(STDERR_FILENO, line, size) < 0)
        return; /* there is nobody to tell */
}

static void tell_worker(int number, const dmap_context *ctx) {
    char place[400], who[32];
    write_place(ctx, place, sizeof place);
    snprintf(who, sizeof who, "worker %d", ctx->number);
    tell(number, place, ctx->crew->rank, who);
}

/* What all workers of a watch run: adds to `places`, which has `n`. Returns how many there are then. */
static int add_running(const dmap__crash_watch *workers, int n, char *places, size_t size, int *rank) {
    for (int i = 0; i < workers->workers; i++) {
        const dmap_context *ctx = workers->context_of(workers->arg, i);
        size_t used = strlen(places);
        if (!ctx || !atomic_load_explicit(&ctx->is_inside, memory_order_relaxed))
            continue;
        if (n > 0 && n < SHOWN)
            used += (size_t)snprintf(places + used, size - used, ", or ");
        if (n++ < SHOWN)
            write_place(ctx, places + used, size - used);
        *rank = ctx->crew->rank;
    }
    return n;
}

/* Says nothing if a manager's own function crashed, or nothing runs. */
static void tell_other(int number) {
    char places[SHOWN * 410 + 40] = "";
    int n = 0, rank = 0;
    for (const dmap__crash_watch *w = atomic_load(&watch.first); w; w = atomic_load(&w->next)) {
        if (pthread_equal(w->manager, pthread_self()))
            return;
        n = add_running(w, n, places, sizeof places, &rank);
    }
    size_t used = strlen(places);
    if (n > SHOWN)
        snprintf(places + used, sizeof places - used, ", or one of %d more", n - SHOWN);
    if (n)
        tell(number, places, rank,
             n > 1 ? "in a thread that one of them may have started" : "in a thread that it may have started");
}

/* Two workers crash at the same time: the second would end the process before the first has said its line. Bounded, as
 * this may be a crash of what says it. */
static void wait_until_told(void) {
    for (int i = 0; i < TOLD_MS && !atomic_load(&watch.has_told); i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void strike(int number, siginfo_t *info, void *context) {
    const dmap_context *ctx = dmap__worker_inside();
    (void)context;
    if (getpid() == watch.process && !atomic_exchange(&watch.has_struck, true)) {
        if (ctx)
            tell_worker(number, ctx);
        else
            tell_other(number);
        atomic_store(&watch.has_told, true);
    } else if (getpid() == watch.process) {
        wait_until_told();
    }
    for (int i = 0; i < N_CRASHES; i++)
        if (crashes[i] == number)
            sigaction(number, &watch.before[i], NULL);
    if (info->si_code <= 0) /* it was sent; else what caused it is done again */
        raise(number);
}

/* ---- whose handlers ---- */

static bool is_mpis(const struct sigaction *action) {
    static const char *const libraries[] = {"libopen-pal", "libmpi", "libucs"};
    Dl_info info;
    const void *handler = NULL;
    memcpy(&handler, &action->sa_sigaction, sizeof handler);
    if (!dladdr(handler, &info) || !info.dli_fname)
        return false;
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        if (strstr(info.dli_fname, libraries[i]))
            return true;
    return false;
}

static bool is_programs(const struct sigaction *action) {
    return action->sa_handler != SIG_DFL && !is_mpis(action);
}

static void take(int i) {
    struct sigaction ours = {.sa_sigaction = strike, .sa_flags = (int)(SA_SIGINFO | SA_ONSTACK)};
    sigemptyset(&ours.sa_mask);
    watch.is_ours[i] = sigaction(crashes[i], NULL, &watch.before[i]) == 0 && !is_programs(&watch.before[i]) &&
                       sigaction(crashes[i], &ours, NULL) == 0;
}

static void give_back(int i) {
    struct sigaction now;
    if (watch.is_ours[i] && sigaction(crashes[i], NULL, &now) == 0 && now.sa_sigaction == strike)
        sigaction(crashes[i], &watch.before[i], NULL);
    watch.is_ours[i] = false;
}

void dmap__crash_open(dmap__crash_watch *workers) {
    pthread_mutex_lock(&watch.lock);
    workers->manager = pthread_self();
    workers->next = atomic_load(&watch.first);
    bool is_first = !workers->next;
    atomic_store(&watch.first, workers);
    if (is_first) {
        dmap__exception_prepare();
        watch.process = getpid();
        atomic_store(&watch.has_struck, false);
        atomic_store(&watch.has_told, false);
        gethostname(watch.host, sizeof watch.host - 1);
        for (int i = 0; i < N_CRASHES; i++)
            take(i);
    }
    pthread_mutex_unlock(&watch.lock);
}

void dmap__crash_close(dmap__crash_watch *workers) {
    pthread_mutex_lock(&watch.lock);
    dmap__crash_watch *_Atomic *place = &watch.first;
    while (atomic_load(place) != workers)
        place = &atomic_load(place)->next;
    atomic_store(place, atomic_load(&workers->next));
    for (int i = 0; !atomic_load(&watch.first) && i < N_CRASHES; i++)
        give_back(i);
    pthread_mutex_unlock(&watch.lock);
}

/* ---- stacks ---- */

void *dmap__crash_stack(void) {
    stack_t now, stack = {.ss_size = STACK_SIZE};
    if (sigaltstack(NULL, &now) || !(now.ss_flags & SS_DISABLE))
        return NULL;
    stack.ss_sp = malloc(STACK_SIZE);
    if (stack.ss_sp && sigaltstack(&stack, NULL)) {
        free(stack.ss_sp);
        return NULL;
    }
    return stack.ss_sp;
}

void dmap__crash_stack_drop(void *stack) {
    stack_t now, none = {.ss_flags = SS_DISABLE};
    if (!stack)
        return;
    if (sigaltstack(NULL, &now) == 0 && now.ss_sp == stack)
        sigaltstack(&none, NULL);
    free(stack);
}
