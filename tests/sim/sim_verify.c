/* What must hold of every run, told from the ledger alone.
 *
 * Bound on memory, ordered. At every fresh grant: held + pending * b <= window, b being the result's size or the mean
 * of those that came; the exceptions are one item with nothing else pending or held, and, before any result came, one
 * item a worker. At any time: held <= max(window, one result) if sizes are known, else held and pending as they were at
 * the last fresh grant, with every pending item as large as the largest. */
#include "plan/plan_state.h"
#include "sim.h"

static uint32_t largest_result(const sim_case *c) {
    uint32_t largest = 0;
    for (uint64_t i = 0; c->bytes && i < c->items; i++)
        largest = c->bytes[i] > largest ? c->bytes[i] : largest;
    return largest;
}

void sim_verify_grant(sim_world *w, uint64_t size, int workers) {
    const dmap__plan_config *config = &w->c->config;
    if (!config->ordered || size == 0)
        return;
    uint32_t largest = largest_result(w->c);
    w->held_bound = w->held + w->pending * largest;
    if (config->result_bytes && w->held_bound < config->window)
        w->held_bound = config->window;
    bool known = config->result_bytes || w->piece_items > 0;
    bool alone = w->pending == size && w->held == 0;
    if (w->plan->limit != UINT64_MAX || (alone && size == 1))
        return;
    double item_bytes = config->result_bytes ? (double)config->result_bytes : w->piece_bytes / w->piece_items;
    if (known && (double)w->held + (double)w->pending * item_bytes > (double)config->window * (1 + 1e-9) &&
        item_bytes > 0) {
        sim_fail(w, "%llu items granted beyond the window: %llu held, %llu pending", (unsigned long long)size,
                 (unsigned long long)w->held, (unsigned long long)w->pending);
    }
    if (!known && size > (uint64_t)workers)
        sim_fail(w, "%llu items granted before any result was measured", (unsigned long long)size);
}

void sim_verify_held(sim_world *w) {
    const dmap__plan_config *config = &w->c->config;
    if (!config->ordered)
        return;
    uint64_t bound = w->held_bound;
    if (config->result_bytes)
        bound = config->window > config->result_bytes ? config->window : config->result_bytes;
    if (w->held > bound)
        sim_fail(w, "%llu bytes held, %llu allowed", (unsigned long long)w->held, (unsigned long long)bound);
}

/* The lowest item that fails for good: a serial loop would stop there. */
static uint64_t lowest_failure(const sim_world *w) {
    uint64_t blamed = w->c->spec.stop ? w->blamed : UINT64_MAX;
    for (uint64_t i = 0; w->c->spec.stop && w->c->fail && i < w->c->items; i++)
        if (w->c->fail[i] > (unsigned)w->c->spec.retries)
            return i < blamed ? i : blamed;
    return blamed;
}

static void verify_limit(sim_world *w, uint64_t limit) {
    if (w->drained) /* an item that would have been tried again may be the lowest failure now */
        return;
    uint64_t lowest = lowest_failure(w);
    if (w->c->limit_at_s < 0 ? limit != lowest : limit > lowest || (limit != lowest && limit != w->c->limit)) {
        sim_fail(w, "the limit is %llu, the lowest failure %llu", (unsigned long long)limit,
                 (unsigned long long)lowest);
    }
}

void sim_verify_end(sim_world *w) {
    uint64_t limit = w->plan->limit;
    uint64_t wanted = limit < w->c->items ? limit : w->c->items;
    if (!dmap__plan_over(w->plan)) {
        sim_fail(w, "deadlock at %.9f s: %llu granted, %zu leases out, %llu delivered", w->now,
                 (unsigned long long)w->granted, w->plan->out, (unsigned long long)w->head);
        return;
    }
    const char *broken = dmap__plan_check(w->plan);
    if (broken)
        sim_fail(w, "%s", broken);
    verify_limit(w, limit);
    sim_lost_verify(w);
    if (w->held)
        sim_fail(w, "%llu bytes held at the end", (unsigned long long)w->held);
    if (w->drained && wanted > w->granted)
        wanted = w->granted;
    for (uint64_t i = 0; i < w->c->items; i++)
        if (w->delivered[i] != 1 && (i < wanted || w->delivered[i] > 1))
            sim_fail(w, "item %llu delivered %d times", (unsigned long long)i, w->delivered[i]);
}
