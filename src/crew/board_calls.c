/* The board's calls: how much of the workers' time each has had while it has grants there. */
#include "crew/board.h"

static uint64_t least_had(const dmap__board *board) {
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < board->n_slots; i++) {
        uint64_t had = board->accounts[i].is_used ? atomic_load_explicit(&board->accounts[i].had, memory_order_relaxed)
                                                  : UINT64_MAX;
        least = had < least ? had : least;
    }
    return least;
}

void dmap__board_enter(dmap__board *board, dmap__crew_call *call) {
    if (call->grants++)
        return;
    uint32_t others = atomic_load_explicit(&board->calls, memory_order_relaxed);
    uint64_t least = others ? least_had(board) : board->last_had;
    uint32_t i = 0;
    while (i + 1 < (uint32_t)board->n_slots && board->accounts[i].is_used)
        i++;
    call->account = i;
    board->accounts[i].is_used = true;
    atomic_store_explicit(&board->accounts[i].had, call->had > least ? call->had : least, memory_order_relaxed);
    atomic_store_explicit(&board->calls, others + 1, memory_order_relaxed);
}

void dmap__board_leave(dmap__board *board, dmap__crew_call *call) {
    if (--call->grants)
        return;
    dmap__account *account = &board->accounts[call->account];
    call->had = atomic_load_explicit(&account->had, memory_order_relaxed);
    account->is_used = false;
    board->last_had = call->had;
    atomic_fetch_sub_explicit(&board->calls, 1, memory_order_relaxed);
}

void dmap__board_charge(dmap__board *board, const dmap__slot *slot, double seconds) {
    uint32_t weight = slot->grant->call->spec.weight;
    dmap__account *account = &board->accounts[atomic_load_explicit(&slot->account, memory_order_relaxed)];
    if (seconds > 0)
        atomic_fetch_add_explicit(&account->had, (uint64_t)(seconds * 1e9 / (weight ? weight : 1)),
                                  memory_order_relaxed);
}
