/* Who is woken: as many workers as there are items for, and never too few. The linker sends the library's calls here
 * (--wrap), so the tests know who sleeps, who is woken and how often the manager is rung for. Items wait until they are
 * let go, each by a word of its own: so the tests say who does what and when. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/futex.h"
#include "base/spawn_record.h"
#include "crew/board.h"
#include "crew/crew.h"
#include "unit.h"

enum { WORKERS = 8, ITEMS = 128, SMALL_CREW = 4 };
#define BOUND_S 60    /* against hanging */
#define LONG_S  50e-6 /* more than a batch is to last */

static struct world {
    pthread_t manager;
    dmap__bell bell;
    dmap__board *board;
    dmap__crew_call call;
    _Atomic int asleep, woken, rings; /* woken: as asked for by the manager */
    _Atomic bool begun[ITEMS], open[ITEMS];
    _Atomic uint64_t n_begun, wanted; /* wanted: an item waits until so many have begun; 0: until it is open */
    _Atomic bool late;                /* something did not happen in time */
} world;

void __real_dmap__futex_wait(_Atomic uint32_t *word, uint32_t value, double timeout_s);
void __wrap_dmap__futex_wait(_Atomic uint32_t *word, uint32_t value, double timeout_s);
void __real_dmap__futex_wake(_Atomic uint32_t *word, int n);
void __wrap_dmap__futex_wake(_Atomic uint32_t *word, int n);
bool __real_dmap__bell_ring(dmap__bell *bell);
bool __wrap_dmap__bell_ring(dmap__bell *bell);
bool __real_dmap__board_init(dmap__board *board, int workers);
bool __wrap_dmap__board_init(dmap__board *board, int workers);
bool __real_dmap__board_end(dmap__slot *slot, uint64_t items);
bool __wrap_dmap__board_end(dmap__slot *slot, uint64_t items);

static bool is_manager(void) {
    return pthread_equal(pthread_self(), world.manager);
}

void __wrap_dmap__futex_wait(_Atomic uint32_t *word, uint32_t value, double timeout_s) {
    int one = !is_manager();
    atomic_fetch_add(&world.asleep, one);
    __real_dmap__futex_wait(word, value, timeout_s);
    atomic_fetch_sub(&world.asleep, one);
}

void __wrap_dmap__futex_wake(_Atomic uint32_t *word, int n) {
    if (is_manager())
        atomic_fetch_add(&world.woken, n);
    __real_dmap__futex_wake(word, n);
}

bool __wrap_dmap__bell_ring(dmap__bell *bell) {
    atomic_fetch_add(&world.rings, 1);
    return __real_dmap__bell_ring(bell);
}

bool __wrap_dmap__board_init(dmap__board *board, int workers) {
    world.board = board;
    return __real_dmap__board_init(board, workers);
}

/* ---- the items ---- */

static bool has_all_begun(void) {
    return atomic_load(&world.n_begun) >= atomic_load(&world.wanted);
}

/* True once *word is true; false if that took too long. */
static bool comes(const _Atomic bool *word) {
    for (double until = dmap__clock_now() + BOUND_S; !atomic_load(word); dmap__clock_yield())
        if (dmap__clock_now() > until)
            return false;
    return true;
}

static void wait_for_all(void) {
    double until = dmap__clock_now() + BOUND_S;
    for (; !has_all_begun() && !atomic_load(&world.late); dmap__clock_yield())
        if (dmap__clock_now() > until)
            atomic_store(&world.late, true);
}

/* The one of the grant makes others, each of which waits until they have all begun. */
static int run_made(dmap_context *ctx, const void *item, void *result) {
    (void)item, (void)result;
    for (int i = dmap_depth(ctx) ? SMALL_CREW : 1; i < SMALL_CREW; i++)
        dmap_spawn(ctx, NULL, 0);
    if (dmap_depth(ctx)) {
        atomic_fetch_add(&world.n_begun, 1);
        wait_for_all();
    }
    return 0;
}

/* It takes long enough for its worker to take one at a time. */
static int run_item(dmap_context *ctx, const void *item, void *result) {
    uint64_t index = dmap_index(ctx);
    double began = dmap__clock_now(), until = began + BOUND_S;
    (void)item, (void)result;
    atomic_store(&world.begun[index], true);
    atomic_fetch_add(&world.n_begun, 1);
    while (atomic_load(&world.wanted) ? !has_all_begun() : !atomic_load(&world.open[index])) {
        if (dmap__clock_now() > until)
            atomic_store(&world.late, true);
        if (atomic_load(&world.late))
            break;
        dmap__clock_yield();
    }
    while (dmap__clock_now() < began + LONG_S)
        continue;
    return 0;
}

/* A worker may be sent a signal that it has to take at once. */
static int set_up(dmap_context *ctx) {
    sigset_t set;
    (void)ctx;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    return pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static const dmap_task task = {.name = "gated", .run = run_item, .item_size = sizeof(uint64_t), .setup = set_up};
static const dmap_task made = {.name = "made", .run = run_made};

/* ---- the crew ---- */

static void begin_call_of(const dmap_task *of) {
    static uint64_t calls;
    dmap__call_spec spec = {.want = DMAP__WANT_NOTHING, .spawns = of == &made, .window = 1 << 20};
    for (int i = 0; i < ITEMS; i++) {
        atomic_store(&world.begun[i], false);
        atomic_store(&world.open[i], false);
    }
    atomic_store(&world.n_begun, 0);
    atomic_store(&world.wanted, 0);
    dmap__crew_call_init(&world.call, &spec, of, ++calls);
}

static void begin_call(void) {
    begin_call_of(&task);
}

static dmap__crew *open_crew(int workers, bool spins) {
    dmap__crew *crew = NULL;
    dmap__error error;
    dmap__crew_config config = {
        .backend = DMAP_THREADS, .workers = workers, .spins = spins, .bell = &world.bell, .n_tasks = 1};
    memset(&world, 0, sizeof world);
    world.manager = pthread_self();
    dmap__bell_init(&world.bell, false);
    CU_ASSERT_EQUAL_FATAL(dmap__crew_open(&config, &crew, &error), DMAP_OK);
    return crew;
}

static void submit(dmap__crew *crew, dmap__grant *grant, uint64_t begin, uint64_t end) {
    *grant = (dmap__grant){.call = &world.call, .begin = begin, .end = end, .attempt = 1, .layout = DMAP__LAYOUT_RANGE};
    dmap__outcome_init(&grant->outcome, begin, end);
    dmap__crew_submit(crew, grant);
}

static void wait_for_grant(dmap__crew *crew) {
    dmap__grant *grant;
    uint32_t heard = dmap__bell_heard(&world.bell);
    for (; !(grant = dmap__crew_poll(crew)); heard = dmap__bell_heard(&world.bell))
        dmap__bell_wait(&world.bell, heard, 10);
    dmap__outcome_fini(&grant->outcome);
}

static void open_all(void) {
    for (int i = 0; i < ITEMS; i++)
        atomic_store(&world.open[i], true);
}

static bool are_asleep(int n) {
    for (double until = dmap__clock_now() + BOUND_S; atomic_load(&world.asleep) != n; dmap__clock_yield())
        if (dmap__clock_now() > until)
            return false;
    return true;
}

/* ---- as many as there are items for ---- */

static bool have_begun(int n) {
    for (int i = 0; i < n; i++)
        if (!comes(&world.begun[i]))
            return false;
    return true;
}

/* Of the workers that fall asleep while one still has an item, the manager hears of the first. */
static void wake_for(dmap__crew *crew, int items) {
    dmap__grant grant;
    int awake = items < WORKERS ? items : WORKERS;
    begin_call();
    CU_ASSERT(are_asleep(WORKERS));
    atomic_store(&world.woken, 0);
    submit(crew, &grant, 0, (uint64_t)items);
    CU_ASSERT_EQUAL(atomic_load(&world.woken), awake);
    bool fine = items > WORKERS || have_begun(items);
    atomic_store(&world.rings, 0);
    for (int i = 1; i < ITEMS; i++)
        atomic_store(&world.open[i], true);
    CU_ASSERT(fine && are_asleep(WORKERS - 1));
    CU_ASSERT(items > WORKERS || atomic_load(&world.rings) <= 1);
    open_all();
    wait_for_grant(crew);
}

static void test_few(void) {
    static const int items[] = {1, 3, 4, 5, 7, WORKERS, WORKERS + 1, ITEMS};
    dmap__crew *crew = open_crew(WORKERS, false);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
        wake_for(crew, items[i]);
    dmap__crew_close(crew);
}

/* ---- and never too few ---- */

/* Some grants at once, of which every item waits until each worker has one, or all items have begun: a worker that
 * sleeps beside an item that has not begun is seen by that. */
static void fill_all(dmap__crew *crew) {
    dmap__grant grants[4];
    uint64_t n = 1 + unit_below(4), ends[4], next = 0;
    begin_call();
    for (uint64_t i = 0; i < n; i++)
        ends[i] = next += 1 + unit_below(unit_chance(2) ? 3 : ITEMS / 4);
    atomic_store(&world.wanted, next < SMALL_CREW ? next : SMALL_CREW);
    for (uint64_t i = 0; i < n; i++)
        submit(crew, &grants[i], i ? ends[i - 1] : 0, ends[i]);
    for (uint64_t i = 0; i < n; i++)
        wait_for_grant(crew);
}

static void test_enough(void) {
    for (int spins = 0; spins < 2; spins++) {
        dmap__crew *crew = open_crew(SMALL_CREW, spins);
        for (unsigned round = unit_rounds(150); round && !atomic_load(&world.late); round--)
            fill_all(crew);
        CU_ASSERT(!atomic_load(&world.late));
        dmap__crew_close(crew);
    }
}

/* ---- a theft, looked at in its middle ---- */

/* Of worker 0, which has LEFT items besides the one that it is in. Worker 2 takes what the theft leaves beside the
 * victim, and the others look. */
enum { THIEF = 1, CREW = 5, LANE = 6, LEFT = LANE - 1, LOOKERS = 2 };

static _Thread_local bool is_thief;
static _Atomic bool stops_thief, was_stopped;

static void protect_thief(int protection) {
    mprotect(world.board->near + THIEF * world.board->near_step, world.board->near_step, protection);
}

/* It has ended its item, and will steal next: that it cannot write to its own deque then stops it in the middle. */
bool __wrap_dmap__board_end(dmap__slot *slot, uint64_t items) {
    bool was_last = __real_dmap__board_end(slot, items);
    if (atomic_load(&stops_thief) && atomic_exchange(&stops_thief, false)) {
        is_thief = true;
        protect_thief(PROT_READ);
    }
    return was_last;
}

/* Three of the five items that the victim has left are in no deque now. One of the others it takes, one worker 2; the
 * lookers find nothing. */
static void look_around(int number) {
    (void)number;
    if (!is_thief)
        _exit(99);
    atomic_store(&world.open[0], true);
    bool is_fine = comes(&world.begun[1]);
    atomic_store(&world.open[2 * LANE], true);
    is_fine = is_fine && comes(&world.begun[2]);
    atomic_store(&world.open[3 * LANE], true);
    atomic_store(&world.open[4 * LANE], true);
    if (!is_fine || !are_asleep(LOOKERS))
        atomic_store(&world.late, true);
    atomic_store(&was_stopped, true);
    protect_thief(PROT_READ | PROT_WRITE);
}

static void test_theft(void) {
    dmap__crew *crew = open_crew(CREW, false);
    dmap__grant grant;
    uint64_t ranges[CREW][2], back = 0;
    struct sigaction play = {.sa_handler = look_around}, before;
    sigaction(SIGSEGV, &play, &before);
    begin_call();
    submit(crew, &grant, 0, CREW * LANE);
    for (int i = 0; i < CREW; i++)
        CU_ASSERT(comes(&world.begun[i * LANE]));
    for (int n = dmap__crew_recall(crew, &grant, (CREW - 1) * LEFT, ranges); n > 0; n--) /* all but the victim's */
        back += ranges[n - 1][1] - ranges[n - 1][0];
    CU_ASSERT_EQUAL(back, (CREW - 1) * LEFT);
    atomic_store(&stops_thief, true);
    atomic_store(&world.open[THIEF * LANE], true);
    CU_ASSERT(comes(&world.begun[3]));
    CU_ASSERT(atomic_load(&was_stopped) && !atomic_load(&world.late));
    CU_ASSERT(comes(&world.begun[4]) && comes(&world.begun[5])); /* by a looker each: all others are in an item */
    CU_ASSERT(!atomic_load(&world.late));                        /* none of them has given up */
    open_all();
    wait_for_grant(crew);
    sigaction(SIGSEGV, &before, NULL);
    dmap__crew_close(crew);
}

/* ---- items that an item makes ---- */

/* One worker is woken for the one item, which makes one less than there are workers. */
static void test_made(void) {
    dmap__crew *crew = open_crew(SMALL_CREW, false);
    dmap__spawn_record record = {.attempt = 1, .kind = DMAP__RECORD_ITEM};
    dmap_blob item = {&record, sizeof record};
    dmap__grant grant = {.call = &world.call, .end = 1, .attempt = 1, .layout = DMAP__LAYOUT_BLOBS, .items = &item};
    begin_call_of(&made);
    atomic_store(&world.wanted, SMALL_CREW - 1);
    dmap__outcome_init(&grant.outcome, 0, 1);
    CU_ASSERT(are_asleep(SMALL_CREW));
    dmap__crew_submit(crew, &grant);
    wait_for_grant(crew);
    CU_ASSERT_EQUAL(atomic_load(&world.n_begun), SMALL_CREW - 1);
    CU_ASSERT(!atomic_load(&world.late));
    dmap__crew_close(crew);
}

/* ThreadSanitizer holds a lock over the write that is stopped. */
#ifdef __SANITIZE_THREAD__
#define STOPS_WRITES false
#else
#define STOPS_WRITES true
#endif

int main(void) {
    CU_TestInfo tests[] = {
        {"as many as there are items", test_few},
        {"never too few", test_enough},
        {"items that an item makes", test_made},
        {STOPS_WRITES ? "a theft, looked at in its middle" : NULL, test_theft},
        CU_TEST_INFO_NULL,
    };
    return unit_run("crew, waking", tests);
}
