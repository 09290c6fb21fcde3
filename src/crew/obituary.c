/* The process that crashes says where it was, in its signal handler, while its image is still there: only it knows
 * where its code lies (a fresh copy of the program lies elsewhere than the rank). What is called there takes no memory
 * (backtrace is loaded beforehand), but may meet a lock that will never be free, or a stack that makes no sense; so an
 * alarm ends what takes too long, and a second crash ends the process at once: it is the first signal that counts. */
#include "crew/obituary.h"

#include <execinfo.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "crew/exception.h"
#include "crew/symbol.h"

#define SIGNAL_STACK ((size_t)64 * 1024)
#define FRAMES       16
#define SHOWN        4 /* frames that are named */
#define MOST_S       3 /* seconds for the trace */

static dmap__stage_head *stage_of_crash; /* this process's: a signal handler has no argument of ours */

/* Where the signal struck; 0 on machines that are not known here. */
static uintptr_t struck(const ucontext_t *context) {
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)context->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

/* The handler's own frames come first, and the one that the kernel made for the signal. */
static int first_of_crash(void *const *frames, int n, uintptr_t place) {
    for (int i = 0; i < n; i++)
        if ((uintptr_t)frames[i] == place)
            return i;
    return n > 2 ? 2 : 0;
}

/* After a call that does not return, the return address is the next function's: so names are those of the byte before,
 * but for the first frame, which nobody called. */
static void find_frame(void *frame, bool is_first, dmap__symbol *symbol) {
    dmap__symbol_find((uintptr_t)frame - !is_first, symbol);
    symbol->offset += !is_first;
}

static int find_function(void *const *frames, int first, int n, const char *name) {
    dmap__symbol symbol;
    for (int i = first + 1; i < n; i++) {
        find_frame(frames[i], false, &symbol);
        if (!strcmp(symbol.name, name))
            return i;
    }
    return -1;
}

/* How abort() works is of no interest, nor is how an exception comes to it. */
static int skip_abort(void *const *frames, int first, int n, bool has_thrown) {
    int thrower = has_thrown ? find_function(frames, first, n - 1, "__cxa_throw") : -1;
    int abort_at = find_function(frames, first, n < first + SHOWN ? n : first + SHOWN, "abort");
    return thrower >= 0 ? thrower + 1 : abort_at >= 0 ? abort_at : first;
}

static void name_frames(void *const *frames, int first, int n, int crash, char *text, size_t size) {
    size_t used = 0;
    for (int i = first; i < n && i < first + SHOWN && used < size; i++) {
        dmap__symbol symbol;
        find_frame(frames[i], i == crash, &symbol);
        int wrote = snprintf(text + used, size - used, "%s%s+0x%" PRIxPTR, i == first ? " in " : " < ", symbol.name,
                             symbol.offset);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
}

static void leave_trace(int number, siginfo_t *info, void *context) {
    void *frames[FRAMES];
    sigset_t alarms;
    (void)info;
    if (stage_of_crash->crash)
        raise(number);
    stage_of_crash->crash = number;
    signal(SIGALRM, SIG_DFL);
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
    alarm(MOST_S);
    int n = backtrace(frames, FRAMES), crash = first_of_crash(frames, n, struck(context)), first = crash;
    char *trace = stage_of_crash->trace, exception[256];
    size_t used = 0, size = sizeof stage_of_crash->trace;
    if (number == SIGABRT) {
        bool has_thrown = dmap__exception_write(exception, sizeof exception);
        first = skip_abort(frames, crash, n, has_thrown);
        if (has_thrown)
            used = (size_t)snprintf(trace, size, " for %s", exception);
    }
    name_frames(frames, first, n, crash, trace + used, size - used);
    raise(number); /* its default action by now: SA_RESETHAND */
}

void dmap__obituary_load(void) {
    static bool is_loaded;
    void *first;
    if (is_loaded)
        return;
    backtrace(&first, 1);
    dmap__exception_prepare();
    is_loaded = true;
}

/* One for signal handlers, if there is none yet: a sanitizer has its own. */
static void take_stack(void) {
    static _Alignas(16) unsigned char room[SIGNAL_STACK];
    const stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
    stack_t now;
    if (sigaltstack(NULL, &now) == 0 && (now.ss_flags & SS_DISABLE))
        sigaltstack(&stack, NULL);
}

void dmap__obituary_prepare(dmap__stage_head *head) {
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    stage_of_crash = head;
    dmap__obituary_load();
    take_stack();
    struct sigaction action = {.sa_sigaction = leave_trace,
                               .sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER)};
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigaction(crashes[i], &action, NULL);
}

void dmap__obituary_write(int *code, int pid, const dmap__stage_head *head, char *text, size_t size) {
    bool has_trace = *code < 0 && head->crash > 0 && head->crash < NSIG;
    if (has_trace)
        *code = -head->crash;
    const char *name = *code < 0 ? sigabbrev_np(-*code) : NULL;
    char number[16];
    snprintf(number, sizeof number, "%d", -*code);
    if (*code >= 0)
        snprintf(text, size, "exited with code %d (process %d)", *code, pid);
    else
        snprintf(text, size, "killed by %s%s%.*s (process %d)", name ? "SIG" : "signal ", name ? name : number,
                 has_trace ? (int)sizeof head->trace - 1 : 0, head->trace, pid);
}
