/* Pools that are closed with calls in flight, of each kind. The run chooses back end and number of ranks: see
 * CMakeLists.txt. */
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "closing.h"
#include "pools.h"

/* Says that it has begun, and takes no notice of anything. */
static int for_ever(dmap_context *ctx, const void *item, void *result) {
    (void)result;
    dmap_emit(ctx, "x", 1);
    while (item)
        usleep(1000);
    return 0;
}

DMAP_TASK(closing_deaf, .run = for_ever, .item_size = 8, .result_size = 8);

static dmap_pool *open_pool(dmap_on_close on_close, double close_s) {
    dmap_options options = pools_back_end;
    options.on_close = on_close;
    options.close_s = close_s;
    return pools_open(&options, DMAP_OK);
}

/* ---- streams ---- */

static dmap_stream *open_stream(dmap_pool *pool, uint64_t n) {
    dmap_stream *stream = NULL;
    CU_ASSERT_EQUAL(dmap_stream_open(pool, &pools_square, dmap_range(0, n), NULL, &stream), DMAP_OK);
    return stream;
}

/* What was not asked for is no end: the stream says what became of it. */
static void look_at_closed(dmap_stream *stream) {
    dmap_item_result r;
    CU_ASSERT_EQUAL(dmap_stream_next(stream, 0, &r), DMAP_ECANCELLED);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(NULL), "cancelled"));
    CU_ASSERT_EQUAL(dmap_stream_next(stream, -1, &r), DMAP_ECANCELLED);
    dmap_stream_close(stream);
}

static void test_stream_dropped(void) {
    dmap_item_result r;
    dmap_pool *pool = open_pool(DMAP_CLOSE_DROP, 0);
    dmap_stream *whole = open_stream(pool, 3), *begun = open_stream(pool, 1000), *waiting = open_stream(pool, 10);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(dmap_stream_next(whole, -1, &r), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_stream_next(whole, -1, &r), DMAP_END);
    CU_ASSERT_EQUAL(dmap_stream_next(begun, -1, &r), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_stream_next(whole, -1, &r), DMAP_END);
    dmap_stream_close(whole);
    look_at_closed(begun);
    look_at_closed(waiting);
}

typedef struct opener {
    dmap_pool *pool;
    dmap_status stream, wait, map;
} opener;

static void open_another(void *arg, dmap_call *call) {
    opener *o = arg;
    dmap_stream *stream;
    o->stream = dmap_stream_open(o->pool, &pools_square, dmap_range(0, 5), NULL, &stream);
    o->wait = dmap_wait(call, 0);
    o->map = dmap_map(o->pool, &pools_square, dmap_range(0, 5), dmap_discard(), NULL);
    dmap_call_free(call);
}

/* Nobody can ask for more of a stream while the pool is closed: it is not waited for, and none is opened then. */
static void test_stream_not_finished(void) {
    dmap_pool *pool = open_pool(DMAP_CLOSE_FINISH, 1e6);
    opener o = {.pool = pool};
    dmap_call *call;
    dmap_item_result r;
    dmap_stream *begun = open_stream(pool, 1000), *waiting = open_stream(pool, 10);
    CU_ASSERT_EQUAL(dmap_stream_next(begun, -1, &r), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_map_async(pool, &pools_square, dmap_range(0, 50), dmap_discard(),
                                   &(dmap_map_options){.on_done = open_another, .on_done_arg = &o}, &call),
                    DMAP_OK);
    CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
    CU_ASSERT_EQUAL(o.stream, DMAP_ECANCELLED);
    CU_ASSERT_EQUAL(o.wait, DMAP_EINVAL);
    CU_ASSERT_EQUAL(o.map, DMAP_EINVAL);
    look_at_closed(begun);
    look_at_closed(waiting);
}

/* ---- on_done ---- */

typedef struct refused {
    dmap_pool *pool;
    dmap_call *call;
    bool was_told, is_right;
} refused;

/* What waits is refused as a function of a call's, whatever becomes of the pool; what makes a call, as it closes. */
static void try_all(void *arg, dmap_call *call) {
    refused *r = arg;
    dmap_stream *stream = NULL;
    dmap_item_result result;
    uint64_t item = 1;
    size_t which;
    dmap_call *made = NULL;
    r->was_told = true;
    r->is_right =
        dmap_wait(call, 0) == DMAP_EINVAL && dmap_wait_any(&call, 1, 0, &which) == DMAP_EINVAL &&
        dmap_step(r->pool, 0) == DMAP_EINVAL && dmap_close(r->pool) == DMAP_EINVAL &&
        dmap_map(r->pool, &pools_square, dmap_range(0, 1), dmap_discard(), NULL) == DMAP_EINVAL &&
        dmap_share(r->pool, NULL, 0) == DMAP_EINVAL && dmap_stream_next(stream, 0, &result) == DMAP_EINVAL &&
        dmap_map_async(r->pool, &pools_square, dmap_range(0, 1), dmap_discard(), NULL, &made) == DMAP_ECANCELLED &&
        dmap_submit(r->pool, &pools_square, &item, 8, NULL, &made) == DMAP_ECANCELLED && !made;
}

static void test_inside_on_done(void) {
    static uint64_t numbers[5000];
    dmap_pool *pool = open_pool(DMAP_CLOSE_DROP, 0);
    refused r = {.pool = pool};
    CU_ASSERT_EQUAL(dmap_map_async(pool, &pools_square, dmap_array(numbers, 5000), dmap_discard(),
                                   &(dmap_map_options){.on_done = try_all, .on_done_arg = &r}, &r.call),
                    DMAP_OK);
    CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
    CU_ASSERT(r.was_told);
    CU_ASSERT(r.is_right);
    CU_ASSERT_EQUAL(dmap_wait(r.call, 0), DMAP_ECANCELLED);
    dmap_call_free(r.call);
}

/* ---- items that do not end by themselves ---- */

enum { ITEMS = 40, SUBMITS = 10 };

typedef struct flight {
    dmap_pool *pool;
    dmap_call *map, *late, *submits[SUBMITS];
    dmap_stream *stream;
    unsigned told;
} flight;

static void count_end(void *arg, dmap_call *call) {
    (void)call;
    ++*(unsigned *)arg;
}

/* Maps, of which one has been cancelled without the right to kill, submitted items, and a stream. begun: the workers
 * have them by now; with a serial crew the master's thread would be in an item then, and nobody there to close the
 * pool. */
static void begin(flight *f, const dmap_task *task, dmap_pool *pool) {
    static uint64_t numbers[ITEMS];
    dmap_map_options options = {.on_done = count_end, .on_done_arg = &f->told};
    *f = (flight){.pool = pool};
    CU_ASSERT_EQUAL(dmap_map_async(pool, task, dmap_array(numbers, ITEMS), dmap_discard(), &options, &f->map), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_map_async(pool, task, dmap_range(0, ITEMS), dmap_discard(), &options, &f->late), DMAP_OK);
    for (size_t i = 0; i < SUBMITS; i++)
        CU_ASSERT_EQUAL(dmap_submit(pool, task, numbers, 8, &options, &f->submits[i]), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_stream_open(pool, task, dmap_range(0, ITEMS), NULL, &f->stream), DMAP_OK);
    if (pools_back_end.backend == DMAP_SERIAL)
        return;
    CU_ASSERT_EQUAL(dmap_step(pool, 0.02), DMAP_PENDING);
    CU_ASSERT_EQUAL(dmap_cancel(f->late), DMAP_OK);
    dmap_step(pool, 0);
}

/* All have ended, and were told of; a stream that nobody reads too. */
static void look(flight *f) {
    CU_ASSERT_EQUAL(dmap_call_status(f->map), DMAP_ECANCELLED);
    CU_ASSERT_EQUAL(dmap_call_status(f->late), DMAP_ECANCELLED);
    dmap_call_free(f->map);
    dmap_call_free(f->late);
    for (size_t i = 0; i < SUBMITS; i++) {
        dmap_status status = dmap_call_status(f->submits[i]);
        CU_ASSERT(status == DMAP_ECANCELLED || status == DMAP_OK); /* it was asked, and did as if it were done */
        dmap_call_free(f->submits[i]);
    }
    CU_ASSERT_EQUAL(f->told, 2 + SUBMITS);
    look_at_closed(f->stream);
}

static void close_with(const dmap_task *task, dmap_on_close on_close, double close_s) {
    flight f;
    begin(&f, task, open_pool(on_close, close_s));
    CU_ASSERT_EQUAL(dmap_close(f.pool), DMAP_OK);
    look(&f);
}

static void test_endless(void) {
    close_with(&pools_held, DMAP_CLOSE_DROP, 0);
    close_with(&pools_held, DMAP_CLOSE_KILL, 0);
    close_with(&pools_held, DMAP_CLOSE_FINISH, 0.2);
    if (pools_back_end.backend != DMAP_PROCESSES)
        return;
    close_with(&closing_deaf, DMAP_CLOSE_DROP, 0);
    close_with(&closing_deaf, DMAP_CLOSE_KILL, 0);
    close_with(&closing_deaf, DMAP_CLOSE_FINISH, 2);
}

static int count_begun(void *arg, const dmap_emission *emission) {
    (void)emission;
    ++*(int *)arg;
    return 0;
}

/* A call that was cancelled, and whose items may run to their end: not when the pool is closed. */
static void test_cancelled_before(void) {
    if (pools_back_end.backend != DMAP_PROCESSES)
        return;
    int begun = 0;
    dmap_pool *pool = open_pool(DMAP_CLOSE_KILL, 0);
    dmap_call *call;
    dmap_map_options options = {.on_emit = count_begun, .on_emit_arg = &begun};
    CU_ASSERT_EQUAL(dmap_map_async(pool, &closing_deaf, dmap_range(0, ITEMS), dmap_discard(), &options, &call),
                    DMAP_OK);
    while (begun < dmap_workers(pool))
        CU_ASSERT_EQUAL(dmap_step(pool, 0.01), DMAP_PENDING);
    CU_ASSERT_EQUAL(dmap_cancel(call), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_step(pool, 0), DMAP_PENDING);
    CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_call_status(call), DMAP_ECANCELLED);
    dmap_call_free(call);
}

/* A thread that takes no notice cannot be killed: who closes the pool is told, when the time is over, and may try
 * again. It goes on until the test lets it. */
static _Atomic bool lets_go;

static int until_let_go(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item, (void)result;
    while (!atomic_load(&lets_go))
        usleep(100);
    return 0;
}

DMAP_TASK(closing_held, .run = until_let_go, .item_size = 8, .result_size = 8);

static void test_thread_that_takes_no_notice(void) {
    static const dmap_on_close ways[] = {DMAP_CLOSE_DROP, DMAP_CLOSE_KILL, DMAP_CLOSE_FINISH};
    if (pools_back_end.backend != DMAP_THREADS || pools_ranks() > 1)
        return;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        dmap_pool *pool = open_pool(ways[i], 0.1);
        dmap_call *call, *next = NULL;
        uint64_t number = 5;
        atomic_store(&lets_go, false);
        CU_ASSERT_EQUAL(dmap_map_async(pool, &closing_held, dmap_range(0, 2), dmap_discard(), NULL, &call), DMAP_OK);
        CU_ASSERT_EQUAL(dmap_step(pool, 0.02), DMAP_PENDING);
        CU_ASSERT_EQUAL(dmap_close(pool), DMAP_ETIMEOUT);
        CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(pool), "still runs"));
        CU_ASSERT_EQUAL(dmap_submit(pool, &pools_square, &number, 8, NULL, &next), DMAP_OK); /* it can be used on */
        CU_ASSERT_EQUAL(dmap_close(pool), DMAP_ETIMEOUT);
        atomic_store(&lets_go, true);
        CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
        CU_ASSERT_EQUAL(dmap_call_status(call), DMAP_ECANCELLED);
        dmap_call_free(call);
        dmap_call_free(next);
    }
}

static void add_tests(void) {
    CU_pSuite suite = CU_add_suite("closing", NULL, NULL);
    CU_ADD_TEST(suite, test_stream_dropped);
    CU_ADD_TEST(suite, test_stream_not_finished);
    CU_ADD_TEST(suite, test_inside_on_done);
    CU_ADD_TEST(suite, test_endless);
    CU_ADD_TEST(suite, test_cancelled_before);
    CU_ADD_TEST(suite, test_thread_that_takes_no_notice);
    closing_add_submits(suite);
}

int main(int argc, char **argv) {
    return pools_run(argc, argv, false, add_tests);
}
