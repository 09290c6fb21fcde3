/* Ranks that die, that stop and go on, and that are taken for lost: some of these are, some come back, and some were
 * only slow to be heard. The master does what src/pool/lost.c and src/call/arrive.c do. The ledger knows where each
 * item is, apart from the plan, and so which ones a lost rank had. Rank 0 is the master's own, and stays. */
#include "plan/plan_state.h"
#include "sim.h"

#include <math.h>
#include <stdlib.h>

enum { LIMIT = 2 };

/* ---- what happens ---- */

static double *never(const sim_case *c) {
    double *at = calloc((size_t)c->ranks, sizeof *at);
    for (int i = 0; at && i < c->ranks; i++)
        at[i] = INFINITY;
    return at;
}

/* A killer alone, so that nobody else can be to blame; else up to half of the ranks. */
bool sim_lost_make(sim_case *c) {
    uint64_t *s = &c->state;
    double span_s = 1.2 * sim_case_bound(c) + c->latency_s;
    if (c->ranks < 2 || !c->workers[0])
        return true;
    c->dies_s = never(c);
    c->stops_s = never(c);
    c->resumes_s = never(c);
    c->notice_s = c->latency_s + c->mean_s * (double)sim_below(s, 20);
    if (!c->dies_s || !c->stops_s || !c->resumes_s)
        return false;
    if (c->items && sim_chance(s, 0.3)) {
        c->killer = sim_below(s, c->items);
        return true;
    }
    for (uint64_t n = 1 + sim_below(s, (uint64_t)c->ranks / 2); n > 0; n--) {
        int rank = 1 + (int)sim_below(s, (uint64_t)c->ranks - 1);
        bool dies = sim_chance(s, 0.5);
        (dies ? c->dies_s : c->stops_s)[rank] = span_s * sim_unit(s);
        c->resumes_s[rank] = c->stops_s[rank] + 2 * c->notice_s * sim_unit(s);
    }
    return true;
}

void sim_lost_post(sim_world *w) {
    const sim_case *c = w->c;
    for (int i = 0; c->dies_s && i < c->ranks; i++) {
        if (isfinite(c->dies_s[i]))
            sim_post(w, c->dies_s[i], (sim_event){.kind = SIM_DIES, .rank = i});
        if (isfinite(c->stops_s[i]))
            sim_post(w, c->stops_s[i], (sim_event){.kind = SIM_STOPS, .rank = i});
    }
}

/* A rank that stops for less is not missed. */
void sim_lost_rank_event(sim_world *w, const sim_event *event) {
    sim_rank *r = &w->ranks[event->rank];
    const sim_case *c = w->c;
    bool is_missed = event->kind == SIM_DIES || c->resumes_s[event->rank] > w->now + c->notice_s;
    if (event->kind == SIM_DIES)
        r->is_dead = true;
    else
        r->stopped_until_s = c->resumes_s[event->rank];
    if (is_missed)
        sim_post(w, w->now + c->notice_s, (sim_event){.kind = SIM_LOST, .rank = event->rank});
}

bool sim_lost_is_awake(sim_world *w, const sim_event *event) {
    const sim_rank *r = &w->ranks[event->rank];
    if (r->is_dead || event->kind == SIM_DIES)
        return !r->is_dead;
    if (r->stopped_until_s <= w->now)
        return true;
    sim_post(w, r->stopped_until_s, *event);
    return false;
}

/* ---- the ledger ---- */

void sim_lost_granted(sim_world *w, const dmap__step *step) {
    if (w->ranks[step->branch].is_lost)
        sim_fail(w, "a grant to rank %d, which is lost", step->branch);
    for (uint64_t i = step->begin; i < step->end; i++) {
        if (w->out_at[i] || w->ended[i])
            sim_fail(w, "item %llu was granted though it is out, or has ended", (unsigned long long)i);
        if (step->losses != w->losses[i] || (step->losses && step->end - step->begin > 1))
            sim_fail(w, "item %llu was lost %d times, and granted as %d", (unsigned long long)i, w->losses[i],
                     step->losses);
        w->out_at[i] = step->branch + 1;
    }
}

void sim_lost_back(sim_world *w, uint64_t begin, uint64_t end) {
    for (uint64_t i = begin; i < end; i++)
        w->out_at[i] = 0;
}

static int suspects(const sim_world *w, int rank) {
    int n = 0;
    for (uint64_t i = 0; i < w->c->items; i++)
        n += w->out_at[i] == rank + 1 && w->losses[i] > 0 && i < w->plan->limit;
    return n;
}

/* ---- the master ---- */

static void blame(sim_world *w, uint32_t lease, uint64_t item) {
    dmap__verdict verdict = dmap__verdict_of(&w->c->spec, DMAP_ITEM_LOST, 1, true);
    dmap__piece piece = {.begin = item, .end = item + 1, .bytes = 0, .tag = w};
    bool is_wanted = item < w->plan->limit;
    if (w->losses[item] < LIMIT)
        sim_fail(w, "item %llu is blamed after %d losses", (unsigned long long)item, w->losses[item]);
    w->blamed = is_wanted && item < w->blamed ? item : w->blamed;
    if (dmap__plan_failed(w->plan, lease, item, verdict) != DMAP_OK)
        sim_fail(w, "out of memory");
    w->pending--;
    if (verdict != DMAP__VERDICT_FAILED)
        return;
    w->ended[item]++;
    w->piece_items++;
    if (dmap__plan_piece(w->plan, lease, &piece) != DMAP_OK)
        sim_fail(w, "out of memory");
}

static void end_lease(sim_world *w, uint32_t number, int n_suspects, int n_seen) {
    const dmap__lease *lease = dmap__plan_lease(w->plan, number);
    bool is_blamed = dmap__plan_is_to_blame(w->plan, lease, n_suspects);
    if (is_blamed && n_seen != 1 && lease->begin < w->plan->limit)
        sim_fail(w, "item %llu is blamed beside %d others", (unsigned long long)lease->begin, n_seen - 1);
    if (is_blamed)
        blame(w, number, lease->begin);
    else if (dmap__plan_lost(w->plan, number) != DMAP_OK)
        sim_fail(w, "out of memory");
    dmap__plan_done(w->plan, w->now, number, 0, 0);
}

void sim_lost_declare(sim_world *w, int rank) {
    sim_rank *r = &w->ranks[rank];
    if (r->is_lost)
        return;
    int n_suspects = dmap__fleet_suspects(w->plan->config.fleet, rank), n_seen = suspects(w, rank);
    if (n_suspects < n_seen) /* a lease of which all was taken back counts until it ends */
        sim_fail(w, "rank %d has %d suspects, not %d", rank, n_seen, n_suspects);
    r->is_lost = true;
    for (uint32_t i = 0; i < dmap__plan_leases(w->plan); i++) {
        const dmap__lease *lease = dmap__plan_lease(w->plan, i);
        if (lease && lease->branch == rank)
            end_lease(w, i, n_suspects, n_seen);
    }
    if (!dmap__plan_lose(w->plan, rank))
        sim_fail(w, "no rank is left");
    for (uint64_t i = 0; i < w->c->items; i++) {
        if (w->out_at[i] != rank + 1)
            continue;
        w->out_at[i] = 0;
        w->attempts[i]++;
        w->losses[i]++;
    }
}

/* ---- the end ---- */

void sim_lost_verify(sim_world *w) {
    if (w->killed > LIMIT + 1)
        sim_fail(w, "an item ended %d ranks", w->killed);
    if (w->c->killer != UINT64_MAX && w->blamed != UINT64_MAX && w->blamed != w->c->killer)
        sim_fail(w, "item %llu is blamed for what %llu did", (unsigned long long)w->blamed,
                 (unsigned long long)w->c->killer);
}
