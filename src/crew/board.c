/* The board. Invariants:
 *  - every item of a grant is in exactly one place: in a deque's range, in a worker's hands, taken back, or ended;
 *    slot->left counts those in deques and hands;
 *  - a deque's range is raised from empty only by the manager, before the ticket is published, and by its own worker,
 *    after a theft: what it stole is in no deque for that moment, so it says afterwards what it could not take itself.
 *    Anyone may lower it, by compare-and-swap;
 *  - a slot is filled again only when left is 0 and no worker is attached to it. A worker attaches (publishes the
 *    slot's number), then reads the ticket again: so what it reads of the slot belongs to one grant, and a
 *    compare-and-swap cannot mistake a new range for an old one of the same value. */
#include "crew/board.h"

#include "crew/spawn.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ATTACHED_STEP (DMAP__CACHE_LINE / sizeof(_Atomic uint32_t))
#define SMALL_SLOTS   3 /* for each worker: two grants out, and one that it has not turned from yet */
#define SPARE_SLOTS   8
#define LANE_SHARE    16 /* of what is left in a deque, a batch may be one in so many */

static uint64_t pack(uint32_t begin, uint32_t end) {
    return (uint64_t)begin << 32 | end;
}

static uint32_t begin_of(uint64_t range) {
    return (uint32_t)(range >> 32);
}

static uint32_t end_of(uint64_t range) {
    return (uint32_t)range;
}

static _Atomic uint32_t *attached(const dmap__board *board, int worker) {
    return board->attached + (size_t)worker * ATTACHED_STEP;
}

static void *aligned_zeros(size_t size) {
    void *zeros = aligned_alloc(DMAP__CACHE_LINE, size);
    return zeros ? memset(zeros, 0, size) : NULL;
}

static size_t small_deques(const dmap__board *board) {
    return (size_t)(board->n_slots - DMAP__BIG_SLOTS) * DMAP__SMALL_MOST;
}

/* Pages of zeros that nobody has touched. */
static unsigned char *map_near(dmap__board *board) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), deques = DMAP__BIG_SLOTS * sizeof(dmap__deque);
    board->near_step = (deques + page - 1) / page * page;
    void *near = mmap(NULL, (size_t)board->workers * board->near_step, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return near == MAP_FAILED ? NULL : near;
}

bool dmap__board_init(dmap__board *board, int workers) {
    memset(board, 0, sizeof *board);
    board->workers = workers;
    board->n_slots = DMAP__BIG_SLOTS + SMALL_SLOTS * workers + SPARE_SLOTS;
    board->slots = aligned_zeros((size_t)board->n_slots * sizeof *board->slots);
    board->small = aligned_zeros(small_deques(board) * sizeof *board->small);
    board->attached = aligned_zeros((size_t)workers * DMAP__CACHE_LINE);
    board->accounts = aligned_zeros((size_t)board->n_slots * sizeof *board->accounts);
    board->near = map_near(board);
    if (!board->slots || !board->small || !board->attached || !board->accounts || !board->near) {
        dmap__board_fini(board);
        return false;
    }
    for (int i = 0; i < board->n_slots; i++) {
        dmap__slot *slot = &board->slots[i];
        size_t before = (size_t)(i < DMAP__BIG_SLOTS ? i : (i - DMAP__BIG_SLOTS) * DMAP__SMALL_MOST);
        slot->is_small = i >= DMAP__BIG_SLOTS;
        slot->n_deques = slot->is_small ? DMAP__SMALL_MOST : workers;
        slot->deque_step = slot->is_small ? sizeof(dmap__deque) : board->near_step;
        slot->deques = (slot->is_small ? (unsigned char *)board->small : board->near) + before * sizeof(dmap__deque);
    }
    return true;
}

void dmap__board_touch(const dmap__board *board, int worker) {
    memset(board->near + (size_t)worker * board->near_step, 0, board->near_step);
}

void dmap__board_fini(dmap__board *board) {
    bool is_whole = board->slots && board->small && board->near;
    for (int i = 0; is_whole && i < board->n_slots; i++)
        for (int deque = 0; deque < board->slots[i].n_deques; deque++)
            dmap__outcome_fini(&dmap__board_deque(&board->slots[i], deque)->log);
    for (int i = 0; board->slots && i < board->n_slots; i++)
        dmap__spawn_work_destroy(board->slots[i].work);
    if (board->near)
        munmap(board->near, (size_t)board->workers * board->near_step);
    free(board->slots);
    free(board->small);
    free(board->attached);
    free(board->accounts);
    memset(board, 0, sizeof *board);
}

/* Slots that may be in use: the manager's own view of it is never behind. */
static int reached(const dmap__board *board) {
    return atomic_load_explicit(&board->reached, memory_order_acquire);
}

static bool is_free(const dmap__board *board, int slot) {
    if (atomic_load(&board->slots[slot].ticket))
        return false;
    for (int i = 0; i < board->workers; i++)
        if (atomic_load(attached(board, i)) == (uint32_t)slot + 1)
            return false;
    return true;
}

/* A free slot of its kind; -1: there is none now. */
static int find_free(const dmap__board *board, bool small) {
    int end = small ? board->n_slots : DMAP__BIG_SLOTS;
    for (int i = small ? DMAP__BIG_SLOTS : 0; i < end; i++)
        if (is_free(board, i))
            return i;
    return -1;
}

bool dmap__board_put(dmap__board *board, dmap__grant *grant, uint32_t most) {
    uint64_t count = grant->end - grant->begin;
    int number = find_free(board, count <= DMAP__SMALL_MOST && !grant->call->spec.spawns);
    if (number < 0)
        return false;
    dmap__slot *slot = &board->slots[number];
    atomic_store(&slot->spawns, dmap__spawn_open(&slot->work, board->workers, grant));
    if (grant->call->spec.spawns)
        count = 0;
    uint64_t n = slot->is_small ? 1 : (uint64_t)board->workers;
    slot->grant = grant;
    slot->call = grant->call->id;
    atomic_store_explicit(&slot->account, grant->call->account, memory_order_relaxed);
    slot->most = most;
    for (uint64_t i = 0; i < n; i++)
        atomic_store_explicit(&dmap__board_deque(slot, (int)i)->range,
                              pack((uint32_t)(count * i / n), (uint32_t)(count * (i + 1) / n)), memory_order_relaxed);
    atomic_store_explicit(&slot->left, count, memory_order_relaxed);
    atomic_store_explicit(&slot->undone, 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&board->used, 1, memory_order_relaxed);
    atomic_store(&slot->ticket, ++board->tickets);
    if (number >= reached(board))
        atomic_store(&board->reached, number + 1);
    return true;
}

static bool has_ended(const dmap__slot *slot) {
    return slot->spawns ? dmap__spawn_has_ended(slot->work) : !atomic_load_explicit(&slot->left, memory_order_acquire);
}

dmap__slot *dmap__board_ended(dmap__board *board) {
    dmap__slot *first = NULL;
    for (int i = 0; i < reached(board); i++) {
        dmap__slot *slot = &board->slots[i];
        if (!slot->ticket || !has_ended(slot))
            continue;
        if (!first || slot->ticket < first->ticket)
            first = slot;
    }
    return first;
}

void dmap__board_clear(dmap__board *board, dmap__slot *slot) {
    slot->grant = NULL;
    atomic_fetch_sub_explicit(&board->used, 1, memory_order_relaxed);
    atomic_store(&slot->ticket, 0);
}

static dmap__slot *slot_of(const dmap__board *board, const dmap__grant *grant) {
    for (int i = 0; i < reached(board); i++)
        if (board->slots[i].ticket && board->slots[i].grant == grant)
            return (dmap__slot *)&board->slots[i];
    return NULL;
}

/* Lowers the end of a deque by up to `want` items; returns how many, their end in *end. */
static uint32_t take_back(dmap__deque *deque, uint64_t want, uint32_t *end) {
    uint64_t range = atomic_load_explicit(&deque->range, memory_order_relaxed);
    while (begin_of(range) < end_of(range)) {
        uint32_t there = end_of(range) - begin_of(range);
        uint32_t n = want < there ? (uint32_t)want : there;
        *end = end_of(range);
        if (atomic_compare_exchange_weak(&deque->range, &range, pack(begin_of(range), end_of(range) - n)))
            return n;
    }
    return 0;
}

int dmap__board_recall(dmap__board *board, const dmap__grant *grant, uint64_t want, uint64_t (*ranges)[2]) {
    dmap__slot *slot = slot_of(board, grant);
    int n = 0;
    if (slot && slot->spawns) {
        dmap__spawn_stop(slot->work);
        return 0;
    }
    for (int i = slot ? slot->n_deques - 1 : -1; i >= 0 && want; i--) {
        uint32_t end = 0, taken = take_back(dmap__board_deque(slot, i), want, &end);
        if (!taken)
            continue;
        want -= taken;
        ranges[n][0] = grant->begin + end - taken;
        ranges[n++][1] = grant->begin + end;
        atomic_fetch_sub(&slot->left, taken);
    }
    return n;
}

/* In this order: what is not done is counted before it has ended. */
uint64_t dmap__board_progress(const dmap__board *board, const dmap__grant *grant, uint64_t *undone) {
    const dmap__slot *slot = slot_of(board, grant);
    if (slot && slot->spawns) {
        *undone = dmap__spawn_waiting(slot->work);
        return atomic_load_explicit(&slot->work->ran, memory_order_relaxed);
    }
    uint64_t ended = slot ? grant->end - grant->begin - atomic_load_explicit(&slot->left, memory_order_acquire) : 0;
    *undone = slot ? atomic_load_explicit(&slot->undone, memory_order_relaxed) : 0;
    return ended;
}

/* More than the least while a deque is long: the price of a batch counts for less then, and what is left still evens
 * out. */
static uint32_t batch_of(const dmap__slot *slot, const dmap__pace *pace, uint32_t there) {
    uint32_t n = there / LANE_SHARE;
    n = n < pace->most ? n : pace->most;
    n = n > pace->items ? n : pace->items;
    n = n < slot->most ? n : slot->most;
    return n < there ? n : there;
}

static uint32_t take_front(const dmap__slot *slot, dmap__deque *deque, const dmap__pace *pace, uint32_t *begin) {
    uint64_t range = atomic_load_explicit(&deque->range, memory_order_relaxed);
    while (begin_of(range) < end_of(range)) {
        uint32_t n = batch_of(slot, pace, end_of(range) - begin_of(range));
        *begin = begin_of(range);
        if (atomic_compare_exchange_weak(&deque->range, &range, pack(begin_of(range) + n, end_of(range))))
            return n;
    }
    return 0;
}

/* Moves half of another deque (all of it, if that is one item) into the thief's own, empty one. */
static bool steal(dmap__slot *slot, int victim, int thief) {
    uint64_t range = atomic_load_explicit(&dmap__board_deque(slot, victim)->range, memory_order_relaxed);
    while (begin_of(range) < end_of(range)) {
        uint32_t begin = begin_of(range), end = end_of(range), middle = begin + (end - begin) / 2;
        if (!atomic_compare_exchange_weak(&dmap__board_deque(slot, victim)->range, &range, pack(begin, middle)))
            continue;
        atomic_store(&dmap__board_deque(slot, thief)->range, pack(middle, end));
        return true;
    }
    return false;
}

static bool steal_nearest(const dmap__board *board, dmap__slot *slot, int thief) {
    for (int distance = 1; distance < board->workers; distance++) {
        int above = thief + distance, below = thief - distance;
        if (below >= 0 && steal(slot, below, thief))
            return true;
        if (above < board->workers && steal(slot, above, thief))
            return true;
    }
    return false;
}

static uint32_t items_in(const dmap__deque *deque) {
    uint64_t range = atomic_load(&deque->range);
    return begin_of(range) < end_of(range) ? end_of(range) - begin_of(range) : 0;
}

/* A small slot in which nothing is left to begin: there may be many of those. */
static bool is_spent(const dmap__slot *slot) {
    return slot->is_small && !items_in(dmap__board_deque(slot, 0));
}

/* Where a look at the slots is. Invariant: those before it were seen. */
typedef struct look {
    uint64_t had, ticket;
    bool is_fair; /* by the time that the call has had, first; else by age alone */
} look;

static uint64_t had_by(const dmap__board *board, const dmap__slot *slot, const look *at) {
    uint32_t account = atomic_load_explicit(&slot->account, memory_order_relaxed);
    return at->is_fair ? atomic_load_explicit(&board->accounts[account].had, memory_order_relaxed) : 0;
}

/* The next slot: of the call that has had least time, the oldest. NULL: there is none. */
static dmap__slot *next_slot(dmap__board *board, look *at) {
    dmap__slot *found = NULL;
    look next = *at;
    for (int i = 0, end = reached(board); i < end; i++) {
        dmap__slot *slot = &board->slots[i];
        uint64_t ticket = atomic_load_explicit(&slot->ticket, memory_order_acquire);
        if (!ticket)
            continue;
        uint64_t had = had_by(board, slot, at);
        bool is_seen = had < at->had || (had == at->had && ticket <= at->ticket);
        if (is_seen || (found && (had > next.had || (had == next.had && ticket > next.ticket))) || is_spent(slot))
            continue;
        found = slot;
        next.had = had;
        next.ticket = ticket;
    }
    *at = next;
    return found;
}

static bool attach(dmap__board *board, int worker, dmap__slot *slot, uint64_t ticket) {
    uint32_t mark = (uint32_t)(slot - board->slots) + 1;
    if (atomic_load_explicit(attached(board, worker), memory_order_relaxed) != mark)
        atomic_store(attached(board, worker), mark);
    return atomic_load(&slot->ticket) == ticket;
}

dmap__pace *dmap__pace_of(dmap__pace *paces, uint64_t call) {
    dmap__pace *oldest = &paces[0];
    for (int i = 0; i < DMAP__PACES; i++) {
        if (paces[i].call == call)
            return &paces[i];
        if (paces[i].call < oldest->call)
            oldest = &paces[i];
    }
    *oldest = (dmap__pace){.call = call, .items = 1};
    return oldest;
}

static bool take_from(dmap__board *board, int worker, dmap__slot *slot, dmap__pace *paces, uint32_t *begin,
                      uint32_t *end) {
    *begin = *end = 0;
    if (slot->spawns)
        return dmap__spawn_has_work(slot->work) && dmap__spawn_enter(slot->work);
    dmap__pace *pace = dmap__pace_of(paces, slot->call);
    dmap__deque *deque = dmap__board_deque(slot, slot->is_small ? 0 : worker);
    bool stole = false;
    do {
        uint32_t n = take_front(slot, deque, pace, begin);
        *end = *begin + n;
        pace->spare = stole ? items_in(deque) : 0;
        if (n)
            return true;
    } while (!slot->is_small && (stole = steal_nearest(board, slot, worker)));
    return false;
}

/* Looks at each slot once. While others are charged, one may be seen again: a bound ends that. */
static dmap__slot *take(dmap__board *board, int worker, dmap__pace *paces, bool is_fair, uint32_t *begin,
                        uint32_t *end) {
    look at = {.is_fair = is_fair};
    dmap__slot *slot;
    for (int looks = 2 * reached(board); (!is_fair || looks > 0) && (slot = next_slot(board, &at)); looks--)
        if (attach(board, worker, slot, at.ticket) && take_from(board, worker, slot, paces, begin, end))
            return slot;
    return NULL;
}

dmap__slot *dmap__board_take(dmap__board *board, int worker, dmap__pace *paces, uint32_t *begin, uint32_t *end) {
    bool is_shared = atomic_load_explicit(&board->calls, memory_order_relaxed) > 1;
    dmap__slot *slot = is_shared ? take(board, worker, paces, true, begin, end) : NULL;
    if (!slot)
        slot = take(board, worker, paces, false, begin, end);
    if (!slot)
        atomic_store(attached(board, worker), 0);
    return slot;
}

bool dmap__board_has_work(const dmap__board *board) {
    for (int i = 0, end = reached(board); i < end; i++) {
        const dmap__slot *slot = &board->slots[i];
        if (atomic_load(&slot->ticket) && slot->spawns && dmap__spawn_has_work(slot->work))
            return true;
        int deques = slot->is_small ? 1 : slot->n_deques;
        for (int deque = atomic_load(&slot->ticket) ? 0 : deques; deque < deques; deque++)
            if (items_in(dmap__board_deque(slot, deque)))
                return true;
    }
    return false;
}

uint32_t dmap__board_drain(dmap__slot *slot, int worker) {
    uint64_t range = atomic_exchange(&dmap__board_deque(slot, slot->is_small ? 0 : worker)->range, 0);
    return begin_of(range) < end_of(range) ? end_of(range) - begin_of(range) : 0;
}

void dmap__board_undo(dmap__slot *slot, uint64_t items) {
    atomic_fetch_add_explicit(&slot->undone, items, memory_order_relaxed);
}

bool dmap__board_end(dmap__slot *slot, uint64_t items) {
    return atomic_fetch_sub_explicit(&slot->left, items, memory_order_acq_rel) == items;
}
