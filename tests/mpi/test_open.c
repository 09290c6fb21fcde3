/* Pools on communicators of the caller's own: after close, one after the other, on parts of the ranks at once, with
 * messages of the caller's own between, without MPI, and forgotten when it ends. All ranks run every test; CUnit's
 * failures are summed up at the end. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <mpi.h>

#include <dmap/call.h>
#include <dmap/mpi.h>

static int my_rank, all_ranks;

static int square(dmap_context *ctx, const void *item, void *result) {
    (void)ctx;
    uint64_t number = *(const uint64_t *)item;
    *(uint64_t *)result = number * number;
    return 0;
}

DMAP_TASK(open_square, .run = square, .item_size = 8, .result_size = 8);

/* A map on the master's pool; its sum is that of the squares. */
static void map_and_check(dmap_pool *pool, uint64_t count) {
    uint64_t results[2000], wrong = 0;
    CU_ASSERT_EQUAL(dmap_map(pool, &open_square, dmap_range(1, count + 1), dmap_into(results), NULL), DMAP_OK);
    for (uint64_t i = 0; i < count; i++)
        wrong += results[i] != (i + 1) * (i + 1);
    CU_ASSERT_EQUAL(wrong, 0);
}

/* Opens a pool of these ranks, maps, and closes it. */
static void use_pool(MPI_Comm comm, int maps) {
    const dmap_options options = {.workers = 2};
    int rank, ranks;
    dmap_pool *pool = (dmap_pool *)&rank;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &ranks);
    CU_ASSERT_EQUAL(dmap_open(comm, &options, &pool), DMAP_OK);
    CU_ASSERT_EQUAL(pool != NULL, rank == 0);
    if (!pool)
        return;
    CU_ASSERT_EQUAL(dmap_ranks(pool), ranks);
    CU_ASSERT_EQUAL(dmap_workers(pool), 2 * ranks);
    for (int i = 0; i < maps; i++)
        map_and_check(pool, 500);
    CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
}

/* Messages and a collective of the caller's own: nothing of a pool's gets in their way. */
static void talk(MPI_Comm comm) {
    int rank, ranks, sent, got = -1, sum = 0;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &ranks);
    sent = rank * 10;
    MPI_Sendrecv(&sent, 1, MPI_INT, (rank + 1) % ranks, 1, &got, 1, MPI_INT, (rank + ranks - 1) % ranks, MPI_ANY_TAG,
                 comm, MPI_STATUS_IGNORE);
    CU_ASSERT_EQUAL(got, (rank + ranks - 1) % ranks * 10);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, comm);
    CU_ASSERT_EQUAL(sum, ranks * (ranks - 1) / 2);
}

static void test_one_after_the_other(void) {
    for (int i = 0; i < 5; i++) {
        use_pool(MPI_COMM_WORLD, i);
        talk(MPI_COMM_WORLD);
    }
}

static void test_parts(void) {
    MPI_Comm part;
    MPI_Comm_split(MPI_COMM_WORLD, my_rank % 2, -my_rank, &part);
    use_pool(part, 3);
    talk(part);
    use_pool(part, 1);
    MPI_Comm_free(&part);
    talk(MPI_COMM_WORLD);
}

static void test_alone(void) {
    use_pool(MPI_COMM_SELF, 2);
}

/* Rank 0 talks on the world while it has a pool of itself, and the others have theirs. */
static void test_traffic_between(void) {
    dmap_pool *pool;
    const dmap_options options = {.workers = 1};
    CU_ASSERT_EQUAL(dmap_open(MPI_COMM_SELF, &options, &pool), DMAP_OK);
    for (int i = 0; i < 10; i++) {
        map_and_check(pool, 100);
        talk(MPI_COMM_WORLD);
    }
    CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
}

static void test_two_at_once(void) {
    dmap_pool *one, *two;
    CU_ASSERT_EQUAL(dmap_open(MPI_COMM_SELF, NULL, &one), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_open(MPI_COMM_SELF, NULL, &two), DMAP_OK);
    map_and_check(one, 10);
    map_and_check(two, 2000);
    CU_ASSERT_EQUAL(dmap_close(one), DMAP_OK);
    map_and_check(two, 5);
    CU_ASSERT_EQUAL(dmap_close(two), DMAP_OK);
}

static bool is_refused(dmap_status status) {
    return status == DMAP_EINVAL && strstr(dmap_error(NULL), "not open");
}

static void test_after_close(void) {
    dmap_pool *pool;
    dmap_report report = {.items = 1};
    uint64_t results[4];
    CU_ASSERT_EQUAL(dmap_open(MPI_COMM_SELF, NULL, &pool), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_close(pool), DMAP_OK);
    CU_ASSERT_TRUE(is_refused(dmap_map(pool, &open_square, dmap_range(0, 4), dmap_into(results), NULL)));
    CU_ASSERT_TRUE(is_refused(dmap_share(pool, results, 8)));
    CU_ASSERT_TRUE(is_refused(dmap_close(pool)));
    CU_ASSERT_EQUAL(dmap_ranks(pool), 0);
    dmap_report_get(pool, &report);
    CU_ASSERT_EQUAL(report.items, 0);
}

static int slow(dmap_context *ctx, const void *item, void *result) {
    (void)result;
    while (*(const uint64_t *)item && !dmap_cancelled(ctx))
        usleep(100);
    return 0;
}

DMAP_TASK(open_slow, .run = slow, .item_size = 8);

typedef struct chain {
    dmap_pool *pool;
    int left;
    dmap_status refusal; /* of the last that it could not make */
    dmap_call *last;
    uint64_t results[50];
} chain;

/* Each call that ends makes the next. */
static void make_next(void *arg, dmap_call *call) {
    chain *c = arg;
    if (call)
        dmap_call_free(call);
    c->last = NULL;
    if (c->left-- > 0)
        c->refusal = dmap_map_async(c->pool, &open_square, dmap_range(0, 50), dmap_into(c->results),
                                    &(dmap_map_options){.on_done = make_next, .on_done_arg = c}, &c->last);
}

/* Calls in flight when a pool is closed: they are finished, with those that they make. */
static void test_close_finishes(void) {
    enum { N = 2000 };
    static uint64_t results[N];
    const dmap_options options = {.workers = 2, .on_close = DMAP_CLOSE_FINISH};
    chain c = {.left = 5};
    dmap_call *map, *item;
    uint64_t number = 12;
    CU_ASSERT_EQUAL(dmap_open(MPI_COMM_WORLD, &options, &c.pool), DMAP_OK);
    if (!c.pool)
        return;
    CU_ASSERT_EQUAL(dmap_map_async(c.pool, &open_square, dmap_range(0, N), dmap_into(results), NULL, &map), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_submit(c.pool, &open_square, &number, 8, NULL, &item), DMAP_OK);
    make_next(&c, NULL);
    CU_ASSERT_EQUAL(dmap_close(c.pool), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_call_status(map), DMAP_OK);
    CU_ASSERT_EQUAL(results[N - 1], (uint64_t)(N - 1) * (N - 1));
    CU_ASSERT_EQUAL(dmap_call_status(item), DMAP_OK);
    const uint64_t *square_of_it = dmap_call_result(item, NULL);
    CU_ASSERT(square_of_it && *square_of_it == 144);
    CU_ASSERT_EQUAL(c.left, -1);
    CU_ASSERT_EQUAL(c.refusal, DMAP_OK);
    dmap_call_free(map);
    dmap_call_free(item);
}

/* Or they are dropped, at once or when their time is over, and make no more. */
static void drop(dmap_on_close on_close) {
    const dmap_options options = {.workers = 2, .on_close = on_close, .close_s = on_close ? 0.05 : 0};
    chain c = {.left = 1};
    dmap_call *map, *items[20];
    uint64_t numbers[200];
    for (size_t i = 0; i < 200; i++)
        numbers[i] = 1;
    CU_ASSERT_EQUAL(dmap_open(MPI_COMM_WORLD, &options, &c.pool), DMAP_OK);
    if (!c.pool)
        return;
    CU_ASSERT_EQUAL(dmap_map_async(c.pool, &open_slow, dmap_array(numbers, 200), dmap_discard(),
                                   &(dmap_map_options){.on_done = make_next, .on_done_arg = &c}, &map),
                    DMAP_OK);
    for (size_t i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(dmap_submit(c.pool, &open_slow, &numbers[0], 8, NULL, &items[i]), DMAP_OK);
    CU_ASSERT_EQUAL(dmap_step(c.pool, 0.01), DMAP_PENDING);
    dmap_status status = dmap_close(c.pool);
    if (status == DMAP_ETIMEOUT)
        status = dmap_close(c.pool);
    CU_ASSERT_EQUAL(status, DMAP_OK);
    for (size_t i = 0; i < 20; i++) {
        dmap_status ended = dmap_call_status(items[i]);
        CU_ASSERT(ended == DMAP_ECANCELLED ||
                  ended == DMAP_OK); /* what was told to stop may have said that it is done */
        dmap_call_free(items[i]);
    }
    CU_ASSERT_EQUAL(c.refusal, DMAP_ECANCELLED);
    CU_ASSERT_PTR_NULL(c.last);
}

static void test_close_drops(void) {
    drop(DMAP_CLOSE_DROP);
    drop(DMAP_CLOSE_FINISH);
}

/* The master's options are bad: every rank is told. */
static void test_bad_options(void) {
    const dmap_options bad = {.workers = -5}, processes = {.backend = DMAP_PROCESSES}, good = {.workers = 1};
    dmap_pool *pool;
    CU_ASSERT_EQUAL(dmap_open(MPI_COMM_WORLD, my_rank ? &good : &bad, &pool), DMAP_EINVAL);
    CU_ASSERT_PTR_NULL(pool);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(NULL), "workers is -5"));
    CU_ASSERT_EQUAL(dmap_open(MPI_COMM_WORLD, &processes, &pool), DMAP_EUNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(dmap_error(NULL), "DMAP_PROCESSES"));
    CU_ASSERT_EQUAL(dmap_open(MPI_COMM_WORLD, NULL, NULL), DMAP_EINVAL);
    use_pool(MPI_COMM_WORLD, 1);
}

static bool is_invalid(MPI_Comm comm, const char *why) {
    dmap_pool *pool = (dmap_pool *)&why;
    return dmap_open(comm, NULL, &pool) == DMAP_EINVAL && !pool && strstr(dmap_error(NULL), why);
}

/* MPI itself would end the program. */
static void test_bad_communicators(void) {
    MPI_Comm half, between;
    CU_ASSERT_TRUE(is_invalid(MPI_COMM_NULL, "MPI_COMM_NULL"));
    if (all_ranks < 2)
        return;
    MPI_Comm_split(MPI_COMM_WORLD, my_rank % 2, 0, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - my_rank % 2, 5, &between);
    CU_ASSERT_TRUE(is_invalid(between, "between two groups"));
    MPI_Comm_free(&between);
    MPI_Comm_free(&half);
}

/* Before MPI_Init, and after MPI_Finalize. */
static unsigned look_without_mpi(void) {
    if (is_invalid(MPI_COMM_WORLD, "MPI is not running"))
        return 0;
    fprintf(stderr, "without MPI: %s\n", dmap_error(NULL));
    return 1;
}

/* Ends MPI with pools open: the one that others serve is closed by that, the lone one goes on. */
static unsigned end_with_pools(void) {
    dmap_pool *forgotten, *alone;
    uint64_t results[3] = {0};
    unsigned bad = 0;
    bad += dmap_open(MPI_COMM_SELF, NULL, &alone) != DMAP_OK;
    bad += dmap_open(MPI_COMM_WORLD, NULL, &forgotten) != DMAP_OK;
    MPI_Finalize();
    bad += dmap_map(alone, &open_square, dmap_range(1, 4), dmap_into(results), NULL) != DMAP_OK || results[2] != 9;
    bad += dmap_close(alone) != DMAP_OK;
    if (forgotten && all_ranks > 1)
        bad += !is_refused(dmap_close(forgotten));
    else if (forgotten)
        bad += dmap_close(forgotten) != DMAP_OK;
    if (bad)
        fprintf(stderr, "rank %d: MPI ended with pools open: %u faults\n", my_rank, bad);
    return bad;
}

static void add_tests(void) {
    CU_pSuite suite = CU_add_suite("open", NULL, NULL);
    CU_ADD_TEST(suite, test_one_after_the_other);
    CU_ADD_TEST(suite, test_parts);
    CU_ADD_TEST(suite, test_alone);
    CU_ADD_TEST(suite, test_traffic_between);
    CU_ADD_TEST(suite, test_two_at_once);
    CU_ADD_TEST(suite, test_after_close);
    CU_ADD_TEST(suite, test_close_finishes);
    CU_ADD_TEST(suite, test_close_drops);
    CU_ADD_TEST(suite, test_bad_options);
    CU_ADD_TEST(suite, test_bad_communicators);
}

int main(int argc, char **argv) {
    unsigned outside = look_without_mpi();
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &my_rank);
    MPI_Comm_size(MPI_COMM_WORLD, &all_ranks);
    alarm(100);
    CU_initialize_registry();
    add_tests();
    if (my_rank == 0)
        CU_basic_set_mode(CU_BRM_VERBOSE);
    else
        CU_basic_set_mode(CU_BRM_SILENT);
    CU_basic_run_tests();
    unsigned mine = CU_get_number_of_failures() + (CU_get_number_of_tests_run() == 0), all = 1;
    for (CU_pFailureRecord f = CU_get_failure_list(); f && my_rank; f = f->pNext)
        fprintf(stderr, "rank %d, line %u: %s\n", my_rank, f->uiLineNumber, f->strCondition);
    CU_cleanup_registry();
    MPI_Allreduce(&mine, &all, 1, MPI_UNSIGNED, MPI_SUM, MPI_COMM_WORLD);
    outside += end_with_pools();
    return all + outside + look_without_mpi() != 0;
}
