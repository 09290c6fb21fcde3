/* Messages between ranks: contents, order, sizes at every edge of the layout, memory that is out, closing, the
 * collectives of opening, and memory of the master that other ranks write to. Run under mpirun with any number of
 * ranks, also 1; MPI itself is reached through comm only.
 *
 * What is random comes from one seed, which is printed: DMAP_SEED repeats a run. DMAP_SLOW=1 adds what takes long or
 * much memory: a message of 2.5 GiB, and closing while a peer does not receive. */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include "comm_world.h"

static bool is_slow_wanted(void) {
    const char *slow = getenv("DMAP_SLOW");
    return slow && *slow == '1';
}

static void add_tests(void) {
    CU_pSuite suite = CU_add_suite("comm", NULL, NULL);
    CU_ADD_TEST(suite, test_agree);
    CU_ADD_TEST(suite, test_bcast);
    CU_ADD_TEST(suite, test_gather);
    CU_ADD_TEST(suite, test_hosts);
    CU_ADD_TEST(suite, test_reach);
    CU_ADD_TEST(suite, test_gates);
    CU_ADD_TEST(suite, test_traffic);
    CU_ADD_TEST(suite, test_many_small);
    CU_ADD_TEST(suite, test_order);
    CU_ADD_TEST(suite, test_no_hold_up);
    CU_ADD_TEST(suite, test_take);
    CU_ADD_TEST(suite, test_bytes);
    CU_ADD_TEST(suite, test_no_memory);
    CU_ADD_TEST(suite, test_close_unsent);
    if (is_slow_wanted()) {
        CU_ADD_TEST(suite, test_huge);
        CU_ADD_TEST(suite, test_close_unreceived);
    }
}

/* Rank 0's seed is everyone's. */
static void agree_on_seed(void) {
    dmap__comm *comm = comm_open();
    const char *given = getenv("DMAP_SEED");
    seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32;
    dmap__comm_bcast(comm, &seed, sizeof seed, NULL);
    if (dmap__comm_rank(comm) == 0)
        printf("DMAP_SEED=%" PRIu64 ", %d ranks, %s\n", seed, dmap__comm_size(comm), dmap__comm_library());
    else if (!freopen("/dev/null", "w", stdout))
        perror("freopen");
    dmap__comm_close(comm);
}

static uint64_t failures_of_all(void) {
    dmap__comm *comm = comm_open();
    int ranks = dmap__comm_size(comm);
    uint64_t mine = CU_get_number_of_failures() + (CU_get_number_of_tests_run() == 0), sum = 0;
    uint64_t *all = calloc((size_t)ranks, sizeof *all);
    dmap__comm_gather(comm, &mine, sizeof mine, all, NULL);
    for (int rank = 0; rank < ranks; rank++) {
        sum += all[rank];
        if (all[rank] && dmap__comm_rank(comm) == 0)
            printf("rank %d: %" PRIu64 " failures\n", rank, all[rank]);
    }
    if (mine && dmap__comm_rank(comm) != 0)
        for (CU_pFailureRecord f = CU_get_failure_list(); f; f = f->pNext)
            fprintf(stderr, "rank %d, line %u: %s\n", dmap__comm_rank(comm), f->uiLineNumber, f->strCondition);
    free(all);
    dmap__comm_close(comm);
    return sum;
}

int main(int argc, char **argv) {
    dmap__error error = {.status = DMAP_OK};
    int expected = 0;
    dmap__comm_launched(&expected);
    if (dmap__comm_init_mpi(&argc, &argv, expected, false, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    agree_on_seed();
    CU_initialize_registry();
    add_tests();
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    uint64_t failures = failures_of_all();
    CU_cleanup_registry();
    dmap__comm_finalize_mpi();
    return failures != 0;
}
