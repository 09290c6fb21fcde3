/* One child process: a function or a command line, started, watched, joined. The layer below the process workers of a
 * pool, for programs that want a process of their own; it needs neither a pool nor MPI.
 *
 *     static int hello(void *argument, size_t size) { return printf("hello %.*s\n", (int)size, (char *)argument) < 0; }
 *
 *     int main(int argc, char **argv) {
 *         dmap_process *child;
 *         int code = 1;
 *         dmap_prefork(&argc, &argv);
 *         dmap_process_options what = {.run = hello, .argument = "world", .argument_size = 5, .daemon = true};
 *         if (dmap_process_open(&what, &child) != DMAP_OK || dmap_process_start(child) != DMAP_OK ||
 *             dmap_process_join(child, -1) != DMAP_OK || dmap_process_exit_code(child, &code) != DMAP_OK)
 *             fprintf(stderr, "%s\n", dmap_error(NULL));
 *         dmap_process_close(child);
 *         return code;
 *     }
 *
 * The fork server starts children. It is a small process that dmap_prefork (and so dmap_run) makes before MPI: what a
 * start costs does not depend on the memory of the program. A child has a process group of its own, default signal
 * handlers, an empty signal mask, and the program's directory. Its descriptors are 0, 1, 2, and those that it was
 * given; a daemon's function has one more, on which its life hangs. It must not call MPI. It may start children of its
 * own, in the same way.
 *
 * If a status is not DMAP_OK or DMAP_ETIMEOUT, dmap_error(NULL) has the sentence. Every function returns DMAP_EINVAL if
 * the process is NULL, or was closed, or belongs to the parent of this one.
 * Called by:  any thread, a process by one thread at a time; also in a child */
#ifndef DMAP_PROCESS_H
#define DMAP_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include <dmap/dmap.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dmap_process dmap_process;

/** What a child runs; `return n` and `exit(n)` end it with exit code n (of 0 to 255: the lowest 8 bits).
 *  argument: the child's own copy, aligned to 64 bytes, writable; NULL if size is 0
 *  At its end run the handlers that the child itself gave to atexit; those that the program had given are the
 *  program's, and do not. Then standard output and error are flushed; of other streams, with DMAP_FORK, what was not
 *  flushed is lost. The processes of DMAP_PROCESSES end in the same way, unless they are killed: what a task's setup
 *  gives to atexit runs after all teardowns. Counters of gcov (--coverage) are written, too, if the program is linked
 *  with -Wl,-u,__gcov_dump,-u,__gcov_reset */
typedef int dmap_process_fn(void *argument, size_t size);

enum {
    DMAP_FD_DEFAULT = 0,  /* standard input: none (/dev/null); standard output and error: the program's */
    DMAP_FD_INHERIT = -1, /* the program's */
    DMAP_FD_NONE = -2,    /* /dev/null */
    DMAP_FDS_MOST = 200   /* descriptors that a child can be given */
};

/** What to start, and how. Zero means default in every field but run and argv, of which one is needed. */
typedef struct dmap_process_options {
    dmap_process_fn *run;    /* the function. In the program since dmap_prefork (not in a library loaded later) */
    const void *argument;    /* copied to the child: */
    size_t argument_size;    /* bytes */
    const char *const *argv; /* or the command line, ended by NULL; argv[0] is looked for in PATH */
    const char *name;        /* for sentences, and of a function for ps (15 bytes); default: argv[0], or "function" */
    dmap_start start;        /* of a function. DMAP_FORKSERVER (default): from the memory the program had when
                                dmap_prefork was called. DMAP_FORK: from the memory it has now. DMAP_SPAWN: a fresh
                                copy of the program, which enters at dmap_prefork: run must be registered by
                                DMAP_PROCESS */
    bool daemon;             /* true: it ends (by SIGKILL, with its group) when the process that started it ends,
                                however that ends. Its group ends with it. If the fork server was killed, a command
                                ends alone. False: it may outlive the process that started it */
    double start_timeout_s;  /* for it to run, else it is killed and dmap_process_start fails; 0: 30 */
    const char *const *environment; /* "NAME=value", ended by NULL; default: the program's, without what a launcher
                                       (mpirun, srun) told this rank */
    int input, output, error;       /* descriptors 0, 1, 2 of the child: an open one of this process, 1 or more, or
                                       DMAP_FD_ */
    const int *fds;                 /* open descriptors of this process: 3, 4, … of the child, in this order */
    int n_fds;                      /* 0 to DMAP_FDS_MOST */
} dmap_process_options;

/** Makes a process, not started.
 *  options:  copied, the environment too; the descriptors must stay open until dmap_process_start has returned
 *  process:  untouched on failure
 *  Returns:  DMAP_OK, DMAP_EINVAL (no or two things to run, a bad field, a variable without a name or '=', a function
 *            for DMAP_SPAWN that is not registered), DMAP_ENOMEM, DMAP_EIO (no descriptor left) */
DMAP_API dmap_status dmap_process_open(const dmap_process_options *options, dmap_process **process);

/** Starts it. It may be started again only after a failure.
 *  Returns:  DMAP_OK: the function is about to run, the command is running; DMAP_EINVAL (started before; no
 *            dmap_prefork, a bad descriptor); DMAP_EIO (the command, or the fresh copy, could not be run, or
 *            ended before its function began: the sentence says why); DMAP_ETIMEOUT (not within start_timeout_s: it was
 *            killed); DMAP_ELOST (the fork server was killed, or gave no answer in that time); DMAP_ENOMEM;
 *            DMAP_EUNSUPPORTED
 *  Blocks:   until it runs */
DMAP_API dmap_status dmap_process_start(dmap_process *process);

/** Waits for its end. Any number of times.
 *  timeout_s:  < 0: no limit; 0: only looks. If the fork server was stopped, it is told to go on, and waited for up to
 *              a second
 *  Returns:    DMAP_OK: it has ended, and has been reaped; DMAP_ETIMEOUT; DMAP_EINVAL (not started); DMAP_ELOST: it has
 *              ended, but its exit code is lost, with the fork server (or with a wait() of the program's own) */
DMAP_API dmap_status dmap_process_join(dmap_process *process, double timeout_s);

/** True while it runs. */
DMAP_API bool dmap_process_is_alive(const dmap_process *process);

/** How it ended.
 *  code:     n after exit(n), -s if signal s killed it; untouched on failure
 *  Returns:  DMAP_OK; DMAP_EINVAL (not started, or still running); DMAP_ELOST, as dmap_process_join. Never blocks */
DMAP_API dmap_status dmap_process_exit_code(dmap_process *process, int *code);

/** Asks it to end (SIGTERM), or ends it and its whole group (SIGKILL). Once it has ended this has no effect: what a
 *  command that is no daemon has left behind in its group is not touched.
 *  Returns:  DMAP_OK; DMAP_EINVAL (not started); DMAP_EIO (no right to: it has become another user's). Never blocks */
DMAP_API dmap_status dmap_process_terminate(dmap_process *process);
DMAP_API dmap_status dmap_process_kill(dmap_process *process);

/** Its name, valid until dmap_process_close; NULL if it is not open. */
DMAP_API const char *dmap_process_name(const dmap_process *process);
/** Its process id, also that of its group; -1 if it was not started. */
DMAP_API int dmap_process_pid(const dmap_process *process);
/** A descriptor that is readable from its end on, for poll, epoll and the like; nothing is to be read from it. It is
 *  the process's own until dmap_process_close; -1 if it was not started. */
DMAP_API int dmap_process_fd(const dmap_process *process);

/** Gives the handle back.
 *  process:  may be NULL; after the call it is refused by every function
 *  Returns:  DMAP_OK; DMAP_EINVAL if it still runs (nothing is done). Never blocks */
DMAP_API dmap_status dmap_process_close(dmap_process *process);

/** Registers function, by the name of symbol, in every process of the program, for DMAP_SPAWN:
 *  DMAP_PROCESS(hello, hello_fn); at file scope. */
#define DMAP_PROCESS(symbol, function)                                                                                 \
    __attribute__((constructor)) static void dmap_process_register_##symbol(void) {                                    \
        dmap_process_register(#symbol, function);                                                                      \
    }                                                                                                                  \
    struct dmap_process

/** What DMAP_PROCESS calls. A mistake (two functions of one name) is reported by dmap_process_open.
 *  name:     borrowed for ever
 *  Threads:  one at a time; before main */
DMAP_API void dmap_process_register(const char *name, dmap_process_fn *function);

#ifdef __cplusplus
}
#endif
#endif
