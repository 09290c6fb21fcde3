/* What a journal costs: the time of 1 ms items beside a map without one; small results a second; how fast large ones
 * get to the disk. Beside that a row an item by SQLite alone, and a stream of bytes to a file. usage: bench_journal
 * [--quick|--tiny] [--out FILE]: rows go to stdout, or are added to the file. The journals are made in the current
 * folder, and removed. The ways of a figure take turns. */
#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <dmap/dmap.h>

#include "row.h"

enum { MOST_REPEATS = 7, LARGE = 64 << 10, TOGETHER = 16 << 20 /* bytes of a commit, and between two syncs */ };

#define FILE_NAME "bench_journal.tmp"

static struct {
    uint64_t items_1ms, small, large;
    int repeats;
    const char *path;
    FILE *out;
    dmap_pool *pool;
} plan = {.items_1ms = 10000, .small = 10000000, .large = 32768, .repeats = MOST_REPEATS};

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int refuse(const char *what) {
    fprintf(stderr, "bench_journal: %s\n", what);
    return 1;
}

static void remove_file(void) {
    unlink(FILE_NAME);
    unlink(FILE_NAME "-journal");
}

/* ---- dmap ---- */

static int spin_1ms(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(uint64_t *)result = *(const uint64_t *)item;
    for (double end = now_s() + 1e-3; now_s() < end;) {
    }
    return 0;
}

static int make_small(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    *(uint64_t *)result = *(const uint64_t *)item * 3;
    return 0;
}

static int make_large(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    memset(result, (int)*(const uint64_t *)item, LARGE);
    return 0;
}

DMAP_TASK(bench_spin_1ms, .run = spin_1ms, .item_size = 8, .result_size = 8);
DMAP_TASK(bench_make_small, .run = make_small, .item_size = 8, .result_size = 8);
DMAP_TASK(bench_make_large, .run = make_large, .item_size = 8, .result_size = LARGE);

static int take(void *arg, const dmap_item_result *result) {
    *(uint64_t *)arg += result->size;
    return 0;
}

/* Seconds; < 0: it failed. */
static double map(const dmap_task *task, uint64_t n, bool keeps) {
    dmap_map_options options = {.journal = keeps ? FILE_NAME : NULL, .progress = -1};
    uint64_t bytes = 0;
    remove_file();
    double began = now_s();
    dmap_status status = dmap_map(plan.pool, task, dmap_range(0, n), dmap_each(take, &bytes), &options);
    double took = now_s() - began;
    return status == DMAP_OK && bytes == n * task->result_size ? took : -1;
}

static double map_1ms(uint64_t n) {
    double without = map(&bench_spin_1ms, n, false), with = map(&bench_spin_1ms, n, true);
    return without > 0 && with > 0 ? 100 * (with / without - 1) : NAN;
}

static double rate(uint64_t n, double seconds) {
    return seconds > 0 ? (double)n / seconds : NAN;
}

static double map_small(uint64_t n) {
    return rate(n, map(&bench_make_small, n, true));
}

static double map_small_alone(uint64_t n) {
    return rate(n, map(&bench_make_small, n, false));
}

static double map_large(uint64_t n) {
    return rate(n * LARGE, map(&bench_make_large, n, true)) * 1e-6;
}

/* ---- others ---- */

/* A row an item, in commits of so many bytes. */
static double insert(uint64_t n, size_t size) {
    static unsigned char result[LARGE];
    sqlite3 *db;
    sqlite3_stmt *row = NULL;
    uint64_t together = TOGETHER / (size < 160 ? 160 : size);
    remove_file();
    double began = now_s();
    bool good =
        sqlite3_open(FILE_NAME, &db) == SQLITE_OK &&
        sqlite3_exec(db, "PRAGMA journal_mode = TRUNCATE; CREATE TABLE r (item INTEGER PRIMARY KEY, result BLOB)", NULL,
                     NULL, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "INSERT INTO r VALUES (?, ?)", -1, &row, NULL) == SQLITE_OK;
    for (uint64_t i = 0; good && i < n; i++) {
        if (i % together == 0)
            good = sqlite3_exec(db, i ? "COMMIT; BEGIN" : "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
        sqlite3_bind_int64(row, 1, (int64_t)i);
        sqlite3_bind_blob(row, 2, result, (int)size, SQLITE_STATIC);
        sqlite3_step(row);
        good = sqlite3_reset(row) == SQLITE_OK && good;
    }
    good = good && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_finalize(row);
    sqlite3_close(db);
    return good ? now_s() - began : -1;
}

static double insert_small(uint64_t n) {
    return rate(n, insert(n, 8));
}

static double insert_large(uint64_t n) {
    return rate(n * LARGE, insert(n, LARGE)) * 1e-6;
}

static double stream_large(uint64_t n) {
    static unsigned char result[LARGE];
    remove_file();
    double began = now_s();
    int file = open(FILE_NAME, O_WRONLY | O_CREAT | O_EXCL, 0600);
    bool good = file >= 0;
    for (uint64_t i = 0; good && i < n; i++) {
        memset(result, (int)i, LARGE);
        good = write(file, result, LARGE) == LARGE && ((i + 1) % (TOGETHER / LARGE) || fdatasync(file) == 0);
    }
    good = good && fdatasync(file) == 0;
    if (file >= 0)
        close(file);
    return good ? rate(n * LARGE, now_s() - began) * 1e-6 : NAN;
}

/* ---- figures ---- */

typedef struct way {
    const char *system, *role;
    double (*run)(uint64_t n);
} way;

typedef struct figure {
    const char *name, *title, *unit;
    const uint64_t *n;
    bool more_is_better;
    way ways[3];
} figure;

static const figure figures[] = {{"journal-cost",
                                  "1 ms items: what a journal adds to the time",
                                  "%",
                                  &plan.items_1ms,
                                  false,
                                  {{"dmap", "dmap", map_1ms}}},
                                 {"journal-small",
                                  "results of 8 bytes with a journal",
                                  "items/s",
                                  &plan.small,
                                  true,
                                  {{"dmap", "dmap", map_small},
                                   {"dmap, no journal", "limit", map_small_alone},
                                   {"SQLite, a row an item", "peer", insert_small}}},
                                 {"journal-large",
                                  "results of 64 KiB with a journal",
                                  "MB/s",
                                  &plan.large,
                                  true,
                                  {{"dmap", "dmap", map_large},
                                   {"one stream to the disk", "limit", stream_large},
                                   {"SQLite, a row an item", "peer", insert_large}}}};

static int record(const figure *f) {
    double values[3][MOST_REPEATS];
    for (int i = 0; i < plan.repeats; i++)
        for (int w = 0; w < 3 && f->ways[w].run; w++) {
            values[w][i] = f->ways[w].run(*f->n);
            if (isnan(values[w][i]))
                return refuse(f->ways[w].system);
        }
    for (int w = 0; w < 3 && f->ways[w].run; w++) {
        bench_row row = {.figure = f->name,
                         .title = f->title,
                         .unit = f->unit,
                         .more_is_better = f->more_is_better,
                         .where = "threads",
                         .system = f->ways[w].system,
                         .role = f->ways[w].role,
                         .items = *f->n,
                         .values = values[w],
                         .n_values = plan.repeats};
        if (!bench_row_write(&row, plan.out))
            return refuse("the rows cannot be written");
    }
    return 0;
}

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    int failed = 0;
    (void)argc, (void)argv;
    plan.pool = pool;
    plan.out = plan.path ? fopen(plan.path, "a") : stdout;
    if (!plan.out)
        return refuse("the file cannot be opened");
    for (size_t i = 0; !failed && i < sizeof figures / sizeof figures[0]; i++)
        failed = record(&figures[i]);
    remove_file();
    return fclose(plan.out) != 0 || failed;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--quick") == 0)
            plan.items_1ms = 2000, plan.small = 1000000, plan.large = 4096, plan.repeats = 3;
        else if (strcmp(argv[i], "--tiny") == 0)
            plan.items_1ms = 20, plan.small = 2000, plan.large = 20, plan.repeats = 1;
        else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc)
            plan.path = argv[++i];
        else
            return refuse("usage: bench_journal [--quick|--tiny] [--out FILE]") + 1;
    return dmap_run(argc, argv, main_fn, &(dmap_options){.backend = DMAP_THREADS});
}
