/* Ranks that are killed, stopped, or lose their fork server, in the midst of a map: run by the script "chaos", from a
 * seed, under a launcher that lets the others live. 2,000 items of 1 to 20 ms, some of which crash their process in
 * their first attempts. Each result has to be right, and to come once. Arguments: threads or processes; what happens:
 * kill, stop, freeze (so long that it is missed), server, none; how the items go: share (all of them look at shared
 * data), deadly (item 700 ends each rank that begins it, but the master), spawns (as items that may make items; the
 * master does none, and a second rank that is lost with an item is the last one), all (the results of all ranks but the
 * master's are lost: they are killed). */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dmap/dmap.h>

#include "harness.h"

enum { ITEMS = 2000, RANKS = 64, DEADLY = 700, SHARED = 5000, SIZE = 1024 };

static uint64_t seed;
static unsigned char given[ITEMS]; /* how often an item's end came */
static uint64_t wrong;

static bool has(int argc, char **argv, const char *word) {
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], word))
            return true;
    return false;
}

/* ---- tasks ---- */

typedef struct processes {
    pid_t rank, server; /* server: 0: none */
} processes;

static pid_t parent_of(pid_t pid) {
    char path[64], line[512];
    int parent = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    const char *end = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    if (end)
        sscanf(end + 2, "%*c %d", &parent);
    if (file)
        fclose(file);
    return parent;
}

/* item: whether workers are processes: those are children of the server, which is the rank's. */
static int tell(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    bool is_process;
    memcpy(&is_process, item, sizeof is_process);
    processes here = {getpid(), 0};
    if (is_process) {
        here.server = getppid();
        here.rank = parent_of(here.server);
    }
    usleep(2000);
    memcpy(result, &(struct {
               processes at;
               int rank;
           }){here, dmap_rank(ctx)},
           sizeof here + sizeof(int));
    return 0;
}

DMAP_TASK(lost_tell, .run = tell, .item_size = sizeof(bool), .result_size = sizeof(processes) + sizeof(int));

typedef struct job {
    uint64_t seed;
    uint32_t number;
    bool crashes, is_deadly, looks;
} job;

static void make_result(uint64_t key, unsigned char *result) {
    fill(result, SIZE, key);
}

static int work(dmap_context *ctx, const void *item, void *result) {
    job j;
    memcpy(&j, item, sizeof j);
    uint64_t drawn = mix(j.seed + j.number);
    if (j.is_deadly && dmap_rank(ctx) > 0) {
        fflush(NULL);
        kill(getpid(), SIGKILL);
    }
    if (j.crashes && drawn % 64 == 0 && dmap_attempt(ctx) <= 2)
        raise(SIGSEGV);
    if (j.looks) {
        size_t size;
        const unsigned char *shared = dmap_shared(ctx, &size);
        if (size != SHARED || shared[j.number] != (unsigned char)mix(j.number))
            return dmap_fail(ctx, 1, "the shared data are not there");
    }
    usleep((useconds_t)(1000 + drawn / 64 % 19000));
    make_result(drawn, result);
    return 0;
}

DMAP_TASK(lost_work, .run = work, .item_size = sizeof(job), .result_size = SIZE);

/* ---- what happens to the ranks ---- */

typedef struct blow {
    processes at[RANKS];
    int ranks;
    _Atomic bool is_missed; /* a rank was lost, as the master has seen */
    bool kills, stops, freezes, servers, all;
    uint64_t state;
} blow;

static void nap(uint64_t *state, unsigned most_ms) {
    usleep((useconds_t)(1000 * (1 + draw_below(state, most_ms))));
}

static int another(blow *b, int than) {
    int rank;
    do
        rank = 1 + (int)draw_below(&b->state, (uint64_t)b->ranks - 1);
    while (rank == than && b->ranks > 2);
    return rank;
}

/* The map lasts until the rank that is stopped is missed, as it has items. */
static void wait_for_loss(blow *b) {
    while (!atomic_load(&b->is_missed))
        usleep(1000);
}

static void *strike(void *arg) {
    blow *b = arg;
    nap(&b->state, 300);
    int first = another(b, 0), second = another(b, first);
    if (b->kills)
        kill(b->at[first].rank, SIGKILL);
    for (int i = 1; b->all && i < b->ranks; i++)
        kill(b->at[i].rank, SIGKILL);
    nap(&b->state, 200);
    if (b->stops || b->freezes) {
        kill(b->at[second].rank, SIGSTOP);
        nap(&b->state, 300);
        if (b->freezes)
            wait_for_loss(b);
        kill(b->at[second].rank, SIGCONT);
    }
    nap(&b->state, 100);
    if (b->servers && b->at[second].server > 1)
        kill(b->at[second].server, SIGKILL);
    return NULL;
}

static bool learn(dmap_pool *pool, blow *b, bool is_process) {
    enum { ASKED = 400 };
    static bool items[ASKED];
    static struct {
        processes at;
        int rank;
    } told[ASKED];
    memset(items, is_process, sizeof items);
    b->ranks = dmap_ranks(pool);
    dmap_map_options options = {.chunk = 1, .schedule = DMAP_DYNAMIC, .progress = -1};
    if (dmap_map(pool, &lost_tell, dmap_array(items, ASKED), dmap_into(told), &options) != DMAP_OK) {
        printf("asking: %s\n", dmap_error(pool));
        return false;
    }
    for (int i = 0; i < ASKED; i++)
        b->at[told[i].rank] = told[i].at;
    for (int i = 1; i < b->ranks; i++)
        if (b->at[i].rank < 2) {
            printf("rank %d had no item\n", i);
            return false;
        }
    return true;
}

/* ---- the map ---- */

static int take(void *arg, const dmap_item_result *result) {
    unsigned char expected[SIZE];
    const bool *is_deadly = arg;
    given[result->index]++;
    make_result(mix(seed + result->index), expected);
    bool may_be_lost = *is_deadly && result->index == DEADLY;
    bool is_right = result->status == DMAP_ITEM_OK ? result->size == SIZE && !memcmp(result->data, expected, SIZE)
                                                   : may_be_lost && result->status == DMAP_ITEM_LOST;
    if (!is_right)
        printf("item %llu: %s\n", (unsigned long long)result->index, result->error ? result->error : "a wrong result");
    wrong += !is_right;
    return 0;
}

static bool check(const dmap_pool *pool, dmap_status status, bool is_deadly) {
    uint64_t missing = 0;
    dmap_report report;
    dmap_report_get(pool, &report);
    for (int i = 0; i < ITEMS; i++)
        missing += given[i] != 1;
    printf("%s: %d ranks lost, %llu items lost, %llu tried again, %llu wrong, %llu missing or doubled%s%s\n",
           dmap_status_name(status), report.lost_ranks, (unsigned long long)report.lost_items,
           (unsigned long long)report.retried, (unsigned long long)wrong, (unsigned long long)missing,
           status == DMAP_OK ? "" : ": ", status == DMAP_OK ? "" : dmap_error(pool));
    for (int i = 0; i < report.ranks; i++) {
        dmap_rank_report rank;
        if (dmap_report_rank(pool, i, &rank) == DMAP_OK && rank.lost)
            printf("rank %d on %s: %s\n", i, rank.host, rank.lost);
    }
    bool is_fine = status == DMAP_OK || (is_deadly && status == DMAP_EITEM && report.failed == 1);
    return is_fine && !wrong && !missing;
}

typedef struct watch {
    dmap_pool *pool;
    blow *blow;
} watch;

static int look(void *arg, const dmap_progress *progress) {
    const watch *w = arg;
    dmap_rank_report report;
    (void)progress;
    for (int i = 0; i < w->blow->ranks; i++)
        if (dmap_report_rank(w->pool, i, &report) == DMAP_OK && report.lost)
            atomic_store(&w->blow->is_missed, true);
    return 0;
}

static dmap_status map(dmap_pool *pool, const job *jobs, bool is_deadly, bool spawns, blow *b) {
    watch w = {pool, b};
    dmap_map_options options = {.on_error = DMAP_KEEP_GOING,
                                .retries = 3,
                                .unordered = seed % 2,
                                .spawns = spawns,
                                .lost_limit = spawns ? 1 : 0,
                                .progress = -1,
                                .chunk = spawns ? 0 : seed % 3 * 4,
                                .on_watch = look,
                                .on_watch_arg = &w};
    return dmap_map(pool, &lost_work, dmap_array(jobs, ITEMS), dmap_each(take, &is_deadly), &options);
}

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    static job jobs[ITEMS];
    static unsigned char shared[SHARED];
    bool is_process = has(argc, argv, "processes"), looks = has(argc, argv, "share");
    bool is_deadly = has(argc, argv, "deadly");
    blow b = {.kills = has(argc, argv, "kill"),
              .stops = has(argc, argv, "stop"),
              .freezes = has(argc, argv, "freeze"),
              .servers = has(argc, argv, "server"),
              .all = has(argc, argv, "all"),
              .state = seed};
    pthread_t thread;
    printf("seed %llu\n", (unsigned long long)seed);
    for (uint32_t i = 0; i < ITEMS; i++)
        jobs[i] = (job){seed, i, is_process, is_deadly && i == DEADLY, looks};
    for (uint32_t i = 0; i < SHARED; i++)
        shared[i] = (unsigned char)mix(i);
    if ((looks && dmap_share(pool, shared, sizeof shared) != DMAP_OK) || !learn(pool, &b, is_process) ||
        pthread_create(&thread, NULL, strike, &b) != 0)
        return 2;
    bool good = check(pool, map(pool, jobs, is_deadly, has(argc, argv, "spawns"), &b), is_deadly);
    pthread_join(thread, NULL);
    if (looks && dmap_share(pool, shared, sizeof shared) != DMAP_OK) {
        printf("sharing again: %s\n", dmap_error(pool));
        good = false;
    }
    puts(good ? "right" : "not right");
    return good ? 0 : 3;
}

int main(int argc, char **argv) {
    const char *from_env = getenv("DMAP_SEED");
    seed = from_env ? strtoull(from_env, NULL, 10) : 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    dmap_backend backend = has(argc, argv, "processes") ? DMAP_PROCESSES : DMAP_THREADS;
    dmap_options options = {
        .backend = backend, .workers = 4, .bind = DMAP_BIND_NONE, .master_works = has(argc, argv, "spawns") ? -1 : 0};
    return dmap_run(argc, argv, main_fn, &options);
}
