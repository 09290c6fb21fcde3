/* Whole programs, timed from outside: what a program takes from its start to its end, how much memory dmap's master
 * takes at most, and how many commands a second `dmap run` gets through, beside what a user would pick instead.
 * usage: bench_commands [--quick|--tiny] [--figure NAME] [--out FILE]: rows go to stdout, or are added to the file
 *
 * The programs of a figure take turns, and begin with another one each time. One that is not installed is skipped, with
 * a word. */
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command_run.h"
#include "row.h"

enum { MOST_ENTRIES = 40, MOST_REPEATS = 11, LINE = 600 };

#define PYTHON "/usr/bin/python3"
#define HERE   BENCH_BINARY_DIR

/* What is said of a run. */
typedef enum kind { MILLISECONDS, MEGABYTES, COMMANDS_A_SECOND } kind;

typedef struct figure {
    const char *name, *title, *unit, *x_name;
    kind kind;
    int repeats, first, n; /* its entries */
} figure;

typedef struct entry {
    const char *where, *system, *role, *refused;
    double x;
    char line[LINE]; /* "": posix_spawn in a loop */
    double values[MOST_REPEATS];
} entry;

static struct {
    bool quick, tiny;
    const char *only, *path;
    int cores, commands;
    figure figures[3];
    int n_figures;
    entry entries[MOST_ENTRIES];
    int n_entries;
} plan;

/* ---- the list ---- */

static void begin(const char *name, const char *title, const char *unit, const char *x_name, kind what, int repeats) {
    plan.figures[plan.n_figures++] = (figure){.name = name,
                                              .title = title,
                                              .unit = unit,
                                              .x_name = x_name,
                                              .kind = what,
                                              .repeats = plan.tiny ? 1 : repeats,
                                              .first = plan.n_entries};
}

static entry *add(const char *where, const char *system, const char *role, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static entry *add(const char *where, const char *system, const char *role, const char *format, ...) {
    entry *e = &plan.entries[plan.n_entries++];
    va_list arguments;
    *e = (entry){.where = where, .system = system, .role = role};
    va_start(arguments, format);
    vsnprintf(e->line, sizeof e->line, format, arguments);
    va_end(arguments);
    plan.figures[plan.n_figures - 1].n++;
    return e;
}

/* The last entry, unless the command succeeds. */
static void needs(const char *command, const char *otherwise) {
    char line[LINE];
    snprintf(line, sizeof line, "%s >/dev/null 2>&1", command);
    if (!command_succeeds(line))
        plan.entries[plan.n_entries - 1].refused = otherwise;
}

static void list_programs(void) {
    begin("program", "a whole program, from its start to its end, of one item", "ms", NULL, MILLISECONDS,
          plan.quick ? 3 : 9);
    add("threads", "/bin/true", "limit", "/bin/true");
    add("threads", "dmap", "dmap", HERE "/bench_once 1");
    add("processes", "dmap", "dmap", "DMAP_BACKEND=processes " HERE "/bench_once 1");
    add("processes", "Python Pool", "peer", PYTHON " " BENCH_SOURCE_DIR "/peers.py imap open 1 1");
    needs(PYTHON " -c ''", "python3 is not installed");
    add("ranks", "MPI_Init, Barrier, Finalize", "peer", BENCH_LAUNCH " -n %d " HERE "/bench_once_mpi", plan.cores);
    add("ranks", "dmap", "dmap", "DMAP_WORKERS=1 " BENCH_LAUNCH " -n %d " HERE "/bench_once 1", plan.cores);
    add("ranks", "mpi4py.futures", "peer",
        BENCH_LAUNCH " -n %d " PYTHON " -m mpi4py.futures " BENCH_SOURCE_DIR "/peers.py futures-1 open 1 1",
        plan.cores);
    needs(PYTHON " -c 'import mpi4py.futures'", "python3-mpi4py is not installed");
}

static void list_memory(void) {
    double most = plan.tiny ? 1e4 : plan.quick ? 1e6 : 1e8;
    begin("memory", "peak memory of the master, ordered results of 8 bytes, the first item slow", "MB", "items",
          MEGABYTES, plan.quick ? 1 : 3);
    for (double n = 1e3; n <= most; n *= 10) {
        add("threads", "dmap", "dmap", HERE "/bench_once %.0f", n)->x = n;
        add("ranks", "dmap", "dmap", "DMAP_WORKERS=1 " BENCH_LAUNCH " -n %d " HERE "/bench_once %.0f", plan.cores, n)
            ->x = n;
    }
}

static void list_commands(void) {
    int n = plan.commands = plan.tiny ? 20 : plan.quick ? 500 : 5000;
    begin("commands", "commands a second: /bin/true", "commands/s", NULL, COMMANDS_A_SECOND, plan.quick ? 2 : 3);
    add("commands", "posix_spawn and wait", "limit", HERE "/bench_spawn %d %d /bin/true", plan.cores, n);
    add("commands", "xargs -P", "peer", "seq %d | xargs -P %d -n 1 /bin/true", n, plan.cores);
    needs("xargs --version", "findutils is not installed");
    add("commands", "GNU parallel", "peer", "seq %d | parallel --will-cite -j %d /bin/true", n, plan.cores);
    needs("parallel --version", "parallel is not installed");
    add("commands", "dmap run", "dmap", "seq %d | " BENCH_DMAP " run -j %d /bin/true", n, plan.cores);
    needs(BENCH_DMAP " run --help", "dmap run is not there yet");
}

/* ---- running ---- */

static double measure(const figure *f, const entry *e) {
    if (f->kind == MEGABYTES)
        return command_number(e->line) * 1024e-6;
    double seconds = command_seconds(e->line);
    return f->kind == MILLISECONDS ? seconds * 1e3 : plan.commands / seconds;
}

static bool write_rows(const figure *f, FILE *out) {
    bool done = true;
    for (int i = f->first; i < f->first + f->n && done; i++) {
        const entry *e = &plan.entries[i];
        bench_row row = {.figure = f->name,
                         .title = f->title,
                         .unit = f->unit,
                         .more_is_better = f->kind == COMMANDS_A_SECOND,
                         .x_name = f->x_name,
                         .x = e->x,
                         .where = e->where,
                         .system = e->system,
                         .role = e->role,
                         .items = f->kind == COMMANDS_A_SECOND ? (uint64_t)plan.commands : 1,
                         .values = e->values,
                         .n_values = f->repeats,
                         .refused = e->refused};
        if (f->kind == MEGABYTES)
            row.items = (uint64_t)e->x;
        done = bench_row_write(&row, out);
    }
    return done;
}

static bool run_figure(const figure *f, FILE *out) {
    if (plan.only && strncmp(f->name, plan.only, strlen(plan.only)) != 0)
        return true;
    for (int r = 0; r < f->repeats; r++)
        for (int i = 0; i < f->n; i++) {
            entry *e = &plan.entries[f->first + (i + r) % f->n];
            e->values[r] = e->refused ? NAN : measure(f, e);
            if (!e->refused && isnan(e->values[r])) {
                fprintf(stderr, "bench_commands: failed: %s\n", e->line);
                e->refused = "failed";
            }
        }
    return write_rows(f, out);
}

static bool read_options(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--quick") == 0)
            plan.quick = true;
        else if (strcmp(argv[i], "--tiny") == 0)
            plan.tiny = true;
        else if (strcmp(argv[i], "--figure") == 0 && i + 1 < argc)
            plan.only = argv[++i];
        else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc)
            plan.path = argv[++i];
        else
            return false;
    return true;
}

int main(int argc, char **argv) {
    cpu_set_t cores;
    if (!read_options(argc, argv)) {
        fputs("usage: bench_commands [--quick|--tiny] [--figure NAME] [--out FILE]\n", stderr);
        return 2;
    }
    FILE *out = plan.path ? fopen(plan.path, "a") : stdout;
    sched_getaffinity(0, sizeof cores, &cores);
    plan.cores = CPU_COUNT(&cores);
    list_programs();
    list_memory();
    list_commands();
    bool done = out != NULL;
    for (int i = 0; i < plan.n_figures && done; i++)
        done = run_figure(&plan.figures[i], out);
    if (!done)
        fputs("bench_commands: the rows cannot be written\n", stderr);
    return done && fclose(out) == 0 ? 0 : 1;
}
