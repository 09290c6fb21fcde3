/* Placement: random machines, ranks and workers, each plan checked for what placement.h promises. */
#include "crew/placement.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

enum { MAX_CORES = 160, MAX_RANKS = 12, MAX_WORKERS = 60, ROUNDS = 20000 };

static uint64_t random_state;

static int pick(int low, int high) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return low + (int)((random_state >> 33) % (uint64_t)(high - low + 1));
}

typedef struct machine {
    dmap__core cores[MAX_CORES];
    int n;
} machine;

/* Irregular on purpose: any part may lack cores or hardware threads, as under a cpuset. */
static void make_machine(machine *m) {
    int sockets = pick(1, 3), nodes = pick(1, 3), caches = pick(1, 3), cores = pick(1, 4), pus = pick(1, 3);
    int missing = pick(0, 1) ? 0 : 30, next_pu = 0, node = -1, cache = -1, core = -1;
    m->n = 0;
    for (int s = 0; s < sockets; s++) {
        for (int i = 0; i < nodes * caches * cores; i++) {
            node += i % (caches * cores) == 0;
            cache += i % cores == 0;
            core++;
            if (m->n > 0 && pick(1, 100) <= missing)
                continue;
            dmap__core c = {core, cache, node, s, next_pu, missing ? pick(1, pus) : pus};
            next_pu += c.pus;
            m->cores[m->n++] = c;
        }
    }
}

typedef struct plan {
    dmap__share shares[MAX_RANKS];
    dmap__spot spots[MAX_RANKS][MAX_WORKERS];
    int ranks, workers;
    dmap_bind bind;
    dmap_spread spread;
    int load[MAX_CORES]; /* workers of all ranks on each core */
} plan;

static void make_plan(const machine *m, plan *p) {
    memset(p->load, 0, sizeof p->load);
    for (int r = 0; r < p->ranks; r++) {
        p->shares[r] = dmap__share_cores(m->n, r, p->ranks);
        dmap_status status = dmap__place_workers(m->cores, &p->shares[r], p->bind, p->spread, p->workers, p->spots[r]);
        if (status != DMAP_OK)
            CU_FAIL("out of memory");
        for (int w = 0; w < p->workers; w++)
            p->load[p->spots[r][w].core]++;
    }
}

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            return #condition;                                                                                         \
    } while (0)

static const char *check_shares(const machine *m, const plan *p) {
    int owners[MAX_CORES] = {0}, low = m->n, high = 0;
    for (int r = 0; r < p->ranks; r++) {
        const dmap__share *s = &p->shares[r];
        int size = s->end - s->begin;
        CHECK(size >= 1 && s->begin >= 0 && s->end <= m->n);
        CHECK(s->turn >= 0 && s->turn < s->sharers);
        low = size < low ? size : low;
        high = size > high ? size : high;
        for (int c = s->begin; c < s->end; c++)
            CHECK(owners[c]++ == s->turn);
    }
    for (int c = 0; c < m->n; c++) {
        CHECK(owners[c] >= 1);
        CHECK(p->ranks > m->n || owners[c] == 1);
        CHECK(owners[c] <= (p->ranks + m->n - 1) / m->n);
    }
    CHECK(high - low <= 1);
    for (int r = 0; r < p->ranks; r++)
        CHECK(owners[p->shares[r].begin] == p->shares[r].sharers);
    return NULL;
}

static const char *check_spots(const machine *m, const plan *p) {
    bool idle = false, doubled = false;
    for (int c = 0; c < m->n; c++) {
        idle = idle || p->load[c] == 0;
        doubled = doubled || p->load[c] > 1;
    }
    /* a rank that asks for hardware threads may take a sibling only once all cores of all ranks are taken, too */
    CHECK(!(idle && doubled));
    for (int r = 0; r < p->ranks; r++) {
        for (int w = 0; w < p->workers; w++) {
            const dmap__spot *spot = &p->spots[r][w];
            CHECK(spot->core >= p->shares[r].begin && spot->core < p->shares[r].end);
            CHECK(spot->sibling >= 0 && spot->sibling < m->cores[spot->core].pus);
            CHECK(p->bind == DMAP_BIND_PU || spot->sibling == 0);
            CHECK(spot->shared == (p->load[spot->core] > 1));
        }
    }
    return NULL;
}

/* Cores of a share (with DMAP_BIND_PU: hardware threads) are loaded evenly, over all ranks that have it. */
static const char *check_even(const machine *m, const plan *p, int rank) {
    const dmap__share *s = &p->shares[rank];
    int uses[MAX_CORES * 3] = {0}, low = p->ranks * p->workers, high = 0;
    for (int r = 0; r < p->ranks; r++)
        for (int w = 0; w < p->workers; w++)
            uses[m->cores[p->spots[r][w].core].pu_begin + p->spots[r][w].sibling]++;
    for (int c = s->begin; c < s->end; c++) {
        int pus = p->bind == DMAP_BIND_PU ? m->cores[c].pus : 1;
        for (int i = m->cores[c].pu_begin; i < m->cores[c].pu_begin + pus; i++) {
            low = uses[i] < low ? uses[i] : low;
            high = uses[i] > high ? uses[i] : high;
        }
    }
    CHECK(high - low <= 1);
    return NULL;
}

/* A group (a socket's NUMA node, or an L3 cache of it) has a worker more than another of its kind only if that one is
 * full. Holds as long as no core is doubled up. */
static const char *check_groups(const machine *m, const plan *p, int rank, bool caches) {
    const dmap__share *s = &p->shares[rank];
    for (int a = s->begin; a < s->end; a++) {
        for (int b = s->begin; b < s->end; b++) {
            const dmap__core *x = &m->cores[a], *y = &m->cores[b];
            if (caches && x->numa != y->numa)
                continue;
            int load_x = 0, load_y = 0, room_y = 0;
            for (int c = s->begin; c < s->end; c++) {
                const dmap__core *z = &m->cores[c];
                load_x += caches ? (z->l3 == x->l3) * p->load[c] : (z->numa == x->numa) * p->load[c];
                load_y += caches ? (z->l3 == y->l3) * p->load[c] : (z->numa == y->numa) * p->load[c];
                room_y += caches ? z->l3 == y->l3 : z->numa == y->numa;
            }
            CHECK(load_x <= load_y + 1 || load_y == room_y);
        }
    }
    return NULL;
}

/* Side by side; but if each has more than its core, in parts of the share that differ by a core at the most. */
static const char *check_compact(const plan *p, int rank) {
    int cores = p->shares[rank].end - p->shares[rank].begin, step = cores / p->workers;
    bool is_wide = p->bind == DMAP_BIND_L3 || p->bind == DMAP_BIND_NUMA || p->bind == DMAP_BIND_SOCKET;
    for (int w = 1; w < p->workers && w < cores; w++) {
        int apart = p->spots[rank][w].core - p->spots[rank][w - 1].core;
        CHECK(is_wide && step ? apart == step || apart == step + 1 : apart == 1);
    }
    return NULL;
}

static const char *check_plan(const machine *m, const plan *p) {
    const char *broken = check_shares(m, p);
    broken = broken ? broken : check_spots(m, p);
    for (int r = 0; r < p->ranks && !broken; r++) {
        bool room = p->workers <= p->shares[r].end - p->shares[r].begin;
        broken = check_even(m, p, r);
        if (!broken && p->spread == DMAP_COMPACT)
            broken = check_compact(p, r);
        if (!broken && p->spread == DMAP_SCATTER && room && p->shares[r].sharers == 1) {
            broken = check_groups(m, p, r, false);
            broken = broken ? broken : check_groups(m, p, r, true);
        }
    }
    return broken;
}

static void test_random(void) {
    static machine m;
    static plan p, again;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t state = random_state;
        make_machine(&m);
        p.ranks = pick(1, MAX_RANKS);
        p.workers = pick(1, pick(0, 1) ? MAX_WORKERS : 8);
        p.bind = (dmap_bind)pick(DMAP_BIND_CORE, DMAP_BIND_NONE);
        p.spread = (dmap_spread)pick(DMAP_COMPACT, DMAP_SCATTER);
        make_plan(&m, &p);
        const char *broken = check_plan(&m, &p);
        if (broken) {
            printf("\n  round %d (state %llu): %d cores, %d ranks, %d workers, bind %d, spread %d: not so: %s\n", i,
                   (unsigned long long)state, m.n, p.ranks, p.workers, (int)p.bind, (int)p.spread, broken);
            CU_FAIL("a promise is broken");
            return;
        }
        memcpy(&again, &p, sizeof p);
        memset(again.spots, 0x55, sizeof again.spots);
        make_plan(&m, &again);
        for (int r = 0; r < p.ranks; r++) {
            for (int w = 0; w < p.workers; w++) {
                const dmap__spot *x = &p.spots[r][w], *y = &again.spots[r][w];
                if (x->core != y->core || x->sibling != y->sibling || x->shared != y->shared) {
                    CU_FAIL("not the same plan twice");
                    return;
                }
            }
        }
    }
    CU_PASS("all rounds");
}

static void expect_cores(const machine *m, dmap_bind bind, dmap_spread spread, const char *expected) {
    dmap__share share = dmap__share_cores(m->n, 0, 1);
    dmap__spot spots[8];
    char text[100] = "";
    CU_ASSERT_EQUAL(dmap__place_workers(m->cores, &share, bind, spread, 8, spots), DMAP_OK);
    for (int w = 0; w < 8; w++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%d.%d ", spots[w].core, spots[w].sibling);
    }
    CU_ASSERT_STRING_EQUAL(text, expected);
}

/* Two sockets of two NUMA nodes of two cores of two hardware threads. */
static void test_known(void) {
    machine m = {.n = 8};
    for (int c = 0; c < 8; c++)
        m.cores[c] = (dmap__core){c, c / 4, c / 2, c / 4, 2 * c, 2};
    expect_cores(&m, DMAP_BIND_CORE, DMAP_COMPACT, "0.0 1.0 2.0 3.0 4.0 5.0 6.0 7.0 ");
    expect_cores(&m, DMAP_BIND_CORE, DMAP_SCATTER, "0.0 4.0 2.0 6.0 1.0 5.0 3.0 7.0 ");
    m.n = 3;
    expect_cores(&m, DMAP_BIND_CORE, DMAP_SCATTER, "0.0 2.0 1.0 0.0 2.0 1.0 0.0 2.0 ");
    expect_cores(&m, DMAP_BIND_PU, DMAP_COMPACT, "0.0 1.0 2.0 0.1 1.1 2.1 0.0 1.0 ");
}

static void test_many_ranks(void) {
    int counts[3] = {0};
    for (int r = 0; r < 7; r++) {
        dmap__share s = dmap__share_cores(3, r, 7);
        counts[s.begin]++;
        CU_ASSERT_EQUAL(s.end, s.begin + 1);
    }
    CU_ASSERT(counts[0] == 3 && counts[1] == 2 && counts[2] == 2);
    dmap__share last = dmap__share_cores(1, INT32_MAX - 1, INT32_MAX);
    CU_ASSERT(last.begin == 0 && last.turn == INT32_MAX - 1);
}

int main(void) {
    const char *seed = getenv("DMAP_SEED");
    random_state = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    printf("DMAP_SEED=%llu\n", (unsigned long long)random_state);
    CU_TestInfo tests[] = {{"known machine", test_known},
                           {"more ranks than cores", test_many_ranks},
                           {"random machines", test_random},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "placement", .pTests = tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
