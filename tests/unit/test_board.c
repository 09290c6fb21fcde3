/* The board under fire: workers take, steal and end while the manager puts, recalls and clears. Each item of each grant
 * is had by exactly one of: a worker, the manager who took it back. The worker threads write only to the tally of
 * items, which is checked when a grant has ended, by the manager: so a sanitizer for threads sees whether the board
 * orders the two. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "crew/board.h"
#include "crew/crew.h"
#include "unit.h"

#define WORKERS 8
#define MOST    600 /* items in a grant */
#define OUT     5   /* grants on the board at a time */

typedef struct given {
    dmap__grant grant;
    bool out;
    uint8_t had[MOST]; /* by offset: not atomic, as two must never have the same item */
    uint64_t taken_back;
} given;

#define CALLS 3

typedef struct field {
    dmap__board board;
    given grants[OUT];
    dmap__crew_call calls[CALLS];
    _Atomic bool quit;
    _Atomic uint64_t wrong, drained, ended;
} field;

typedef struct soldier {
    field *field;
    int number;
    uint64_t state;
    pthread_t thread;
} soldier;

static field *f;

/* Puts a grant of a call of its own, the only one. */
static bool put(dmap__board *board, dmap__grant *grant, uint32_t most) {
    static dmap__crew_call call = {.id = 1};
    call.grants = 0;
    grant->call = &call;
    dmap__board_enter(board, &call);
    return dmap__board_put(board, grant, most);
}

/* Some batches are dropped unrun, with all of the worker's deque: their count is all that is known of them. */
static void run_batch(const soldier *s, dmap__slot *slot, uint32_t begin, uint32_t end, uint64_t dice) {
    given *g = slot->grant->owner;
    uint64_t items = end - begin;
    bool drains = dice % 64 == 0;
    if (begin >= end || end > g->grant.end - g->grant.begin)
        atomic_fetch_add(&s->field->wrong, 1);
    for (uint32_t i = begin; i < end; i++)
        g->had[i]++;
    if (drains) {
        uint64_t more = dmap__board_drain(slot, s->number);
        atomic_fetch_add(&s->field->drained, more);
        items += more;
    }
    dmap__board_log(slot, s->number, begin)->busy_s += (double)(end - begin);
    if (dice % 8 == 0)
        sched_yield();
    if (dmap__board_end(slot, items))
        atomic_fetch_add(&s->field->ended, 1);
}

static void *fight(void *arg) {
    soldier *s = arg;
    dmap__pace paces[DMAP__PACES] = {{.items = 1}};
    while (!atomic_load(&s->field->quit)) {
        uint32_t begin, end;
        uint64_t dice = unit_next(&s->state);
        dmap__slot *slot = dmap__board_take(&s->field->board, s->number, paces, &begin, &end);
        if (!slot) {
            sched_yield();
            continue;
        }
        dmap__pace *pace = dmap__pace_of(paces, slot->call);
        if (end - begin > pace->items && end - begin > pace->most)
            atomic_fetch_add(&s->field->wrong, 1);
        if (dice % 5 == 0)
            dmap__board_charge(&s->field->board, slot, (double)(dice % 1000) * 1e-6);
        run_batch(s, slot, begin, end, dice);
        pace->items = (uint32_t)(dice >> 32) % 20 + 1;
        pace->most = pace->items * (uint32_t)(dice >> 60);
    }
    return NULL;
}

static void put_one(given *g, uint64_t call) {
    memset(g, 0, sizeof *g);
    g->grant.begin = unit_random() >> 1;
    g->grant.end = g->grant.begin + 1 + unit_below(unit_chance(3) ? 10 : MOST);
    g->grant.owner = g;
    g->out = true;
    g->grant.call = &f->calls[call % CALLS];
    dmap__board_enter(&f->board, g->grant.call);
    while (!dmap__board_put(&f->board, &g->grant, 1 + (uint32_t)unit_below(50)))
        sched_yield();
}

static void recall_some(given *g) {
    uint64_t ranges[WORKERS][2], want = unit_below(unit_chance(2) ? 5 : MOST), got = 0;
    uint64_t limit = g->grant.end - g->grant.begin, undone;
    int n = dmap__board_recall(&f->board, &g->grant, want, ranges);
    CU_ASSERT(n <= f->board.workers);
    for (int i = 0; i < n; i++) {
        CU_ASSERT(ranges[i][0] < ranges[i][1] && ranges[i][0] >= g->grant.begin && ranges[i][1] <= g->grant.end);
        got += ranges[i][1] - ranges[i][0];
        for (uint64_t at = ranges[i][0]; at < ranges[i][1]; at++)
            g->had[at - g->grant.begin]++;
    }
    CU_ASSERT(got <= want);
    g->taken_back += got;
    CU_ASSERT(dmap__board_progress(&f->board, &g->grant, &undone) <= limit);
}

/* A grant has ended: every item was had, but those drained; none twice. */
static uint64_t check_ended(dmap__slot *slot) {
    given *g = slot->grant->owner;
    uint64_t n = g->grant.end - g->grant.begin, had = 0, twice = 0;
    double logged = 0;
    for (uint64_t i = 0; i < n; i++) {
        had += g->had[i];
        twice += g->had[i] > 1;
    }
    for (int i = 0; i < slot->n_deques; i++) {
        logged += dmap__board_deque(slot, i)->log.busy_s;
        dmap__board_deque(slot, i)->log.busy_s = 0;
    }
    CU_ASSERT_EQUAL(twice, 0);
    CU_ASSERT_EQUAL((uint64_t)logged + g->taken_back, had);
    g->out = false;
    dmap__board_clear(&f->board, slot);
    dmap__board_leave(&f->board, g->grant.call);
    return n - had;
}

static void battle(int workers, unsigned grants) {
    soldier soldiers[WORKERS];
    uint64_t missing = 0;
    unsigned put = 0, done = 0;
    memset(f, 0, sizeof *f);
    CU_ASSERT_FATAL(dmap__board_init(&f->board, workers));
    for (uint64_t i = 0; i < CALLS; i++)
        f->calls[i] = (dmap__crew_call){.id = i + 1};
    for (int i = 0; i < workers; i++) {
        soldiers[i] = (soldier){.field = f, .number = i, .state = unit_random()};
        CU_ASSERT_FATAL(!pthread_create(&soldiers[i].thread, NULL, fight, &soldiers[i]));
    }
    while (done < grants) {
        given *g = &f->grants[unit_below(OUT)];
        if (!g->out && put < grants)
            put_one(g, ++put / 10);
        else if (g->out && unit_chance(3))
            recall_some(g);
        dmap__slot *slot = unit_chance(4) ? dmap__board_ended(&f->board) : NULL;
        if (slot) {
            missing += check_ended(slot);
            done++;
        } else if (put == grants || unit_chance(4)) {
            sched_yield();
        }
    }
    atomic_store(&f->quit, true);
    for (int i = 0; i < workers; i++)
        pthread_join(soldiers[i].thread, NULL);
    CU_ASSERT_EQUAL(missing, atomic_load(&f->drained));
    CU_ASSERT_EQUAL(atomic_load(&f->wrong), 0);
    CU_ASSERT(atomic_load(&f->ended) <= grants); /* the others ended by a recall */
    dmap__board_fini(&f->board);
}

static void test_battles(void) {
    f = calloc(1, sizeof *f);
    CU_ASSERT_FATAL(f != NULL);
    for (int workers = 1; workers <= WORKERS; workers++)
        battle(workers, unit_rounds(1000));
    free(f);
}

/* ---- one thread ---- */

/* Alone, worker 0 gets all of a grant: its own deque, then the others', nearest first, by halves from the back. */
static void test_alone(void) {
    dmap__board board;
    dmap__grant grant = {.begin = 100, .end = 100 + 40};
    dmap__pace paces[DMAP__PACES] = {{.items = 1000}};
    uint32_t begin, end, seen = 0;
    uint64_t undone, batches = 0;
    CU_ASSERT_FATAL(dmap__board_init(&board, 4));
    CU_ASSERT(put(&board, &grant, 1000));
    CU_ASSERT_EQUAL(dmap__board_progress(&board, &grant, &undone), 0);
    dmap__slot *slot;
    while ((slot = dmap__board_take(&board, 0, paces, &begin, &end))) {
        CU_ASSERT(seen || (begin == 0 && end == 1)); /* a new call begins with one item */
        CU_ASSERT(seen != 1 || (begin == 1 && end == 10));
        CU_ASSERT(seen != 10 || (begin == 15 && end == 20));
        dmap__pace_of(paces, 1)->items = 1000;
        seen += end - begin;
        dmap__board_undo(slot, 1);
        CU_ASSERT_EQUAL(dmap__board_end(slot, end - begin), seen == 40);
        CU_ASSERT_EQUAL(dmap__board_progress(&board, &grant, &undone), seen);
        CU_ASSERT_EQUAL(undone, ++batches);
    }
    CU_ASSERT_EQUAL(seen, 40);
    slot = dmap__board_ended(&board);
    CU_ASSERT_FATAL(slot != NULL);
    CU_ASSERT_PTR_EQUAL(slot->grant, &grant);
    dmap__board_clear(&board, slot);
    CU_ASSERT_PTR_NULL(dmap__board_ended(&board));
    CU_ASSERT_EQUAL(dmap__board_progress(&board, &grant, &undone), 0);
    dmap__board_fini(&board);
}

/* While a deque is long, a batch is a sixteenth of what is left in it, between the pace and its most, and no more than
 * the grant allows; the last ones are as short as the pace. */
static void take_long(uint32_t most_of_grant, uint32_t most_of_pace) {
    dmap__board board;
    dmap__grant grant = {.begin = 0, .end = 10000};
    dmap__pace paces[DMAP__PACES] = {{.call = 1, .items = 10, .most = most_of_pace}};
    uint32_t begin, end, seen = 0, most = most_of_pace < most_of_grant ? most_of_pace : most_of_grant;
    CU_ASSERT_FATAL(dmap__board_init(&board, 1));
    CU_ASSERT(put(&board, &grant, most_of_grant));
    for (dmap__slot *slot; (slot = dmap__board_take(&board, 0, paces, &begin, &end));) {
        uint32_t left = 10000 - begin, wanted = left / 16 < most ? left / 16 : most;
        wanted = wanted > 10 ? wanted : 10;
        CU_ASSERT_EQUAL(end - begin, wanted < left ? wanted : left);
        seen += end - begin;
        dmap__board_end(slot, end - begin);
    }
    CU_ASSERT_EQUAL(seen, 10000);
    dmap__board_fini(&board);
}

static void test_long_deques(void) {
    take_long(1000000, 80);
    take_long(1000000, 100000);
    take_long(50, 80);
    take_long(1000000, 0);
}

/* Slots of grants of so many items: one is not filled again while a worker is still attached to it; a full board says
 * so. */
static void fill(uint64_t items) {
    dmap__board board;
    dmap__grant grants[64];
    dmap__pace paces[DMAP__PACES] = {{.call = 1, .items = 1000}};
    uint32_t begin, end;
    int n = 0;
    CU_ASSERT_FATAL(dmap__board_init(&board, 1));
    CU_ASSERT(!dmap__board_is_used(&board));
    do
        grants[n] = (dmap__grant){.begin = 0, .end = items};
    while (put(&board, &grants[n], 1000) && ++n < 63);
    CU_ASSERT(n >= (items > DMAP__CREW_SMALL ? DMAP__CREW_GRANTS : 2 * 1 + 4) && n < 63);
    dmap__slot *slot = dmap__board_take(&board, 0, paces, &begin, &end);
    CU_ASSERT_FATAL(slot != NULL);
    CU_ASSERT_PTR_EQUAL(slot->grant, &grants[0]); /* the oldest */
    CU_ASSERT_EQUAL(end - begin, items);
    CU_ASSERT(dmap__board_end(slot, items));
    dmap__board_clear(&board, dmap__board_ended(&board));
    CU_ASSERT(!put(&board, &grants[n], 1000));
    slot = dmap__board_take(&board, 0, paces, &begin, &end);
    CU_ASSERT_FATAL(slot != NULL);
    CU_ASSERT_PTR_EQUAL(slot->grant, &grants[1]);
    CU_ASSERT(put(&board, &grants[n], 1000));
    CU_ASSERT(dmap__board_is_used(&board));
    dmap__board_fini(&board);
}

static void test_slots(void) {
    fill(1);
    fill(DMAP__CREW_SMALL);
    fill(DMAP__CREW_SMALL + 1);
}

/* The items of a small grant are everyone's; each has a log of its own. */
static void test_small(void) {
    dmap__board board;
    dmap__grant grant = {.begin = 10, .end = 13};
    dmap__pace paces[DMAP__PACES] = {{.call = 1, .items = 1}};
    uint64_t ranges[5][2];
    uint32_t begin, end;
    CU_ASSERT_FATAL(dmap__board_init(&board, 5));
    CU_ASSERT(put(&board, &grant, 1));
    for (uint32_t worker = 4; worker > 2; worker--) {
        dmap__slot *slot = dmap__board_take(&board, (int)worker, paces, &begin, &end);
        CU_ASSERT_FATAL(slot != NULL);
        CU_ASSERT(begin == 4 - worker && end == begin + 1);
        CU_ASSERT_PTR_EQUAL(dmap__board_log(slot, (int)worker, begin), &dmap__board_deque(slot, (int)begin)->log);
        CU_ASSERT(!dmap__board_end(slot, 1));
    }
    CU_ASSERT_EQUAL(dmap__board_recall(&board, &grant, 9, ranges), 1);
    CU_ASSERT(ranges[0][0] == 12 && ranges[0][1] == 13);
    CU_ASSERT_PTR_NULL(dmap__board_take(&board, 0, paces, &begin, &end));
    CU_ASSERT_PTR_NOT_NULL(dmap__board_ended(&board));
    dmap__board_fini(&board);
}

/* A chunk as large as the board counts. */
static void test_large(void) {
    dmap__board board;
    dmap__grant grant = {.begin = 5, .end = 5 + UINT64_C(0xffffffff)};
    dmap__pace paces[DMAP__PACES] = {{.call = 1, .items = UINT32_MAX}};
    uint64_t ranges[3][2], seen = 0;
    uint32_t begin, end;
    CU_ASSERT_FATAL(dmap__board_init(&board, 3));
    CU_ASSERT(put(&board, &grant, UINT32_MAX));
    int n = dmap__board_recall(&board, &grant, UINT64_C(2000000000), ranges);
    CU_ASSERT_EQUAL(n, 2); /* all of the last deque, and the end of the one before */
    CU_ASSERT_EQUAL(ranges[0][1], grant.end);
    for (int i = 0; i < n; i++)
        seen += ranges[i][1] - ranges[i][0];
    CU_ASSERT_EQUAL(seen, UINT64_C(2000000000));
    for (dmap__slot *slot; (slot = dmap__board_take(&board, 1, paces, &begin, &end));) {
        seen += end - begin;
        dmap__board_end(slot, end - begin);
    }
    CU_ASSERT_EQUAL(seen, UINT64_C(0xffffffff));
    dmap__board_fini(&board);
}

/* Puts a grant of one item for the call, and has a worker spend so long on it. */
static void spend(dmap__board *board, dmap__crew_call *call, double seconds) {
    dmap__grant grant = {.call = call, .begin = 0, .end = 1};
    dmap__pace paces[DMAP__PACES] = {{.items = 1}};
    uint32_t begin, end;
    dmap__board_enter(board, call);
    CU_ASSERT_TRUE(dmap__board_put(board, &grant, 1));
    dmap__slot *slot = dmap__board_take(board, 0, paces, &begin, &end);
    CU_ASSERT_PTR_NOT_NULL(slot);
    if (!slot)
        return;
    dmap__board_charge(board, slot, seconds);
    dmap__board_end(slot, 1);
    CU_ASSERT_PTR_EQUAL(dmap__board_ended(board), slot);
    dmap__board_clear(board, slot);
    dmap__board_leave(board, call);
}

static uint64_t had(const dmap__board *board, const dmap__crew_call *call) {
    return board->accounts[call->account].had;
}

/* A call that comes has had as much as those there in the mean, by weight, or as the last that left: it makes up for no
 * time before. */
static void test_accounts(void) {
    dmap__board board;
    dmap__crew_call old = {.id = 1, .spec.weight = 1}, new = {.id = 2, .spec.weight = 1},
                    third = {.id = 3, .spec.weight = 3}, fourth = {.id = 4};
    CU_ASSERT_FATAL(dmap__board_init(&board, 1));
    spend(&board, &old, 100);
    CU_ASSERT_EQUAL(old.had, UINT64_C(100000000000));
    dmap__board_enter(&board, &new);
    CU_ASSERT_EQUAL(had(&board, &new), old.had);
    dmap__board_enter(&board, &old);
    CU_ASSERT_EQUAL(had(&board, &old), had(&board, &new));
    dmap__board_leave(&board, &new);
    spend(&board, &old, 0);
    dmap__board_enter(&board, &third);
    CU_ASSERT_EQUAL(had(&board, &third), old.had);
    board.accounts[third.account].had += 40;
    dmap__board_enter(&board, &fourth);
    CU_ASSERT_EQUAL(had(&board, &fourth), old.had + 30);
    dmap__board_fini(&board);
}

int main(void) {
    CU_TestInfo tests[] = {
        {"accounts of calls", test_accounts}, {"one worker takes all", test_alone},
        {"long deques", test_long_deques},    {"slots", test_slots},
        {"small grants", test_small},         {"2^32 - 1 items", test_large},
        {"1 to 8 workers", test_battles},     CU_TEST_INFO_NULL,
    };
    return unit_run("board", tests);
}
