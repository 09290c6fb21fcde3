/* The parts of src/net beside fragments that need no MPI: queues and their turns, the table of hosts, the launcher,
 * settings, the MPI library's name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include "net/comm.h"
#include "net/hosts.h"
#include "net/library.h"
#include "net/peer_queues.h"
#include "net/settings.h"

/* ---- queues ---- */

static void test_lane_order(void) {
    dmap__peer_queues queues;
    dmap__peer_queue_entry entries[3];
    CU_ASSERT_FATAL(dmap__peer_queues_init(&queues, 2));
    CU_ASSERT(dmap__peer_queues_is_empty(&queues));
    CU_ASSERT_EQUAL(dmap__peer_queues_take_turn(&queues), -1);
    for (int i = 0; i < 3; i++)
        dmap__peer_queues_push(&queues, 1, &entries[i]);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(dmap__peer_queues_take_turn(&queues), 1);
        CU_ASSERT_PTR_EQUAL(dmap__peer_queues_front(&queues, 1), &entries[i]);
        dmap__peer_queues_pop(&queues, 1);
        dmap__peer_queues_end_turn(&queues, 1);
    }
    CU_ASSERT_PTR_NULL(dmap__peer_queues_front(&queues, 1));
    CU_ASSERT(dmap__peer_queues_is_empty(&queues));
    dmap__peer_queues_push(&queues, 1, &entries[0]);
    CU_ASSERT_EQUAL(dmap__peer_queues_take_turn(&queues), 1);
    dmap__peer_queues_fini(&queues);
}

/* Lanes with entries take turns in a round; a push during a queue's own turn lists it once. */
static void test_turns(void) {
    dmap__peer_queues queues;
    dmap__peer_queue_entry entries[8];
    CU_ASSERT_FATAL(dmap__peer_queues_init(&queues, 5));
    const int peers[3] = {4, 0, 2};
    for (int i = 0; i < 3; i++)
        dmap__peer_queues_push(&queues, peers[i], &entries[i]);
    for (int i = 0; i < 9; i++) {
        CU_ASSERT_EQUAL(dmap__peer_queues_take_turn(&queues), peers[i % 3]);
        dmap__peer_queues_end_turn(&queues, peers[i % 3]);
    }
    int peer = dmap__peer_queues_take_turn(&queues);
    dmap__peer_queues_pop(&queues, peer);
    dmap__peer_queues_push(&queues, peer, &entries[3]);
    dmap__peer_queues_push(&queues, peer, &entries[4]);
    dmap__peer_queues_push(&queues, 3, &entries[5]);
    dmap__peer_queues_end_turn(&queues, peer);
    const int then[5] = {0, 2, 3, 4, 0};
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(dmap__peer_queues_take_turn(&queues), then[i]);
        dmap__peer_queues_end_turn(&queues, then[i]);
    }
    dmap__peer_queues_fini(&queues);
}

/* ---- hosts ---- */

static void test_hosts(void) {
    const char names[7][DMAP__HOST_BYTES] = {"node2", "node10", "node2", "a", "node10", "node2", ""};
    const dmap__host_place expected[7] = {{0, 3, 0}, {0, 2, 1}, {1, 3, 0}, {0, 1, 3}, {1, 2, 1}, {2, 3, 0}, {0, 1, 6}};
    dmap__host_place places[7];
    CU_ASSERT_FATAL(dmap__hosts_place(names, 7, places));
    for (int i = 0; i < 7; i++) {
        CU_ASSERT_EQUAL(places[i].rank, expected[i].rank);
        CU_ASSERT_EQUAL(places[i].size, expected[i].size);
        CU_ASSERT_EQUAL(places[i].leader, expected[i].leader);
    }
}

/* ---- launcher ---- */

static void test_launcher(void) {
    static const char *const variables[] = {"OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE", "PMIX_RANK", "SLURM_NTASKS",
                                            "SLURM_STEP_NUM_TASKS"};
    enum { N = sizeof variables / sizeof *variables };
    static const struct {
        const char *values[N];
        bool is_launched;
        int size;
    } table[] = {
        {{NULL}, false, 0},
        {{"4"}, true, 4},
        {{"1"}, true, 1},
        {{"x"}, true, 0},
        {{"4x"}, true, 0},
        {{""}, true, 0},
        {{"-3"}, true, 0},
        {{"99999999999999999999"}, true, 0},
        {{NULL, "0", "3"}, true, 3},
        {{NULL, "0"}, true, 0},
        {{NULL, NULL, "3"}, true, 3},
        {{NULL, NULL, NULL, "0"}, true, 0},
        {{NULL, NULL, NULL, "0", "8", "6"}, true, 6},
        {{NULL, NULL, NULL, NULL, "8"}, false, 0},      /* the shell of a salloc */
        {{NULL, NULL, NULL, NULL, "8", "8"}, true, 8},  /* srun --mpi=none */
        {{NULL, NULL, NULL, NULL, "8", "1"}, false, 0}, /* the same, of one task; a shell of srun --pty */
        {{"2", NULL, NULL, "0", "8", "8"}, true, 2},    /* mpirun inside an allocation */
        {{NULL, "1", "2", NULL, "8", "8"}, true, 2},    /* MPICH's there, or srun --mpi=pmi2 */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        for (int v = 0; v < N; v++) {
            unsetenv(variables[v]);
            if (table[i].values[v])
                setenv(variables[v], table[i].values[v], 1);
        }
        int size = -1;
        CU_ASSERT_EQUAL(dmap__comm_launched(&size), table[i].is_launched);
        CU_ASSERT_EQUAL(size, table[i].size);
        CU_ASSERT_EQUAL(dmap__comm_lacks_pmi(), table[i].is_launched && !table[i].values[0] && !table[i].values[1] &&
                                                    !table[i].values[2] && !table[i].values[3]);
    }
}

static void test_not_joined(void) {
    dmap__error error;
    unsetenv("PMI_RANK"); /* of the last launcher */
    unsetenv("PMI_SIZE");
    setenv("SLURM_STEP_NUM_TASKS", "8", 1);
    CU_ASSERT_EQUAL(dmap__comm_not_joined(8, "MPICH 4.0.2", &error), DMAP_EMPI);
    CU_ASSERT(strstr(error.text, "srun started 8 tasks") && strstr(error.text, "try srun --mpi=pmi2"));
    dmap__comm_not_joined(8, "Open MPI v4.1.4", &error);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "try srun --mpi=pmix"));
    unsetenv("SLURM_STEP_NUM_TASKS");
    dmap__comm_not_joined(2, "MPICH 4.0.2", &error);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "another MPI (MPICH 4.0.2)"));
}

/* ---- settings ---- */

static const char *btl_after(const char *here, const char *all, const char *users, const char *in_file,
                             const char *home) {
    char path[600];
    snprintf(path, sizeof path, "%s/.openmpi/mca-params.conf", home);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file, "# btl = no\nbtl_base_verbose = 0\n%s\n", in_file);
    fclose(file);
    setenv("OMPI_COMM_WORLD_LOCAL_SIZE", here, 1);
    setenv("OMPI_COMM_WORLD_SIZE", all, 1);
    unsetenv("OMPI_MCA_btl");
    if (users)
        setenv("OMPI_MCA_btl", users, 1);
    dmap__settings_choose("Open MPI v5.0.7");
    return getenv("OMPI_MCA_btl") ? getenv("OMPI_MCA_btl") : "";
}

/* Shared memory alone for several ranks of one host, where the user has not chosen. (A choice of the machine's own file
 * would stand, too, and fail this.) */
static void test_settings(void) {
    char home[] = "/tmp/dmap-home-XXXXXX", path[600];
    const char *before = getenv("HOME");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(home));
    snprintf(path, sizeof path, "%s/.openmpi", home);
    CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
    setenv("HOME", home, 1);
    CU_ASSERT_STRING_EQUAL(btl_after("2", "2", NULL, "", home), "self,sm");
    CU_ASSERT_STRING_EQUAL(btl_after("2", "4", NULL, "", home), "");
    CU_ASSERT_STRING_EQUAL(btl_after("1", "1", NULL, "", home), "");
    CU_ASSERT_STRING_EQUAL(btl_after("2", "2", "tcp,self", "", home), "tcp,self");
    CU_ASSERT_STRING_EQUAL(btl_after("2", "2", NULL, " btl =\ttcp,self", home), "");
    CU_ASSERT_STRING_EQUAL(btl_after("2", "2", NULL, "btl=^sm", home), "");
    CU_ASSERT_STRING_EQUAL(btl_after("2", "2", NULL, "btl = ^uct,openib,ofi", home), "self,sm");
    unsetenv("OMPI_MCA_btl");
    dmap__settings_choose("Open MPI v4.1.4");
    dmap__settings_choose("MPICH 4.0.2");
    CU_ASSERT_PTR_NULL(getenv("OMPI_MCA_btl"));
    unsetenv("OMPI_COMM_WORLD_SIZE");
    unsetenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    setenv("SLURM_STEP_NUM_TASKS", "3", 1);
    setenv("SLURM_STEP_NUM_NODES", "2", 1);
    dmap__settings_choose("Open MPI v5.0.7");
    CU_ASSERT_PTR_NULL(getenv("OMPI_MCA_btl"));
    setenv("SLURM_STEP_NUM_NODES", "1", 1);
    dmap__settings_choose("Open MPI v10.0.0");
    CU_ASSERT_PTR_NOT_NULL(getenv("OMPI_MCA_btl"));
    unsetenv("SLURM_STEP_NUM_NODES");
    unsetenv("SLURM_STEP_NUM_TASKS");
    unsetenv("OMPI_MCA_btl");
    setenv("HOME", before ? before : "/", 1);
    unlink(strcat(path, "/mca-params.conf"));
    snprintf(path, sizeof path, "%s/.openmpi", home);
    rmdir(path);
    rmdir(home);
}

/* ---- library ---- */

static void test_library(void) {
    static const struct {
        const char *text, *name;
    } table[] = {
        {"Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4, repo rev: v4.1.4, May 26, 2022", "Open MPI v4.1.4"},
        {"MPICH Version:\t4.0.2\nMPICH Release date:\tThu Apr  7 12:34:45 CDT 2022\nMPICH ABI:\t14:2:2\n",
         "MPICH 4.0.2"},
        {"MVAPICH2 Version      :\t2.3.7\nMVAPICH2 Release date:\tx\n", "MVAPICH2 Version      : 2.3.7"},
        {"MPICH Version:      4.2.0\n", "MPICH 4.2.0"},
        {"Intel(R) MPI Library 2021.9 for Linux* OS\n", "Intel(R) MPI Library 2021.9 for Linux* OS"},
        {"A library\nits Version:\t1", "A library"},
        {"a name that is longer than the place for a name is cut where it ends",
         "a name that is longer than the place for a name"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char name[48];
        dmap__library_name(table[i].text, name, sizeof name);
        CU_ASSERT_STRING_EQUAL(name, table[i].name);
    }
}

int main(void) {
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("net parts", NULL, NULL);
    CU_ADD_TEST(suite, test_lane_order);
    CU_ADD_TEST(suite, test_turns);
    CU_ADD_TEST(suite, test_hosts);
    CU_ADD_TEST(suite, test_launcher);
    CU_ADD_TEST(suite, test_not_joined);
    CU_ADD_TEST(suite, test_settings);
    CU_ADD_TEST(suite, test_library);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
