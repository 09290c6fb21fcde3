/* Bells: no ring is lost between two threads, nor between two processes that find each other's pages; what is not those
 * pages is not rung. */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/node_shm.h"
#include "unit.h"

enum { ROUNDS = 100000, RINGERS = 3 };

#define LONG_S 20

/* Two bells, struck in turn: each side waits for its own, without a limit that a lost ring would be saved by. */
typedef struct pair {
    dmap__bell *mine, *others;
} pair;

/* Now and then for a while, so that a ring falls on each step of who is about to sleep. */
static void dither(uint64_t *state) {
    uint64_t dice = unit_next(state);
    for (volatile uint64_t i = dice % 4 ? 0 : dice >> 54; i; i--)
        continue;
}

static bool await(dmap__bell *bell, uint32_t *heard, uint64_t *state) {
    double until = dmap__clock_now() + LONG_S;
    dither(state);
    while (!dmap__bell_wait(bell, *heard, LONG_S))
        if (dmap__clock_now() > until)
            return false;
    ++*heard;
    return true;
}

static bool answer(const pair *p) {
    uint32_t heard = 0;
    uint64_t state = 1;
    for (int i = 0; i < ROUNDS; i++) {
        if (!await(p->mine, &heard, &state))
            return false;
        dmap__bell_ring(p->others);
    }
    return true;
}

static bool call(const pair *p) {
    uint32_t heard = 0;
    uint64_t state = unit_random();
    for (int i = 0; i < ROUNDS; i++) {
        dmap__bell_ring(p->others);
        if (!await(p->mine, &heard, &state))
            return false;
    }
    return heard == ROUNDS && dmap__bell_heard(p->mine) == ROUNDS;
}

static void *answer_thread(void *arg) {
    return answer(arg) ? arg : NULL;
}

static void test_threads(void) {
    dmap__bell a, b;
    pthread_t thread;
    void *answered = NULL;
    dmap__bell_init(&a, false);
    dmap__bell_init(&b, false);
    pair caller = {&a, &b}, answerer = {&b, &a};
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, answer_thread, &answerer), 0);
    CU_ASSERT(call(&caller));
    pthread_join(thread, &answered);
    CU_ASSERT_PTR_NOT_NULL(answered);
}

/* Several ring one bell: each leaves its mark, rings, and goes on when that was seen. One of them counts late, while
 * who waits has begun to wait anew. */
typedef struct ringer {
    dmap__bell *bell;
    _Atomic uint32_t left, seen;
} ringer;

static void *ring_often(void *arg) {
    ringer *r = arg;
    uint64_t state = (uint64_t)(uintptr_t)r;
    for (uint32_t i = 1; i <= ROUNDS / RINGERS; i++) {
        dither(&state);
        atomic_store(&r->left, i);
        dmap__bell_ring(r->bell);
        while (atomic_load(&r->seen) != i)
            dmap__clock_yield();
    }
    return NULL;
}

static uint32_t see(ringer *r) {
    uint32_t left = atomic_load(&r->left), news = left - atomic_load(&r->seen);
    atomic_store(&r->seen, left);
    return news;
}

static void test_several_ringers(void) {
    enum { ALL = ROUNDS / RINGERS * RINGERS };
    dmap__bell bell;
    ringer ringers[RINGERS];
    pthread_t threads[RINGERS];
    double slept_s = 0;
    dmap__bell_init(&bell, false);
    for (int i = 0; i < RINGERS; i++) {
        ringers[i] = (ringer){.bell = &bell};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, ring_often, &ringers[i]), 0);
    }
    for (uint32_t all = 0; all < ALL;) {
        uint32_t heard = dmap__bell_heard(&bell), news = 0;
        for (int i = 0; i < RINGERS; i++)
            news += see(&ringers[i]);
        all += news;
        double began = dmap__clock_now();
        if (!news && all < ALL && !dmap__bell_wait(&bell, heard, LONG_S))
            slept_s += dmap__clock_now() - began;
    }
    CU_ASSERT(slept_s < LONG_S / 2);
    CU_ASSERT_EQUAL(dmap__bell_heard(&bell), ALL);
    for (int i = 0; i < RINGERS; i++)
        pthread_join(threads[i], NULL);
}

static void test_no_ring(void) {
    dmap__bell bell;
    dmap__bell_init(&bell, false);
    double began = dmap__clock_now();
    CU_ASSERT(!dmap__bell_wait(&bell, 0, 0.01));
    CU_ASSERT(dmap__clock_now() - began >= 0.009);
    dmap__bell_ring(&bell);
    CU_ASSERT(dmap__bell_wait(&bell, 0, LONG_S));
    CU_ASSERT_EQUAL(dmap__bell_heard(&bell), 1);
}

static int be_second(const dmap__node_shm_offer *offer) {
    const dmap__host_place place = {.rank = 1, .size = 2};
    dmap__node_shm us;
    dmap__node_shm_offer none;
    dmap__node_shm_init(&us, &place, &none);
    if (none.descriptor >= 0 || !dmap__node_shm_accept(&us, &place, offer).memory)
        return 2;
    pair p = {&us.bells[1], &us.bells[0]};
    int code = answer(&p) ? 0 : 3;
    dmap__node_shm_fini(&us);
    return code;
}

static void test_processes(void) {
    const dmap__host_place place = {.rank = 0, .size = 2};
    dmap__node_shm us;
    dmap__node_shm_offer offer;
    int status = -1;
    dmap__node_shm_init(&us, &place, &offer);
    CU_ASSERT_FATAL(dmap__node_shm_accept(&us, &place, &offer).pages);
    pid_t child = fork();
    if (child == 0)
        _exit(be_second(&offer));
    pair p = {&us.bells[0], &us.bells[1]};
    CU_ASSERT(call(&p));
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT(dmap__node_shm_was_written(&us));
    CU_ASSERT(us.gates[0].writer == 0 && us.gates[1].writer == child);
    dmap__node_shm_fini(&us);
}

/* The pages are there, but what should be their mark in that process is not: nothing is written to it. */
static void test_wrong_memory(void) {
    const dmap__host_place first = {.rank = 0, .size = 2}, second = {.rank = 1, .size = 2};
    dmap__node_shm us, them;
    dmap__node_shm_offer offer, none;
    uint64_t other = 0;
    dmap__node_shm_init(&us, &first, &offer);
    CU_ASSERT(dmap__node_shm_accept(&us, &first, &offer).pages);
    for (int i = 0; i < 3; i++) {
        dmap__node_shm_offer given = offer;
        given.pages = i == 0 ? 8 : i == 1 ? (uint64_t)(uintptr_t)&other : offer.pages;
        dmap__node_shm_init(&them, &second, &none);
        dmap__node_shm_reached reached = dmap__node_shm_accept(&them, &second, &given);
        CU_ASSERT(reached.pages && reached.memory == (i == 2));
        CU_ASSERT_EQUAL(dmap__node_shm_was_written(&us), i == 2);
        dmap__node_shm_fini(&them);
    }
    dmap__node_shm_fini(&us);
}

static bool accepts(dmap__node_shm_offer offer) {
    const dmap__host_place place = {.rank = 1, .size = 2};
    dmap__node_shm us;
    dmap__node_shm_offer none;
    dmap__node_shm_init(&us, &place, &none);
    dmap__node_shm_reached reached = dmap__node_shm_accept(&us, &place, &offer);
    CU_ASSERT_EQUAL(reached.pages, us.bells != NULL);
    CU_ASSERT_EQUAL(reached.memory, us.reach.process != 0);
    dmap__node_shm_fini(&us);
    return reached.pages;
}

/* Another process under that number, another file, a file of that size that is not it, a rank alone on its host. */
static void test_strangers(void) {
    const dmap__host_place first = {.rank = 0, .size = 2}, alone = {.rank = 0, .size = 1};
    dmap__node_shm us, lonely;
    dmap__node_shm_offer offer, none;
    dmap__node_shm_init(&us, &first, &offer);
    CU_ASSERT(accepts(offer));
    CU_ASSERT(
        !accepts((dmap__node_shm_offer){offer.process, offer.descriptor, offer.mark + 1, offer.probe, offer.pages}));
    CU_ASSERT(!accepts((dmap__node_shm_offer){offer.process, 0, offer.mark, offer.probe, offer.pages}));
    CU_ASSERT(!accepts((dmap__node_shm_offer){offer.process, 999999, offer.mark, offer.probe, offer.pages}));
    CU_ASSERT(!accepts((dmap__node_shm_offer){.process = 0, .descriptor = 3, .mark = offer.mark}));
    CU_ASSERT(!accepts((dmap__node_shm_offer){.process = getpid(), .descriptor = -1}));
    dmap__node_shm_init(&lonely, &alone, &none);
    CU_ASSERT(none.descriptor == -1 && !dmap__node_shm_accept(&lonely, &alone, &none).pages);
    dmap__node_shm_fini(&lonely);
    dmap__node_shm_fini(&us);
    CU_ASSERT(!accepts(offer));
}

int main(void) {
    CU_TestInfo tests[] = {{"between threads", test_threads},
                           {"between processes", test_processes},
                           {"several ringers", test_several_ringers},
                           {"no ring", test_no_ring},
                           {"wrong memory", test_wrong_memory},
                           {"strangers", test_strangers},
                           CU_TEST_INFO_NULL};
    return unit_run("bell", tests);
}
