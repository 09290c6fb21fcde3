/* Inner libraries: a worker's share, the variables, and who is told. The libraries are this program's own: functions of
 * their names, which dmap finds as it would find the real ones. With a real one: tests/mpi/test_openmp.c. */
#include "cpu/nested_threads.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <dmap/status.h>

#include "unit.h"

static const char *const variables[] = {"OMP_NUM_THREADS",  "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                                        "BLIS_NUM_THREADS", "NUMEXPR_NUM_THREADS",  "VECLIB_MAXIMUM_THREADS"};
enum { N_VARIABLES = sizeof variables / sizeof variables[0] };

/* What each library was told last; 0: nothing. */
static int openmp, openblas, mkl;
static int64_t blis;

DMAP_API void omp_set_num_threads(int threads);
DMAP_API void openblas_set_num_threads(int threads);
DMAP_API void MKL_Set_Num_Threads_Local(int threads);
DMAP_API void bli_thread_set_num_threads(int64_t threads);

void omp_set_num_threads(int threads) {
    openmp = threads;
}

void openblas_set_num_threads(int threads) {
    openblas = threads;
}

void MKL_Set_Num_Threads_Local(int threads) {
    mkl = threads;
}

void bli_thread_set_num_threads(int64_t threads) {
    blis = threads;
}

static bool told(int omp, int open, int math, int bli) {
    return openmp == omp && openblas == open && mkl == math && blis == bli;
}

static void begin(void) {
    openmp = openblas = mkl = 0;
    blis = 0;
    for (int i = 0; i < N_VARIABLES; i++)
        unsetenv(variables[i]);
}

static bool is_set(int variable, const char *value) {
    const char *text = getenv(variables[variable]);
    return value ? text && strcmp(text, value) == 0 : !text;
}

static void test_share(void) {
    dmap__place wide[2] = {{.cores = 8}, {.cores = 8}}, core[2] = {{.cores = 1}, {.cores = 1}};
    dmap__place mixed[2] = {{.cores = 8}, {.cores = 3}};
    CU_ASSERT_EQUAL(dmap__nested_threads_share(8, wide, 1), 8);
    CU_ASSERT_EQUAL(dmap__nested_threads_share(8, wide, 2), 4);
    CU_ASSERT_EQUAL(dmap__nested_threads_share(7, wide, 2), 3);
    CU_ASSERT_EQUAL(dmap__nested_threads_share(1, wide, 2), 1);
    CU_ASSERT_EQUAL(dmap__nested_threads_share(8, core, 2), 1);
    CU_ASSERT_EQUAL(dmap__nested_threads_share(8, mixed, 2), 3);
}

static void test_nothing_set(void) {
    begin();
    dmap__nested_threads inner = dmap__nested_threads_open(3);
    for (int i = 0; i < N_VARIABLES; i++)
        CU_ASSERT(is_set(i, "3"));
    CU_ASSERT(told(0, 3, 0, 3));
    dmap__nested_threads_enter(inner);
    CU_ASSERT(told(3, 3, 3, 3));
    dmap__nested_threads_close(inner);
    for (int i = 0; i < N_VARIABLES; i++)
        CU_ASSERT(is_set(i, NULL));
}

/* A process finds the variables set by its rank: only what it is given says whose they are. */
static void test_process(void) {
    begin();
    dmap__nested_threads inner = dmap__nested_threads_open(3);
    openblas = 0;
    blis = 0;
    dmap__nested_threads_enter_process(inner);
    CU_ASSERT(told(3, 3, 3, 3));
    dmap__nested_threads_close(inner);
}

/* The others follow OpenMP's variable, but for the last. */
static void test_openmp_set(void) {
    begin();
    setenv("OMP_NUM_THREADS", "5", 1);
    dmap__nested_threads inner = dmap__nested_threads_open(3);
    for (int i = 0; i < N_VARIABLES - 1; i++)
        CU_ASSERT(is_set(i, i == 0 ? "5" : NULL));
    CU_ASSERT(is_set(N_VARIABLES - 1, "3"));
    dmap__nested_threads_enter_process(inner);
    CU_ASSERT(told(0, 0, 0, 0));
    dmap__nested_threads_close(inner);
    CU_ASSERT(is_set(0, "5") && is_set(N_VARIABLES - 1, NULL));
}

static void test_one_set(void) {
    begin();
    setenv("MKL_NUM_THREADS", "6", 1);
    setenv("BLIS_NUM_THREADS", "", 1); /* empty: nobody's wish */
    dmap__nested_threads inner = dmap__nested_threads_open(2);
    CU_ASSERT(is_set(0, "2") && is_set(1, "2") && is_set(2, "6") && is_set(3, "2"));
    dmap__nested_threads_enter_process(inner);
    CU_ASSERT(told(2, 2, 0, 2));
    dmap__nested_threads_close(inner);
    CU_ASSERT(is_set(0, NULL) && is_set(2, "6"));
}

/* Two pools: what the first one set is not taken for the user's, and is there as long as either is open. */
static void test_two(void) {
    begin();
    setenv("MKL_NUM_THREADS", "6", 1);
    dmap__nested_threads first = dmap__nested_threads_open(2), second = dmap__nested_threads_open(4);
    CU_ASSERT_EQUAL(first.variables, second.variables);
    CU_ASSERT(is_set(0, "4") && is_set(2, "6"));
    dmap__nested_threads_close(first);
    CU_ASSERT(is_set(0, "4"));
    dmap__nested_threads_close(second);
    CU_ASSERT(is_set(0, NULL) && is_set(2, "6"));
    setenv("OMP_NUM_THREADS", "4", 1);
    dmap__nested_threads third = dmap__nested_threads_open(1);
    CU_ASSERT(is_set(0, "4"));
    dmap__nested_threads_close(third);
    CU_ASSERT(is_set(0, "4"));
}

/* What the program sets while a pool is open is its own. */
static void test_set_meanwhile(void) {
    begin();
    dmap__nested_threads inner = dmap__nested_threads_open(2);
    setenv("OMP_NUM_THREADS", "7", 1);
    dmap__nested_threads_close(inner);
    CU_ASSERT(is_set(0, "7") && is_set(1, NULL));
    begin();
}

static void test_none(void) {
    begin();
    dmap__nested_threads_enter((dmap__nested_threads){0});
    dmap__nested_threads_enter_process((dmap__nested_threads){0});
    dmap__nested_threads_close((dmap__nested_threads){0});
    CU_ASSERT(told(0, 0, 0, 0));
}

int main(void) {
    CU_TestInfo tests[] = {{"share", test_share},
                           {"nothing set", test_nothing_set},
                           {"a worker's process", test_process},
                           {"OMP_NUM_THREADS set", test_openmp_set},
                           {"another one set", test_one_set},
                           {"two pools", test_two},
                           {"set meanwhile", test_set_meanwhile},
                           {"nothing opened", test_none},
                           CU_TEST_INFO_NULL};
    return unit_run("inner", tests);
}
