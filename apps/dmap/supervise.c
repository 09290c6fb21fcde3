/* dmap supervise: runs a command, and once more from its journal, until it ends well.
 *
 * A try that fails is followed by another as long as the tries get something done: two in a row that do not are the
 * end, unless hosts have gone in between. Before each other try those hosts are left out of mpirun's command line that
 * do not answer. MPI is not started here: the command starts it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#include <dmap/process.h>

#include "command.h"
#include "command_line.h"
#include "supervise_child.h"
#include "supervise_hosts.h"
#include "supervise_progress.h"

#define SSH         "ssh -o BatchMode=yes -o ConnectTimeout=10"
#define HELD_MOST_S 75.0 /* longer than a run keeps the lock of another host's process alive */
enum { EXIT_NOT_FOUND = 127, IDLE_TRIES = 2 };

typedef struct settings {
    const char *journal, *probe;
    int tries; /* 0: any number */
    double patience_s, pause_s;
    bool help;
} settings;

typedef struct supervisor {
    const settings *settings;
    supervise_hosts hosts;
    supervise_try attempt;
    uint64_t done; /* by the tries so far */
    int tries, idle_tries;
} supervisor;

static const command_option options[] = {
    {"--tries", "N", "runs, at most; default: as long as they get on", COMMAND_WHOLE, COMMAND_AT(settings, tries), 1,
     1000000},
    {"--patience", "S", "seconds without output or a write, after which it hangs", COMMAND_REAL,
     COMMAND_AT(settings, patience_s), 0.1, 1e7},
    {"--pause", "S", "seconds between two runs", COMMAND_REAL, COMMAND_AT(settings, pause_s), 0.01, 1e5},
    {"--journal", "FILE", "default: what follows --journal or --joblog", COMMAND_TEXT, COMMAND_AT(settings, journal)},
    {"--probe", "WORDS", "asks a host, with HOST true behind it; default: ssh", COMMAND_TEXT,
     COMMAND_AT(settings, probe)},
    {"--help", NULL, "print this", COMMAND_FLAG, COMMAND_AT(settings, help)}};

static int complain(const char *text) {
    fprintf(stderr, "dmap supervise: %s\n", text);
    return EXIT_BAD_USAGE;
}

static int print_help(const command_part *part) {
    printf("Runs a command, and once more from its journal, until it ends with 0.\n\n"
           "dmap supervise [OPTION...] -- mpirun ... PROGRAM ... --journal FILE ...\n");
    command_print_options(part, 1);
    return EXIT_SUCCESS;
}

/* ---- between two tries ---- */

static void say_end(const supervisor *s) {
    const supervise_try *t = &s->attempt;
    const char *why = t->end == SUPERVISE_HUNG ? "was ended" : "ended";
    fprintf(stderr, "dmap supervise: run %d %s with status %d; done so far, by %s: %llu\n", s->tries, why, t->status,
            t->watched, (unsigned long long)s->done);
}

/* What was killed may take a moment to be gone, and its lock with it. Returns false if a signal came. */
static bool wait_for_lock(supervisor *s) {
    double waited_s = 0;
    for (double held_s; waited_s < HELD_MOST_S && (held_s = supervise_progress_held_s(s->attempt.watched)) > 0;
         waited_s += held_s)
        if ((s->attempt.signal = supervise_wait(s->attempt.signals, held_s)) != 0)
            return false;
    return true;
}

/* Returns false, with a sentence printed, if there is no host left. */
static bool leave_out_hosts(supervisor *s) {
    supervise_hosts *h = &s->hosts;
    size_t before = supervise_hosts_out(h);
    if (!h->n)
        return true;
    if (!supervise_hosts_probe(h, s->settings->probe ? s->settings->probe : SSH))
        return false;
    size_t out = supervise_hosts_out(h);
    for (size_t i = 0; i < h->n; i++)
        if (h->hosts[i].is_out)
            fprintf(stderr, "dmap supervise: %s does not answer, and is left out\n", h->hosts[i].name);
    if (out != before)
        s->idle_tries = 0;
    if (out == h->n)
        fprintf(stderr, "dmap supervise: gives up: no host answers\n");
    return out < h->n && supervise_hosts_edit(h);
}

static bool may_try(supervisor *s) {
    uint64_t done = supervise_progress_done(s->attempt.watched);
    s->idle_tries = done > s->done ? 0 : s->idle_tries + 1;
    s->done = done;
    say_end(s);
    if (s->settings->tries && s->tries >= s->settings->tries) {
        fprintf(stderr, "dmap supervise: gives up after %d runs\n", s->tries);
        return false;
    }
    if (!leave_out_hosts(s))
        return false;
    if (s->idle_tries >= IDLE_TRIES)
        fprintf(stderr, "dmap supervise: gives up: %d runs in a row got nothing done\n", IDLE_TRIES);
    return s->idle_tries < IDLE_TRIES;
}

/* ---- the tries ---- */

static bool is_over(const supervisor *s) {
    const supervise_try *t = &s->attempt;
    bool was_stopped = t->end == SUPERVISE_ENDED && (t->status == 128 + SIGINT || t->status == 128 + SIGTERM);
    if (was_stopped) /* by another than this program */
        fprintf(stderr, "dmap supervise: run %d was stopped by a signal (status %d): it is not run again\n", s->tries,
                t->status);
    return was_stopped || t->end == SUPERVISE_STOPPED || (t->end == SUPERVISE_ENDED && t->status == 0);
}

static int end_status(const supervise_try *t) {
    return t->signal && t->status != 0 ? 128 + t->signal : t->status;
}

static int run_tries(supervisor *s) {
    supervise_try *t = &s->attempt;
    s->done = supervise_progress_done(t->watched);
    for (;;) {
        t->argv = s->hosts.argv ? s->hosts.argv : s->hosts.given;
        supervise_run(t);
        s->tries++;
        if (t->end == SUPERVISE_NOT_STARTED)
            return EXIT_NOT_FOUND;
        if (t->end == SUPERVISE_UNHEARD) {
            complain("standard output or error cannot be written");
            return EXIT_FAILURE;
        }
        if (is_over(s))
            return end_status(t);
        if (!wait_for_lock(s) || !may_try(s))
            return end_status(t);
        t->signal = supervise_wait(t->signals, s->settings->pause_s);
        if (t->signal)
            return end_status(t);
    }
}

static int supervise(const settings *o, char **command) {
    supervisor s = {.settings = o, .attempt = {.patience_s = o->patience_s}};
    sigset_t ends;
    const char *note;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
    s.attempt.watched = o->journal ? o->journal : supervise_progress_file(command);
    s.attempt.signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    if (!s.attempt.watched)
        return complain(
            "the command has no --journal FILE, so it would begin anew each time; --journal names its journal "
            "if it has one");
    int status = EXIT_FAILURE;
    if (s.attempt.signals < 0)
        perror("dmap supervise: signalfd");
    else if (!supervise_hosts_find(&s.hosts, command, &note))
        complain("there is no memory for the hosts' names");
    else {
        if (note && getenv("SLURM_JOB_NODELIST"))
            fprintf(stderr, "dmap supervise: hosts that do not answer are not left out: %s; Slurm knows which are up\n",
                    note);
        status = run_tries(&s);
    }
    supervise_hosts_free(&s.hosts);
    return status;
}

int supervise_command(int argc, char **argv) {
    settings o = {.patience_s = 1800, .pause_s = 2};
    command_part part = {options, sizeof options / sizeof options[0], &o};
    char error[512];
    if (dmap_prefork(&argc, &argv) != 0)
        return complain(dmap_error(NULL)), EXIT_FAILURE;
    if (getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMI_RANK"))
        return complain("it starts mpirun, and is not to be started by it");
    int first = command_parse(argc - 1, argv + 1, &part, 1, error, sizeof error);
    if (first < 0)
        return complain(error);
    if (o.help)
        return print_help(&part);
    if (first >= argc - 1)
        return complain("a command is needed: dmap supervise -- mpirun ... PROGRAM --journal FILE");
    return supervise(&o, argv + 1 + first);
}
