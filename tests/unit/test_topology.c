/* Topology: made-up machines through hwloc, this machine's real binding, and whose wish a binding is. Plans over many
 * random machines are test_placement's. */
#include "crew/prte.h"
#include "crew/topology.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

static dmap__topology *open_one(const char *text) {
    dmap__topology *t = NULL;
    dmap__error error = {0};
    dmap_status status = dmap__topology_open(text, &t, &error);
    if (status != DMAP_OK)
        printf("\n  %s\n", error.text);
    CU_ASSERT_EQUAL_FATAL(status, DMAP_OK);
    return t;
}

/* Plans and writes the workers' CPUs one after the other, "/" between, "!" behind those that share a core. */
static void expect_plan(const dmap__topology *t, dmap__place_request request, const char *expected) {
    dmap__place *places = NULL;
    int workers = 0;
    char text[1000] = "";
    CU_ASSERT_EQUAL_FATAL(dmap__topology_plan(t, &request, &places, &workers, NULL), DMAP_OK);
    for (int w = 0; w < workers; w++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s%s", w ? "/" : "", places[w].cpus, places[w].shared ? "!" : "");
    }
    if (strcmp(text, expected) != 0)
        printf("\n  got  %s\n  want %s\n", text, expected);
    CU_ASSERT_STRING_EQUAL(text, expected);
    free(places);
}

/* Cores that this process may use: those of a lone rank. */
static int cores_of(const dmap__topology *t, bool keep_binding) {
    dmap__place_request request = {.node_size = 1, .workers = 1, .keep_binding = keep_binding};
    dmap__place *places = NULL;
    int workers = 0;
    CU_ASSERT_EQUAL_FATAL(dmap__topology_plan(t, &request, &places, &workers, NULL), DMAP_OK);
    int cores = places->end - places->begin;
    free(places);
    return cores;
}

static void test_synthetic(void) {
    dmap__topology *t = open_one("pack:2 numa:2 l3:1 core:2 pu:2");
    CU_ASSERT_EQUAL(cores_of(t, false), 8);
    CU_ASSERT_EQUAL(cores_of(t, true), 8);
    expect_plan(t, (dmap__place_request){.node_size = 1}, "0-1/2-3/4-5/6-7/8-9/10-11/12-13/14-15");
    expect_plan(t, (dmap__place_request){.node_size = 3, .node_rank = 1}, "4-5/6-7/8-9");
    expect_plan(t, (dmap__place_request){.node_size = 1, .workers = 5, .spread = DMAP_SCATTER},
                "0-1/8-9/4-5/12-13/2-3");
    expect_plan(t, (dmap__place_request){.node_size = 4, .node_rank = 3, .workers = 3}, "12-13!/14-15/12-13!");
    expect_plan(t, (dmap__place_request){.node_size = 4, .workers = 5, .bind = DMAP_BIND_PU}, "0!/2!/1!/3!/0!");
    expect_plan(t, (dmap__place_request){.node_size = 2, .workers = 1, .bind = DMAP_BIND_L3}, "0-3");
    expect_plan(t, (dmap__place_request){.node_size = 1, .workers = 3, .bind = DMAP_BIND_NUMA, .spread = DMAP_SCATTER},
                "0-3/8-11/4-7");
    expect_plan(t,
                (dmap__place_request){.node_size = 1, .workers = 2, .bind = DMAP_BIND_SOCKET, .spread = DMAP_SCATTER},
                "0-7/8-15");
    expect_plan(t, (dmap__place_request){.node_size = 1, .workers = 2, .bind = DMAP_BIND_SOCKET}, "0-7/8-15");
    expect_plan(t, (dmap__place_request){.node_size = 1, .workers = 3, .bind = DMAP_BIND_L3}, "0-3/4-7/8-11");
    expect_plan(t, (dmap__place_request){.node_size = 4, .node_rank = 1, .bind = DMAP_BIND_SOCKET}, "4-7/4-7");
    expect_plan(t, (dmap__place_request){.node_size = 2, .workers = 5, .bind = DMAP_BIND_NONE}, "////");
    expect_plan(t, (dmap__place_request){.node_size = 12, .node_rank = 1}, "0-1!");
    dmap__topology_close(t);
}

/* Core 0 and one hardware thread of core 1 are not allowed; siblings are numbered 8 apart. */
static void test_xml(void) {
    char path[1000];
    const char *slash = strrchr(__FILE__, '/');
    snprintf(path, sizeof path, "%.*sfixtures/node.xml", slash ? (int)(slash - __FILE__ + 1) : 0, __FILE__);
    dmap__topology *t = open_one(path);
    CU_ASSERT_EQUAL(cores_of(t, false), 7);
    expect_plan(t, (dmap__place_request){.node_size = 1}, "9/2,10/3,11/4,12/5,13/6,14/7,15");
    expect_plan(t, (dmap__place_request){.node_size = 1, .workers = 8, .bind = DMAP_BIND_PU}, "9/2!/3/4/5/6/7/10!");
    expect_plan(t, (dmap__place_request){.node_size = 1, .workers = 2, .bind = DMAP_BIND_NUMA}, "9/4-5,12-13");
    dmap__topology_close(t);
}

static void test_numbers(void) {
    dmap__topology *t = open_one("pack:2 numa:2 l3:1 core:2 pu:2");
    static const struct {
        dmap_bind bind;
        int core, pu, numa, socket;
    } cases[] = {{DMAP_BIND_DEFAULT, 6, -1, 3, 1}, {DMAP_BIND_CORE, 6, -1, 3, 1},  {DMAP_BIND_PU, 6, 12, 3, 1},
                 {DMAP_BIND_L3, -1, -1, 3, 1},     {DMAP_BIND_NUMA, -1, -1, 3, 1}, {DMAP_BIND_SOCKET, -1, -1, -1, 1},
                 {DMAP_BIND_NONE, -1, -1, -1, -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dmap__place_request request = {.node_rank = 3, .node_size = 4, .workers = 1, .bind = cases[i].bind};
        dmap__place *p = NULL;
        int workers = 0;
        CU_ASSERT_EQUAL_FATAL(dmap__topology_plan(t, &request, &p, &workers, NULL), DMAP_OK);
        CU_ASSERT(p->core == cases[i].core && p->pu == cases[i].pu);
        CU_ASSERT(p->numa == cases[i].numa && p->socket == cases[i].socket);
        CU_ASSERT_FALSE(dmap__topology_bind(t, p));
        free(p);
    }
    dmap__topology_close(t);
}

/* 1024 CPUs numbered round-robin over two sockets: the list does not fit, and must not end in half a number. */
static void test_long_list(void) {
    dmap__topology *t = open_one("pack:2 core:512 pu:1(indexes=pack:core)");
    dmap__place_request request = {.node_size = 1, .workers = 1, .bind = DMAP_BIND_SOCKET};
    dmap__place *p = NULL;
    int workers = 0;
    CU_ASSERT_EQUAL_FATAL(dmap__topology_plan(t, &request, &p, &workers, NULL), DMAP_OK);
    size_t length = strlen(p->cpus);
    CU_ASSERT(length > 200 && length < sizeof p->cpus);
    CU_ASSERT_EQUAL(strncmp(p->cpus, "0,2,4,6,", 8), 0);
    CU_ASSERT_STRING_EQUAL(p->cpus + length - 4, ",...");
    free(p);
    dmap__topology_close(t);
}

static void test_bad_text(void) {
    static const char *const texts[] = {"pack:2 core:", "nonsense", "", "/does/not/exist.xml", "pack:-1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        dmap__topology *t = NULL;
        dmap__error error = {0};
        CU_ASSERT_EQUAL(dmap__topology_open(texts[i], &t, &error), DMAP_EINVAL);
        CU_ASSERT_PTR_NULL(t);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, texts[i]));
    }
    dmap__topology_close(NULL);
}

/* ---- this machine ---- */

typedef struct attempt {
    const dmap__topology *topology;
    const dmap__place *place;
    bool bound;
    cpu_set_t got;
} attempt;

static void *bind_and_look(void *arg) {
    attempt *a = arg;
    a->bound = dmap__topology_bind(a->topology, a->place);
    sched_getaffinity(0, sizeof a->got, &a->got);
    return NULL;
}

static attempt try_place(const dmap__topology *t, const dmap__place *place) {
    pthread_t thread;
    attempt a = {.topology = t, .place = place};
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, bind_and_look, &a), 0);
    pthread_join(thread, NULL);
    return a;
}

/* "0-1,8" as a set. */
static cpu_set_t parse_list(const char *list) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (char *end; *list; list = *end == ',' ? end + 1 : end) {
        long first = strtol(list, &end, 10), last = *end == '-' ? strtol(end + 1, &end, 10) : first;
        for (long cpu = first; cpu <= last; cpu++)
            CPU_SET((size_t)cpu, &set);
    }
    return set;
}

static void test_binding(void) {
    cpu_set_t before, after;
    sched_getaffinity(0, sizeof before, &before);
    dmap__topology *t = open_one(NULL);
    sched_getaffinity(0, sizeof after, &after);
    CU_ASSERT(CPU_EQUAL(&before, &after));
    for (int bind = DMAP_BIND_CORE; bind <= DMAP_BIND_SOCKET; bind++) {
        dmap__place_request request = {.node_size = 1, .workers = cores_of(t, false), .bind = (dmap_bind)bind};
        dmap__place *places = NULL;
        int workers = 0;
        CU_ASSERT_EQUAL_FATAL(dmap__topology_plan(t, &request, &places, &workers, NULL), DMAP_OK);
        for (int w = 0; w < workers; w++) {
            attempt a = try_place(t, &places[w]);
            cpu_set_t wanted = parse_list(places[w].cpus);
            CU_ASSERT(a.bound);
            CU_ASSERT(CPU_COUNT(&wanted) > 0 && CPU_EQUAL(&a.got, &wanted));
            CU_ASSERT(bind != DMAP_BIND_PU || CPU_COUNT(&a.got) == 1);
        }
        free(places);
    }
    dmap__topology_close(t);
}

/* Bound to one CPU: kept, or widened, as asked. */
static void test_own_mask(void) {
    cpu_set_t before, one, wanted;
    dmap__topology *all = open_one(NULL);
    sched_getaffinity(0, sizeof before, &before);
    CPU_ZERO(&one);
    for (size_t cpu = 0; CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &before))
            CPU_SET(cpu, &one);
    CU_ASSERT_EQUAL(sched_setaffinity(0, sizeof one, &one), 0);
    dmap__topology *t = open_one(NULL);
    CU_ASSERT_EQUAL(cores_of(t, true), 1);
    CU_ASSERT_EQUAL(cores_of(t, false), cores_of(all, false));
    CU_ASSERT((dmap__topology_mask(t) == dmap__topology_mask(all)) == (CPU_EQUAL(&one, &before) != 0));

    dmap__place_request request = {.node_size = 1, .workers = 2, .keep_binding = true};
    dmap__place *places = NULL;
    int workers = 0;
    CU_ASSERT_EQUAL_FATAL(dmap__topology_plan(t, &request, &places, &workers, NULL), DMAP_OK);
    wanted = parse_list(places[1].cpus);
    CU_ASSERT(CPU_EQUAL(&wanted, &one) && places[0].shared && places[1].shared);
    free(places);

    request = (dmap__place_request){.node_size = 1, .workers = cores_of(t, false)};
    CU_ASSERT_EQUAL_FATAL(dmap__topology_plan(t, &request, &places, &workers, NULL), DMAP_OK);
    attempt a = try_place(t, &places[workers - 1]);
    wanted = parse_list(places[workers - 1].cpus);
    CU_ASSERT(a.bound && CPU_EQUAL(&a.got, &wanted) && !places[0].shared);
    free(places);

    request.bind = DMAP_BIND_NONE;
    CU_ASSERT_EQUAL_FATAL(dmap__topology_plan(t, &request, &places, &workers, NULL), DMAP_OK);
    a = try_place(t, places);
    CU_ASSERT(CPU_COUNT(&a.got) >= cores_of(t, false));
    free(places);

    request.keep_binding = true;
    CU_ASSERT_EQUAL_FATAL(dmap__topology_plan(t, &request, &places, &workers, NULL), DMAP_OK);
    a = try_place(t, places);
    CU_ASSERT(!a.bound && CPU_EQUAL(&a.got, &one));
    CU_ASSERT_STRING_EQUAL(places[0].cpus, "");
    free(places);

    sched_setaffinity(0, sizeof before, &before);
    dmap__topology_close(t);
    dmap__topology_close(all);
}

/* ---- whose wish ---- */

static void test_bound_by_user(void) {
    static const struct {
        const char *variables[4]; /* name, value, … */
        bool wish;
    } cases[] = {
        {{NULL}, true},
        {{"OMPI_MCA_orte_bound_at_launch", "1"}, false},
        {{"OMPI_MCA_orte_bound_at_launch", "1", "OMPI_MCA_hwloc_base_binding_policy", "core"}, true},
        {{"OMPI_MCA_orte_bound_at_launch", "1", "OMPI_MCA_hwloc_base_bind_to_core", "1"}, true},
        {{"OMPI_MCA_orte_bound_at_launch", "1", "OMPI_MCA_hwloc_base_cpu_list", "1"}, true},
        {{"OMPI_MCA_orte_bound_at_launch", "1", "OMPI_MCA_orte_rankfile", "rf"}, true},
        {{"OMPI_MCA_orte_bound_at_launch", "1", "OMPI_MCA_rmaps_base_mapping_policy", "socket:PE=2"}, true},
        {{"OMPI_MCA_orte_bound_at_launch", "1", "OMPI_MCA_rmaps_base_mapping_policy", "socket"}, false},
        {{"OMPI_MCA_rmaps_base_mapping_policy", ":OVERSUBSCRIBE"}, true},
        {{"OMPI_MCA_hwloc_base_binding_policy", "none"}, true},
        {{"PRTE_LAUNCHED", "1"}, false},
        {{"SLURM_CPU_BIND", "quiet,mask_cpu:0x3"}, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int v = 0; v < 4 && cases[i].variables[v]; v += 2)
            setenv(cases[i].variables[v], cases[i].variables[v + 1], 1);
        if (dmap__topology_is_bound_by_user() != cases[i].wish) {
            printf("\n  case %zu\n", i);
            CU_FAIL("another wish");
        }
        for (int v = 0; v < 4 && cases[i].variables[v]; v += 2)
            unsetenv(cases[i].variables[v]);
    }
}

/* What mpirun 5.0.7 answered, and what it had been told. */
static void test_prte(void) {
    static const struct {
        const char *binding, *mapping, *place;
        bool wish;
    } cases[] = {
        {NULL, NULL, NULL, false}, /* no answer */
        {"CORE:IF-SUPPORTED", "BYCORE:NOOVERSUBSCRIBE", "SK0:L30:L20:L10:CR0:HT0:NM0", false},
        {"CORE:IF-SUPPORTED", "BYCORE:NOOVERSUBSCRIBE", "SK0:L30:L20:L10:CR0:HT0-1:NM0", false}, /* two threads of it */
        {"NUMA:IF-SUPPORTED", "BYNUMA:NOOVERSUBSCRIBE", "SK0:L30:L20-1:L10-1:CR0-1:HT0-1:NM0", false},
        {"CORE", "BYCORE:NOOVERSUBSCRIBE", "SK0:L30:L20:L10:CR0:HT0:NM0", true}, /* --bind-to core */
        {"CORE:OVERLOAD-ALLOWED", "BYCORE:NOOVERSUBSCRIBE", "SK0:L30:L20:L10:CR0:HT0:NM0", true},
        {"NONE", "BYCORE:OVERSUBSCRIBE", NULL, true},                                          /* --bind-to none */
        {"CORE:IF-SUPPORTED", "PE-LIST:NOOVERSUBSCRIBE", "SK0:L30:L21:L11:CR1:HT1:NM0", true}, /* --cpu-set 1 */
        {"CORE:IF-SUPPORTED", "BYUSER:NOOVERSUBSCRIBE", "SK0:L30:L21:L11:CR1:HT1:NM0", true},  /* a rank file */
        {"CORE:IF-SUPPORTED", "BYSLOT:NOOVERSUBSCRIBE", "SK0:L30:L20-1:L10-1:CR0-1:HT0-1:NM0", true}, /* PE=2 */
        {"CORE:IF-SUPPORTED", "BYSLOT:NOOVERSUBSCRIBE", "SK0:L30:L20,2:L10,2:CR0,2:HT0,2:NM0", true},
        {"CORE:IF-SUPPORTED", NULL, NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (dmap__prte_means(cases[i].binding, cases[i].mapping, cases[i].place) != cases[i].wish) {
            printf("\n  case %zu\n", i);
            CU_FAIL("another wish");
        }
}

int main(void) {
    CU_TestInfo tests[] = {{"synthetic machine", test_synthetic},
                           {"machine from XML, with a cpuset", test_xml},
                           {"numbers of a place", test_numbers},
                           {"a list too long", test_long_list},
                           {"bad text", test_bad_text},
                           {"real binding", test_binding},
                           {"own mask kept or widened", test_own_mask},
                           {"bound by the user?", test_bound_by_user},
                           {"bound by PRRTE's user?", test_prte},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "topology", .pTests = tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
