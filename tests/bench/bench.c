/* The benches: dmap beside what a user would pick instead, all in one run, on the same cores.
 *
 * USAGE    mpirun --bind-to none -n CORES bench [--quick|--tiny] [--repeats N] [--figure NAME]... [--system NAME]
 *          [--out FILE]: records go to stdout, or are added to the file; bench_report makes tables and plots of them
 * NOTES    suite.c says which figures there are. A time is the best of a few runs in a row, after one to warm up, from
 *          items in rank 0's memory to results there; all peers of a figure take turns within a repetition. Nothing is
 *          recorded of a figure in which any result was wrong. */
#include <cjson/cJSON.h>
#include <dmap/mpi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "metg.h"
#include "suite.h"

enum { MOST_NAMES = 16 };

typedef struct options {
    bench_length length;
    int repeats; /* 0: as the suite says */
    const char *out, *system;
    const char *figures[MOST_NAMES];
    int n_figures; /* 0: all */
} options;

/* ---- options ---- */

static bool read_value(options *o, const char *name, const char *value) {
    if (strcmp(name, "--out") == 0)
        o->out = value;
    else if (strcmp(name, "--system") == 0)
        o->system = value;
    else if (strcmp(name, "--figure") == 0 && o->n_figures < MOST_NAMES)
        o->figures[o->n_figures++] = value;
    else if (strcmp(name, "--repeats") == 0)
        return (o->repeats = atoi(value)) > 0 && o->repeats <= BENCH_MOST_REPEATS;
    else
        return false;
    return true;
}

static bool read_options(int argc, char **argv, options *o) {
    *o = (options){.length = BENCH_FULL};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            o->length = BENCH_QUICK;
        } else if (strcmp(argv[i], "--tiny") == 0) {
            o->length = BENCH_TINY;
        } else if (i + 1 < argc && read_value(o, argv[i], argv[i + 1])) {
            i++;
        } else {
            fprintf(stderr, "bench: bad argument: %s\n", argv[i]);
            return false;
        }
    }
    return true;
}

/* A name, or the beginning of several: "skew". */
static bool is_wanted(const options *o, const char *figure) {
    for (int i = 0; i < o->n_figures; i++)
        if (strncmp(figure, o->figures[i], strlen(o->figures[i])) == 0)
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

static bool describe(const bench_drive *drive, FILE *out) {
    char processor[200], mpi[MPI_MAX_LIBRARY_VERSION_STRING], text[512];
    int length = 0;
    double load[1];
    struct utsname system;
    find_processor(processor, sizeof processor);
    MPI_Get_library_version(mpi, &length);
    mpi[strcspn(mpi, ",\n")] = '\0';
    uname(&system);
    cJSON *record = cJSON_CreateObject(), *where = cJSON_AddObjectToObject(record, "machine");
    cJSON_AddStringToObject(where, "processor", processor);
    cJSON_AddNumberToObject(where, "cores_used", drive->cores);
    snprintf(text, sizeof text, "%s %s", system.sysname, system.release);
    cJSON_AddStringToObject(where, "system", text);
    if (getloadavg(load, 1) == 1)
        cJSON_AddNumberToObject(where, "load_before", load[0]);
    snprintf(text, sizeof text, "dmap %s, %.99s, gcc %s", DMAP_VERSION, mpi, __VERSION__);
    cJSON_AddStringToObject(where, "versions", text);
    cJSON_AddStringToObject(where, "binding",
                            "threads of OpenMP and ranks of MPI peers pinned a core each, by hand; workers pinned by "
                            "dmap; mpirun binds nothing; Python and commands unpinned on the same cores");
    char *line = cJSON_PrintUnformatted(record);
    bool done = line && fprintf(out, "%s\n", line) > 0;
    free(line);
    cJSON_Delete(record);
    return done;
}

/* ---- the suite ---- */

static void run_metg(bench_drive *drive, bench_figure *figure, int repeats, double until_s) {
    static bench_metg metg;
    metg = (bench_metg){.figure = *figure};
    bench_metg_init(drive, &metg);
    for (int r = 0; r < repeats && !drive->failed && (r == 0 || bench_now() < until_s); r++)
        bench_metg_repeat(drive, &metg, r);
    *figure = metg.figure;
}

static void run_figure(bench_drive *drive, bench_figure *figure, int repeats, double until_s) {
    bench_figure_init(figure);
    for (int r = 0; r < repeats && !drive->failed && (r == 0 || bench_now() < until_s); r++)
        bench_figure_repeat(drive, figure, r);
}

static bool run_suite(bench_drive *drive, const options *o, bench_plan *plan, FILE *out) {
    bool written = describe(drive, out);
    for (int i = 0; i < plan->n && written && !drive->failed; i++) {
        bench_figure *figure = &plan->figures[i];
        int repeats = o->repeats ? o->repeats : bench_plan_repeats(plan, figure);
        if (!is_wanted(o, figure->name))
            continue;
        double began = bench_now();
        figure->only = o->system;
        (bench_is_metg(figure) ? run_metg : run_figure)(drive, figure, repeats,
                                                        began + bench_plan_limit_s(plan, figure));
        fprintf(stderr, "bench: %s %.0f: %d repetitions in %.1f s\n", figure->name, figure->x, figure->repeats,
                bench_now() - began);
        written = drive->failed || bench_figure_record(figure, out);
    }
    if (!written)
        fputs("bench: the records cannot be written\n", stderr);
    return written && !drive->failed;
}

static int lead(const options *o) {
    bench_drive drive;
    bench_plan plan = {0};
    FILE *out = o->out ? fopen(o->out, "a") : stdout;
    bench_drive_init(&drive);
    bool done = out && bench_plan_init(&plan, o->length);
    if (!out)
        fprintf(stderr, "bench: cannot write %s\n", o->out);
    done = done && run_suite(&drive, o, &plan, out);
    bench_drive_fini(&drive);
    bench_plan_fini(&plan);
    return (!out || fclose(out) == 0) && done ? 0 : 1;
}

int main(int argc, char **argv) {
    int provided, rank, status = 0;
    options o;
    bench_pin_init();
    if (!bench_dmap_init() || dmap_prefork(&argc, &argv) != 0) {
        fprintf(stderr, "bench: %s\n", dmap_error(NULL));
        return 1;
    }
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
