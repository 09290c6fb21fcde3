/* A thousand calls of different size and priority at once: each gets its part of the workers' time.
 *
 * To a worker, time here is what its items say that they take: what the machine does besides, and how busy it is,
 * counts for nothing. The rest of the library has the clock that it always has. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "calls.h"
#include "crew/board.h"

enum { SHARERS = 1000, PRIORITIES = 3, MOST_WORKERS = 64, MOST_ITEMS = 10000 };

#define PART_S 10e-3 /* that each is to have had, by its priority, as it is looked at */
#define LOOK_S 1e-6  /* what it takes to look at the clock: whoever waits by it comes to an end */

/* By worker of this rank, in nanoseconds: processes of workers share it. */
static _Atomic uint64_t *spent_ns;
static _Thread_local int own_worker = -1;

dmap__slot *__real_dmap__board_take(dmap__board *board, int worker, dmap__pace *paces, uint32_t *begin, uint32_t *end);
dmap__slot *__wrap_dmap__board_take(dmap__board *board, int worker, dmap__pace *paces, uint32_t *begin, uint32_t *end);
double __real_dmap__clock_now(void);
double __wrap_dmap__clock_now(void);

dmap__slot *__wrap_dmap__board_take(dmap__board *board, int worker, dmap__pace *paces, uint32_t *begin, uint32_t *end) {
    own_worker = worker;
    return __real_dmap__board_take(board, worker, paces, begin, end);
}

double __wrap_dmap__clock_now(void) {
    if (own_worker < 0)
        return __real_dmap__clock_now();
    return 1 + 1e-9 * (double)atomic_fetch_add(&spent_ns[own_worker], (uint64_t)(LOOK_S * 1e9));
}

static int run_say(dmap_context *ctx, const void *item, void *result) {
    uint64_t microseconds;
    memcpy(&microseconds, item, sizeof microseconds);
    atomic_fetch_add(&spent_ns[dmap_worker(ctx)], microseconds * 1000);
    memcpy(result, item, sizeof microseconds);
    return 0;
}
DMAP_TASK(fair_say, .run = run_say, .item_size = 8, .result_size = 8);

typedef struct sharer {
    dmap_call *call;
    int weight;
    uint64_t microseconds; /* an item */
} sharer;

static sharer all[SHARERS];

/* Items of 50 us to 1 ms; of calls so long that none comes to its end. */
static void make_calls(uint64_t (*times)[MOST_ITEMS]) {
    static const uint64_t each[] = {50, 100, 200, 500, 1000};
    uint64_t state = harness_seed;
    for (size_t t = 0; t < 5; t++)
        for (size_t i = 0; i < MOST_ITEMS; i++)
            times[t][i] = each[t];
    for (int i = 0; i < SHARERS; i++) {
        size_t t = (size_t)draw_below(&state, 5), n = MOST_ITEMS / 2 + (size_t)draw_below(&state, MOST_ITEMS / 2);
        all[i].microseconds = each[t];
        all[i].weight = 1 + (int)draw_below(&state, PRIORITIES);
        dmap_map_options options = {.priority = all[i].weight};
        CU_ASSERT_EQUAL_FATAL(
            dmap_map_async(harness_pool, &fair_say, dmap_array(times[t], n), dmap_discard(), &options, &all[i].call),
            DMAP_OK);
    }
}

/* Seconds of workers that a call has had so far, by its items, over its weight. */
static double part_of(const sharer *s) {
    dmap_report report;
    dmap_call_report(s->call, &report);
    return (double)report.items * 1e-6 * (double)s->microseconds / s->weight;
}

/* Jain's index (Jain, Chiu, Hawe: A quantitative measure of fairness, DEC-TR-301, 1984). 1: all the same. */
static double jain(const double *parts) {
    double sum = 0, squares = 0;
    for (int i = 0; i < SHARERS; i++) {
        sum += parts[i];
        squares += parts[i] * parts[i];
    }
    return squares > 0 ? sum * sum / (SHARERS * squares) : 0;
}

static double sum_of_parts(double *parts) {
    double sum = 0;
    for (int i = 0; i < SHARERS; i++)
        sum += parts[i] = part_of(&all[i]);
    return sum;
}

static void test_fair(void) {
    uint64_t(*times)[MOST_ITEMS] = malloc(5 * sizeof *times);
    double parts[SHARERS];
    CU_ASSERT_PTR_NOT_NULL_FATAL(times);
    harness_watch("the parts of a thousand calls", 300);
    make_calls(times);
    while (sum_of_parts(parts) < SHARERS * PART_S)
        CU_ASSERT_EQUAL_FATAL(dmap_wait(all[0].call, 5e-3), DMAP_PENDING);
    if (!(jain(parts) >= 0.95))
        harness_fail("Jain's index over the calls is %.3f", jain(parts));
    for (int i = 0; i < SHARERS; i++)
        CU_ASSERT_EQUAL(dmap_cancel(all[i].call), DMAP_OK);
    for (int i = 0; i < SHARERS; i++) {
        CU_ASSERT_EQUAL(dmap_wait(all[i].call, 60), DMAP_ECANCELLED);
        dmap_call_free(all[i].call);
    }
    free(times);
}

static void add_tests(void) {
    CU_ADD_TEST(CU_add_suite("fair", NULL, NULL), test_fair);
}

int main(int argc, char **argv) {
    spent_ns = mmap(NULL, MOST_WORKERS * sizeof *spent_ns, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return spent_ns == MAP_FAILED ? 2 : harness_run(argc, argv, add_tests);
}
