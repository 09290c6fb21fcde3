/* What was aimed at, what was measured, and whether that meets it. A row that was not measured decides nothing. */
#include <math.h>
#include <string.h>

#include "report.h"

typedef enum kind {
    AT_MOST,  /* the value, or its ratio to the other row's */
    AT_LEAST, /* the same */
    SKEWED,   /* the worst of all skewed figures with items over 100 times METG(50%) */
} kind;

typedef struct aim {
    const char *text;
    kind kind;
    double bound;
    const char *unit; /* of the value; "x": a ratio; "%": a ratio in percent, of SKEWED the value */
    const char *figure, *where, *system;
    const char *by_where, *by_system; /* NULL: the value itself counts */
    double x, by_x;                   /* 0: the figure has none */
} aim;

#define MIB 1048576.0
#define D   "dmap"
#define S   "Scatterv+Gatherv"
#define G   "gather"
#define ONE "bare loop, one copy"

#define VALUE(what, is, limit, name, row, place, at)                                                                   \
    { .text = what, .kind = is, .bound = limit, .unit = name, .figure = row, .where = place, .system = D, .x = at }
#define RATIO(what, is, limit, name, row, place, one, by_place, other, at, by_at)                                      \
    {                                                                                                                  \
        .text = what, .kind = is, .bound = limit, .unit = name, .figure = row, .where = place, .system = one,          \
        .by_where = by_place, .by_system = other, .x = at, .by_x = by_at                                               \
    }

#define FORM(what, is, limit, name, row, place, one)                                                                   \
    { .text = what, .kind = is, .bound = limit, .unit = name, .figure = row, .where = place, .system = one }

static const aim aims[] = {
    VALUE("METG(50%), range, threads, one rank", AT_MOST, 10, "ns", "metg-range", "threads", 0),
    RATIO("METG(50%), range, processes by threads", AT_MOST, 2, "x", "metg-range", "processes", D, "threads", D, 0, 0),
    VALUE("METG(50%), 16 B in and out, ordered, ranks", AT_MOST, 40, "ns", "metg-pair", "ranks", 0),
    RATIO("null items by Scatterv+Gatherv", AT_LEAST, 1 / 3.0, "x", "null", "ranks", D, "ranks", S, 0, 0),
    RATIO("null items by OpenMP dynamic,1", AT_LEAST, 1, "x", "null", "threads", D, "threads", "OpenMP dynamic,1", 0,
          0),
    RATIO("null items by mpi4py.futures, chunk 1", AT_LEAST, 100, "x", "null", "ranks", D, "ranks", "mpi4py.futures, 1",
          0, 0),
    RATIO("null items by manager/worker, 1", AT_LEAST, 10, "x", "null", "ranks", D, "ranks", "manager/worker, 1", 0, 0),
    RATIO("null items, processes, by Python Pool.imap, 1", AT_LEAST, 1, "x", "null", "processes", D, "processes",
          "Python Pool.imap, 1", 0, 0),
    RATIO("null items, processes, by Python Pool.map", AT_LEAST, 1, "x", "null", "processes", D, "processes",
          "Python Pool.map", 0, 0),
    RATIO("uniform heavy items by OpenMP static", AT_LEAST, 99, "%", "heavy", "threads", D, "threads", "OpenMP static",
          0, 0),
    RATIO("uniform heavy items by Scatterv+Gatherv", AT_LEAST, 99, "%", "heavy", "ranks", D, "ranks", S, 0, 0),
    RATIO("ordered gather, 1 MiB, threads, by one copy", AT_LEAST, 90, "%", G, "threads", D, "threads", ONE, MIB, MIB),
    RATIO("ordered gather, 1 MiB, processes, by one copy", AT_LEAST, 90, "%", G, "processes", D, "threads", ONE, MIB,
          MIB),
    RATIO("ordered gather, 1 MiB, ranks, by one copy", AT_LEAST, 90, "%", G, "ranks", D, "threads", ONE, MIB, MIB),
    VALUE("skewed work over 100 x METG, threads, worst", SKEWED, 98, "%", "metg-pair", "threads", 0),
    VALUE("skewed work over 100 x METG, processes, worst", SKEWED, 98, "%", "metg-pair", "processes", 0),
    VALUE("skewed work over 100 x METG, ranks, worst", SKEWED, 98, "%", "metg-pair", "ranks", 0),
    RATIO("one core at half speed, ranks, by ideal split", AT_LEAST, 97, "%", "half", "ranks", D, "threads",
          "ideal split", 0, 0),
    VALUE("first result beyond its item, threads", AT_MOST, 20, "us", "first", "threads", 0),
    VALUE("first result beyond its item, processes", AT_MOST, 20, "us", "first", "processes", 0),
    VALUE("first result beyond its item, ranks", AT_MOST, 20, "us", "first", "ranks", 0),
    FORM("submitted null item, threads, a core to spare", AT_MOST, 3, "us", "flight-one", "threads",
         "dmap, a core to spare"),
    FORM("submitted null item, ranks, spinning", AT_MOST, 10, "us", "flight-one", "ranks",
         "dmap, the master does not work"),
    FORM("submitted null item, threads, asleep", AT_MOST, 15, "us", "flight-asleep", "threads",
         "dmap, a core to spare"),
    VALUE("submitted null items in flight, threads", AT_LEAST, 2e6, "/s", "flight-many", "threads", 0),
    VALUE("submitted null items in flight, ranks", AT_LEAST, 1e6, "/s", "flight-many", "ranks", 0),
    RATIO("run_batch over doubles by the bare loop", AT_LEAST, 95, "%", "batch", "threads", D, "threads", "bare loop",
          0, 0),
    VALUE("simulated, 4,096 ranks, 10 ms: efficiency", AT_LEAST, 95, "%", "simulated", "ranks", 4096),
    VALUE("simulated, 4,096 ranks, 10 ms: master busy", AT_MOST, 50, "%", "simulated-busy", "ranks", 4096),
    RATIO("start of a child with 2 GB by one with 10 MB", AT_MOST, 1.5, "x", "start", "processes",
          "dmap process, forkserver", "processes", "dmap process, forkserver", 2048, 10),
    RATIO("replacement of a child, 2 GB by 10 MB", AT_MOST, 1.5, "x", "crash", "processes", "dmap, SIGKILL",
          "processes", "dmap, SIGKILL", 2048, 10),
    RATIO("CPU of a lone item, threads, 8 workers by 1", AT_MOST, 1.5, "x", "wake", "threads", D, "threads", D, 8, 1),
    RATIO("CPU of a lone item, threads, 64 workers by 1", AT_MOST, 1.5, "x", "wake", "threads", D, "threads", D, 64, 1),
    RATIO("CPU of a lone item, processes, 8 workers by 1", AT_MOST, 1.5, "x", "wake", "processes", D, "processes", D, 8,
          1),
    RATIO("CPU of a lone item, processes, 64 workers by 1", AT_MOST, 1.5, "x", "wake", "processes", D, "processes", D,
          64, 1),
    RATIO("messages of 8 B by a pipe", AT_LEAST, 10, "x", "channel-small", "processes", D, "processes", "pipe", 0, 0),
    RATIO("messages of 1 MiB by a pipe", AT_LEAST, 1, "x", "channel-large", "processes", D, "processes", "pipe", 0, 0),
    RATIO("message there and back by a futex", AT_MOST, 2, "x", "channel-latency", "processes", D, "processes", "futex",
          0, 0),
    VALUE("1 ms items: what a journal adds", AT_MOST, 2, "%", "journal-cost", "threads", 0),
    VALUE("results of 8 B with a journal", AT_LEAST, 1e6, "/s", "journal-small", "threads", 0),
    RATIO("journal of 64 KiB results by one stream", AT_LEAST, 80, "%", "journal-large", "threads", D, "threads",
          "one stream to the disk", 0, 0),
    RATIO("commands/s by posix_spawn and wait", AT_LEAST, 90, "%", "commands", "commands", "dmap run", "commands",
          "posix_spawn and wait", 0, 0),
    RATIO("commands/s by GNU parallel", AT_LEAST, 10, "x", "commands", "commands", "dmap run", "commands",
          "GNU parallel", 0, 0),
};
enum { N_AIMS = sizeof aims / sizeof aims[0] };

static double x_of(double x) {
    return x > 0 ? x : NAN;
}

/* Lengths of items are in us, METG in ns. */
static double worst_of_skewed(const report *r, const aim *a) {
    const report_row *metg = report_find(r, a->figure, NAN, a->where, a->system);
    double worst = NAN;
    for (int i = 0; metg && metg->spread.n && i < r->n; i++) {
        const report_row *row = &r->rows[i];
        if (strncmp(row->figure, "skew-", 5) == 0 && strcmp(row->where, a->where) == 0 &&
            strcmp(row->system, a->system) == 0 && row->x * 1e3 >= 100 * metg->spread.median)
            worst = fmin(worst, row->spread.median); /* fmin leaves NAN out */
    }
    return worst;
}

/* NAN if it was not measured. */
static double measured(const report *r, const aim *a) {
    if (a->kind == SKEWED)
        return worst_of_skewed(r, a);
    const report_row *row = report_find(r, a->figure, x_of(a->x), a->where, a->system);
    if (!row || !row->spread.n)
        return NAN;
    if (!a->by_system)
        return row->spread.median;
    const report_row *by = report_find(r, a->figure, x_of(a->by_x), a->by_where, a->by_system);
    if (!by || !by->spread.n)
        return NAN;
    return report_ratio(row, by).median * (strcmp(a->unit, "%") == 0 ? 100 : 1);
}

static bool is_met(const aim *a, double value) {
    return a->kind == AT_MOST ? value <= a->bound : value >= a->bound;
}

void report_print_aims(const report *r) {
    printf("\n%-48s %14s %12s  %s\n", "aim", "", "measured", "met");
    for (int i = 0; i < N_AIMS; i++) {
        const aim *a = &aims[i];
        double value = measured(r, a);
        printf("%-48s %s %7.4g %-2s ", a->text, a->kind == AT_MOST ? "<=" : ">=", a->bound, a->unit);
        if (isnan(value))
            printf("%12s\n", "not measured");
        else
            printf("%9.4g %-2s  %s\n", value, a->unit, is_met(a, value) ? "yes" : "no");
    }
}

cJSON *report_aims_json(const report *r) {
    cJSON *all = cJSON_CreateArray();
    for (int i = 0; i < N_AIMS; i++) {
        const aim *a = &aims[i];
        double value = measured(r, a);
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "aim", a->text);
        cJSON_AddStringToObject(json, "bound", a->kind == AT_MOST ? "at most" : "at least");
        cJSON_AddNumberToObject(json, "value", a->bound);
        cJSON_AddStringToObject(json, "unit", a->unit);
        cJSON_AddItemToObject(json, "measured", isnan(value) ? cJSON_CreateNull() : cJSON_CreateNumber(value));
        cJSON_AddItemToObject(json, "met", isnan(value) ? cJSON_CreateNull() : cJSON_CreateBool(is_met(a, value)));
        cJSON_AddItemToArray(all, json);
    }
    return all;
}
