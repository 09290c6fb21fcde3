/* The board's calls: how much of the workers' time each has had while it has grants there. */
#include "crew/board.h"

/* What the calls have had in the mean, by weight: see src/plan/fleet.c for why not the least. */
static uint64_t level(const dmap__board *board) {
    double sum = 0, weights = 0;
    for (int i = 0; i < board->n_slots; i++) {
        const dmap__account *account = &board->accounts[i];
        if (!account->weight)
            continue;
        sum += (double)atomic_load_explicit(&account->had, memory_order_relaxed) * account->weight;
        weights += account->weight;
    }
    return (uint64_t)(sum / weights);
}

static uint32_t weight_of(const dmap__crew_call *call) {
    return call->spec.weight ? call->spec.weight : 1;
}

void dmap__board_enter(dmap__board *board, dmap__crew_call *call) {
    if (call->grants++)
        return;
    uint32_t others = atomic_load_explicit(&board->calls, memory_order_relaxed);
    uint64_t least = others ? level(board) : board->last_had;
    uint32_t i = 0;
    while (i + 1 < (uint32_t)board->n_slots && board->accounts[i].weight)
        i++;
    call->account = i;
    board->accounts[i].weight = weight_of(call);
    atomic_store_explicit(&board->accounts[i].had, call->had > least ? call->had : least, memory_order_relaxed);
    atomic_store_explicit(&board->calls, others + 1, memory_order_relaxed);
}

void dmap__board_leave(dmap__board *board, dmap__crew_call *call) {
    if (--call->grants)
        return;
    dmap__account *account = &board->accounts[call->account];
    call->had = atomic_load_explicit(&account->had, memory_order_relaxed);
    account->weight = 0;
    board->last_had = call->had;
    atomic_fetch_sub_explicit(&board->calls, 1, memory_order_relaxed);
}

void dmap__board_charge(dmap__board *board, const dmap__slot *slot, double seconds) {
    dmap__account *account = &board->accounts[atomic_load_explicit(&slot->account, memory_order_relaxed)];
    if (seconds > 0)
        atomic_fetch_add_explicit(&account->had, (uint64_t)(seconds * 1e9 / weight_of(slot->grant->call)),
                                  memory_order_relaxed);
}
