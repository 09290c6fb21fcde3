/* The benches: dmap beside what a user would pick instead, all in one run, on the same cores.
 *
 * PURPOSE  null items a second (8 bytes in and out, in order), and METG(50%) (metg.h), for threads on one rank and for
 *          a rank a core.
 * USAGE    mpirun --bind-to none -n CORES bench [--quick] [--repeats N] [--tasks N] [--figure NAME]...
 *          [--system NAME] [--json FILE]
 * NOTES    A time is the best of `runs` in a row, after one to warm up, from items in rank 0's memory to results there;
 *          a figure is the median of the repetitions, with the least and the most. Ratios are taken within a
 *          repetition: how many times worse than dmap at the same place a system is. Nothing is printed if any result
 *          was wrong. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <dmap/dmap.h>

#include "metg.h"

enum { RUNS = 3, QUICK_REPEATS = 5, FULL_REPEATS = 11, QUICK_TASKS = 200000, FULL_TASKS = 1000000 };

/* Null items are so short that a run needs many for the clock. */
#define NULL_TASKS_BY 10

typedef struct options {
    int repeats;
    uint64_t tasks;
    const char *json;   /* NULL: none */
    const char *system; /* NULL: all */
    const char *figures[8];
    int n_figures; /* 0: all */
} options;

typedef struct suite {
    bench_figure nulls;
    bench_metg range, pair;
    bool with_nulls, with_range, with_pair;
} suite;

/* ---- options ---- */

static bool read_number(const char *text, uint64_t most, uint64_t *number) {
    char *end;
    unsigned long long n = strtoull(text, &end, 10);
    *number = n;
    return *text >= '0' && *text <= '9' && !*end && n >= 1 && n <= most;
}

static bool read_value(options *o, const char *name, const char *value) {
    uint64_t number = 0;
    if (strcmp(name, "--json") == 0)
        o->json = value;
    else if (strcmp(name, "--system") == 0)
        o->system = value;
    else if (strcmp(name, "--figure") == 0 && o->n_figures < 8)
        o->figures[o->n_figures++] = value;
    else if (strcmp(name, "--repeats") == 0 && read_number(value, BENCH_MOST_REPEATS, &number))
        o->repeats = (int)number;
    else if (strcmp(name, "--tasks") == 0 && read_number(value, 10 * FULL_TASKS, &number))
        o->tasks = number;
    else
        return false;
    return true;
}

static bool read_options(int argc, char **argv, options *o) {
    *o = (options){.repeats = FULL_REPEATS, .tasks = FULL_TASKS};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            o->repeats = QUICK_REPEATS;
            o->tasks = QUICK_TASKS;
        } else if (i + 1 >= argc || !read_value(o, argv[i], argv[i + 1])) {
            fprintf(stderr, "bench: bad argument: %s\n", argv[i]);
            return false;
        } else {
            i++;
        }
    }
    return true;
}

static bool is_wanted(const options *o, const char *figure) {
    for (int i = 0; i < o->n_figures; i++)
        if (strcmp(o->figures[i], figure) == 0)
            return true;
    return o->n_figures == 0;
}

/* ---- where it runs ---- */

static void find_processor(char *text, size_t size) {
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");
    snprintf(text, size, "unknown processor");
    while (file && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon)
            continue;
        snprintf(text, size, "%s", colon + 2);
        text[strcspn(text, "\n")] = '\0';
        break;
    }
    if (file)
        fclose(file);
}

/* One sentence a line, of text without quotes and backslashes. */
static void describe(const bench_drive *drive, const options *o, char *text, size_t size) {
    char processor[200], mpi[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
    struct utsname system;
    find_processor(processor, sizeof processor);
    MPI_Get_library_version(mpi, &length);
    mpi[strcspn(mpi, ",\n")] = '\0';
    uname(&system);
    snprintf(
        text, size,
        "%s, %d cores used; %s %s; dmap %s; %.99s; compiler %s; %d repetitions, each the best of %d runs; binding: "
        "threads close on cores, by hand; ranks unbound by mpirun, a core each for MPI peers, workers pinned by "
        "dmap",
        processor, drive->cores, system.sysname, system.release, DMAP_VERSION, mpi, __VERSION__, o->repeats, RUNS);
}

/* ---- the suite ---- */

static void open_suite(suite *s, const options *o, bench_drive *drive) {
    s->with_nulls = is_wanted(o, "null");
    s->with_range = is_wanted(o, "range");
    s->with_pair = is_wanted(o, "pair");
    s->nulls = (bench_figure){.name = "null items, 8 bytes in and out, in order",
                              .unit = "items/s",
                              .shape = BENCH_NULL,
                              .more_is_better = true};
    s->range = (bench_metg){
        .figure = {.name = "METG(50%), range: the index in, nothing out", .unit = "ns", .shape = BENCH_RANGE},
        .tasks = o->tasks};
    s->pair =
        (bench_metg){.figure = {.name = "METG(50%), 16 bytes in and out, in order", .unit = "ns", .shape = BENCH_PAIR},
                     .tasks = o->tasks};
    s->nulls.only = s->range.figure.only = s->pair.figure.only = o->system;
    if (s->with_nulls)
        bench_figure_init(&s->nulls);
    if (s->with_range)
        bench_metg_init(drive, &s->range);
    if (s->with_pair && !drive->failed)
        bench_metg_init(drive, &s->pair);
}

static void run_suite(suite *s, const options *o, bench_drive *drive) {
    for (int r = 0; r < o->repeats && !drive->failed; r++) {
        if (s->with_nulls)
            bench_null_repeat(drive, &s->nulls, r, o->tasks * NULL_TASKS_BY);
        if (s->with_range)
            bench_metg_repeat(drive, &s->range, r);
        if (s->with_pair)
            bench_metg_repeat(drive, &s->pair, r);
    }
}

static void list_figures(const suite *s, const bench_figure **figures) {
    if (s->with_nulls)
        *figures++ = &s->nulls;
    if (s->with_range)
        *figures++ = &s->range.figure;
    if (s->with_pair)
        *figures++ = &s->pair.figure;
    *figures = NULL;
}

static void print_peak(const bench_metg *metg) {
    bench_spread peak = bench_spread_of(metg->peak, metg->figure.repeats);
    printf("peak: %.3g GFLOP/s (%.3g .. %.3g)\n", peak.median / 1e9, peak.least / 1e9, peak.most / 1e9);
}

static void print_suite(const suite *s, const char *where) {
    const bench_figure *figures[4];
    list_figures(s, figures);
    printf("%s\n", where);
    for (int i = 0; figures[i]; i++) {
        bench_figure_print(figures[i], stdout);
        if (figures[i] == &s->range.figure)
            print_peak(&s->range);
        if (figures[i] == &s->pair.figure)
            print_peak(&s->pair);
    }
    printf(
        "\n* a manager works on no item: with half of the cores idle 50%% is out of reach, so only the others count\n");
}

static bool write_json(const suite *s, const char *where, const char *path) {
    const bench_figure *figures[4];
    FILE *out = fopen(path, "w");
    if (!out) {
        fprintf(stderr, "bench: cannot write %s\n", path);
        return false;
    }
    list_figures(s, figures);
    fprintf(out, "{\"where\": \"%s\", \"figures\": [\n", where);
    for (int i = 0; figures[i]; i++) {
        bench_figure_json(figures[i], out);
        fprintf(out, figures[i + 1] ? ",\n" : "\n");
    }
    fprintf(out, "]}\n");
    return fclose(out) == 0;
}

static int lead(const options *o) {
    static suite s;
    char where[1024];
    bench_drive drive;
    bool done = bench_drive_init(&drive, o->tasks * NULL_TASKS_BY, RUNS);
    if (done) {
        describe(&drive, o, where, sizeof where);
        open_suite(&s, o, &drive);
        run_suite(&s, o, &drive);
        done = !drive.failed;
    }
    bench_drive_fini(&drive);
    if (!done)
        return 1;
    print_suite(&s, where);
    return o->json && !write_json(&s, where, o->json) ? 1 : 0;
}

int main(int argc, char **argv) {
    int provided, rank, status = 0;
    options o;
    bench_pin_init();
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (!read_options(argc, argv, &o))
        status = 2;
    else if (rank == 0)
        status = lead(&o);
    else
        bench_drive_follow();
    MPI_Finalize();
    return status;
}
