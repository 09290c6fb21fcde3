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
static const dmap_task *const tasks[] = {&task};

/* ---- the crew ---- */

static void begin_call(void) {
    static uint64_t calls;
    dmap__call_spec spec = {.want = DMAP__WANT_NOTHING};
    for (int i = 0; i < ITEMS; i++) {
        atomic_store(&world.begun[i], false);
        atomic_store(&world.open[i], false);
    }
    atomic_store(&world.n_begun, 0);
    atomic_store(&world.wanted, 0);
    dmap__crew_call_init(&world.call, &spec, tasks[0], ++calls);
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

enum { THIEF = 1 }; /* of worker 0, while worker 2 looks */

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

/* Two of the three items of the victim's deque are in no deque now. It takes the third; the looker finds nothing. */
static void look_around(int number) {
    (void)number;
    if (!is_thief)
        _exit(99);
    atomic_store(&world.open[0], true);
    if (!comes(&world.begun[1]))
        atomic_store(&world.late, true);
    atomic_store(&world.open[8], true);
    if (!are_asleep(1))
        atomic_store(&world.late, true);
    atomic_store(&was_stopped, true);
    protect_thief(PROT_READ | PROT_WRITE);
}

static void test_theft(void) {
    dmap__crew *crew = open_crew(3, false);
    dmap__grant grant;
    uint64_t ranges[3][2], back = 0;
    struct sigaction play = {.sa_handler = look_around}, before;
    sigaction(SIGSEGV, &play, &before);
    begin_call();
    submit(crew, &grant, 0, 12); /* deques of four */
    CU_ASSERT(comes(&world.begun[0]) && comes(&world.begun[4]) && comes(&world.begun[8]));
    for (int n = dmap__crew_recall(crew, &grant, 6, ranges); n > 0; n--) /* nothing but the victim's three is left */
        back += ranges[n - 1][1] - ranges[n - 1][0];
    CU_ASSERT_EQUAL(back, 6);
    atomic_store(&stops_thief, true);
    atomic_store(&world.open[4], true);
    CU_ASSERT(comes(&world.begun[2]));
    CU_ASSERT(atomic_load(&was_stopped) && !atomic_load(&world.late));
    CU_ASSERT(comes(&world.begun[3])); /* by the looker: the thief is in item 2, the victim in item 1 */
    open_all();
    wait_for_grant(crew);
    sigaction(SIGSEGV, &before, NULL);
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
        {STOPS_WRITES ? "a theft, looked at in its middle" : NULL, test_theft},
        CU_TEST_INFO_NULL,
    };
    return unit_run("crew, waking", tests);
}
