/* The board. Invariants:
 *  - every item of a grant is in exactly one place: in a lane's range, in a worker's hands, taken back, or ended;
 *    slot->left counts those in lanes and hands;
 *  - a lane's range is raised from empty only by the manager, before the ticket is published, and by its own worker,
 *    after a theft. Anyone may lower it, by compare-and-swap;
 *  - a slot is filled again only when left is 0 and no worker is attached to it. A worker attaches (publishes the
 * slot's number), then reads the ticket again: so what it reads of the slot belongs to one grant, and a
 *    compare-and-swap cannot mistake a new range for an old one of the same value. */
#include "crew/board.h"

#include <stdlib.h>
#include <string.h>

#define ATTACHED_STEP (DMAP__CACHE_LINE / sizeof(_Atomic uint32_t))

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

bool dmap__board_init(dmap__board *board, int workers) {
    memset(board, 0, sizeof *board);
    board->workers = workers;
    size_t lanes = (size_t)workers * DMAP__BOARD_SLOTS;
    board->lanes = aligned_zeros(lanes * sizeof *board->lanes);
    board->attached = aligned_zeros((size_t)workers * DMAP__CACHE_LINE);
    if (!board->lanes || !board->attached) {
        dmap__board_fini(board);
        return false;
    }
    for (int i = 0; i < DMAP__BOARD_SLOTS; i++)
        board->slots[i].lanes = board->lanes + (size_t)i * (size_t)workers;
    return true;
}

void dmap__board_fini(dmap__board *board) {
    for (size_t i = 0; board->lanes && i < (size_t)board->workers * DMAP__BOARD_SLOTS; i++)
        dmap__outcome_fini(&board->lanes[i].log);
    free(board->lanes);
    free(board->attached);
    board->lanes = NULL;
    board->attached = NULL;
}

static bool is_free(const dmap__board *board, int slot) {
    if (atomic_load(&board->slots[slot].ticket))
        return false;
    for (int i = 0; i < board->workers; i++)
        if (atomic_load(attached(board, i)) == (uint32_t)slot + 1)
            return false;
    return true;
}

bool dmap__board_put(dmap__board *board, dmap__grant *grant, uint64_t call, uint32_t most) {
    int free_slot = 0;
    while (free_slot < DMAP__BOARD_SLOTS && !is_free(board, free_slot))
        free_slot++;
    if (free_slot == DMAP__BOARD_SLOTS)
        return false;
    dmap__slot *slot = &board->slots[free_slot];
    uint64_t count = grant->end - grant->begin, n = (uint64_t)board->workers;
    slot->grant = grant;
    slot->call = call;
    slot->most = most;
    for (uint64_t i = 0; i < n; i++)
        atomic_store_explicit(&slot->lanes[i].range, pack((uint32_t)(count * i / n), (uint32_t)(count * (i + 1) / n)),
                              memory_order_relaxed);
    atomic_store_explicit(&slot->left, count, memory_order_relaxed);
    atomic_store(&slot->ticket, ++board->tickets);
    return true;
}

dmap__slot *dmap__board_ended(dmap__board *board) {
    dmap__slot *first = NULL;
    for (int i = 0; i < DMAP__BOARD_SLOTS; i++) {
        dmap__slot *slot = &board->slots[i];
        if (!slot->ticket || atomic_load_explicit(&slot->left, memory_order_acquire))
            continue;
        if (!first || slot->ticket < first->ticket)
            first = slot;
    }
    return first;
}

void dmap__board_clear(dmap__slot *slot) {
    slot->grant = NULL;
    atomic_store(&slot->ticket, 0);
}

static dmap__slot *slot_of(const dmap__board *board, const dmap__grant *grant) {
    for (int i = 0; i < DMAP__BOARD_SLOTS; i++)
        if (board->slots[i].ticket && board->slots[i].grant == grant)
            return (dmap__slot *)&board->slots[i];
    return NULL;
}

/* Lowers the end of a lane by up to `want` items; returns how many, their end in *end. */
static uint32_t take_back(dmap__lane *lane, uint64_t want, uint32_t *end) {
    uint64_t range = atomic_load_explicit(&lane->range, memory_order_relaxed);
    while (begin_of(range) < end_of(range)) {
        uint32_t there = end_of(range) - begin_of(range);
        uint32_t n = want < there ? (uint32_t)want : there;
        *end = end_of(range);
        if (atomic_compare_exchange_weak(&lane->range, &range, pack(begin_of(range), end_of(range) - n)))
            return n;
    }
    return 0;
}

int dmap__board_recall(dmap__board *board, const dmap__grant *grant, uint64_t want, uint64_t (*ranges)[2]) {
    dmap__slot *slot = slot_of(board, grant);
    int n = 0;
    for (int i = board->workers - 1; slot && i >= 0 && want; i--) {
        uint32_t end = 0, taken = take_back(&slot->lanes[i], want, &end);
        if (!taken)
            continue;
        want -= taken;
        ranges[n][0] = grant->begin + end - taken;
        ranges[n++][1] = grant->begin + end;
        atomic_fetch_sub(&slot->left, taken);
    }
    return n;
}

uint64_t dmap__board_progress(const dmap__board *board, const dmap__grant *grant) {
    const dmap__slot *slot = slot_of(board, grant);
    return slot ? grant->end - grant->begin - atomic_load_explicit(&slot->left, memory_order_relaxed) : 0;
}

static uint32_t take_front(dmap__lane *lane, uint32_t most, uint32_t *begin) {
    uint64_t range = atomic_load_explicit(&lane->range, memory_order_relaxed);
    while (begin_of(range) < end_of(range)) {
        uint32_t there = end_of(range) - begin_of(range);
        uint32_t n = most < there ? most : there;
        *begin = begin_of(range);
        if (atomic_compare_exchange_weak(&lane->range, &range, pack(begin_of(range) + n, end_of(range))))
            return n;
    }
    return 0;
}

/* Moves half of another lane (all of it, if that is one item) into the thief's own, empty one. */
static bool steal(dmap__slot *slot, int victim, int thief) {
    uint64_t range = atomic_load_explicit(&slot->lanes[victim].range, memory_order_relaxed);
    while (begin_of(range) < end_of(range)) {
        uint32_t begin = begin_of(range), end = end_of(range), middle = begin + (end - begin) / 2;
        if (!atomic_compare_exchange_weak(&slot->lanes[victim].range, &range, pack(begin, middle)))
            continue;
        atomic_store(&slot->lanes[thief].range, pack(middle, end));
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

/* The oldest slot younger than `after`, or NULL. */
static dmap__slot *next_slot(dmap__board *board, uint64_t after, uint64_t *ticket) {
    dmap__slot *oldest = NULL;
    for (int i = 0; i < DMAP__BOARD_SLOTS; i++) {
        uint64_t t = atomic_load_explicit(&board->slots[i].ticket, memory_order_acquire);
        if (t > after && (!oldest || t < *ticket)) {
            oldest = &board->slots[i];
            *ticket = t;
        }
    }
    return oldest;
}

static bool attach(dmap__board *board, int worker, dmap__slot *slot, uint64_t ticket) {
    uint32_t mark = (uint32_t)(slot - board->slots) + 1;
    if (atomic_load_explicit(attached(board, worker), memory_order_relaxed) != mark)
        atomic_store(attached(board, worker), mark);
    return atomic_load(&slot->ticket) == ticket;
}

static uint32_t batch_of(const dmap__slot *slot, dmap__pace *pace) {
    if (pace->call != slot->call)
        *pace = (dmap__pace){slot->call, 1};
    return pace->items < slot->most ? pace->items : slot->most;
}

dmap__slot *dmap__board_take(dmap__board *board, int worker, dmap__pace *pace, uint32_t *begin, uint32_t *end) {
    uint64_t ticket = 0;
    dmap__slot *slot;
    while ((slot = next_slot(board, ticket, &ticket))) {
        if (!attach(board, worker, slot, ticket))
            continue;
        uint32_t most = batch_of(slot, pace);
        do {
            uint32_t n = take_front(&slot->lanes[worker], most, begin);
            *end = *begin + n;
            if (n)
                return slot;
        } while (steal_nearest(board, slot, worker));
    }
    atomic_store(attached(board, worker), 0);
    return NULL;
}

uint32_t dmap__board_drain(dmap__slot *slot, int worker) {
    uint64_t range = atomic_exchange(&slot->lanes[worker].range, 0);
    return begin_of(range) < end_of(range) ? end_of(range) - begin_of(range) : 0;
}

bool dmap__board_end(dmap__slot *slot, uint64_t items) {
    return atomic_fetch_sub_explicit(&slot->left, items, memory_order_acq_rel) == items;
}
