/* The master: does what src/job does with the plan, without sources and sinks.
 *
 * What comes from ranks becomes events of the plan: first failures, then pieces cut at random and in random order, then
 * the end of the lease. Pieces taken are delivered at once; a slow sink releases their bytes later and in parts. */
#include "plan/plan_state.h"
#include "sim.h"

#include <stdio.h>

static uint64_t bytes_of(const sim_world *w, uint64_t begin, uint64_t end) {
    uint64_t bytes = 0;
    for (uint64_t i = begin; i < end; i++)
        bytes += w->c->bytes ? w->c->bytes[i] : 0;
    return bytes;
}

static void give_piece(sim_world *w, uint32_t lease, uint64_t begin, uint64_t end) {
    dmap__piece piece = {.begin = begin, .end = end, .bytes = bytes_of(w, begin, end), .tag = w};
    for (uint64_t i = begin; i < end; i++)
        if (w->ended[i]++)
            sim_fail(w, "item %llu ended twice", (unsigned long long)i);
    w->piece_bytes += (double)piece.bytes;
    w->piece_items += (double)(end - begin);
    w->pending -= end - begin;
    w->held += piece.bytes;
    if (dmap__plan_piece(w->plan, lease, &piece) != DMAP_OK)
        sim_fail(w, "out of memory");
}

/* A contiguous run of items that ended, as one piece or more, the later half first now and then. */
static void give_pieces(sim_world *w, uint32_t lease, uint64_t begin, uint64_t end) {
    if (end - begin > 1 && sim_chance(&w->c->state, 0.2)) {
        uint64_t middle = begin + 1 + sim_below(&w->c->state, end - begin - 1);
        bool later_first = sim_chance(&w->c->state, 0.5);
        give_piece(w, lease, later_first ? middle : begin, later_first ? end : middle);
        give_piece(w, lease, later_first ? begin : middle, later_first ? middle : end);
    } else if (end > begin) {
        give_piece(w, lease, begin, end);
    }
}

static bool fails(const sim_world *w, uint64_t item, int attempt) {
    return w->c->fail && (w->c->fail[item] == 255 || attempt <= w->c->fail[item]);
}

/* Reports the failure of an item; true if the item is in a piece all the same. */
static bool report_failure(sim_world *w, const sim_event *e, uint64_t item) {
    bool wanted = item < w->plan->limit, may_begin = dmap__plan_may_begin(w->plan, item);
    int attempt = e->attempt - w->losses[item];
    dmap__verdict verdict = dmap__verdict_of(&w->c->spec, DMAP_ITEM_FAILED, attempt, may_begin);
    if (dmap__plan_failed(w->plan, e->lease, item, verdict) != DMAP_OK)
        sim_fail(w, "out of memory");
    if ((verdict == DMAP__VERDICT_RETRY) != (wanted && attempt <= w->c->spec.retries && !w->drained))
        sim_fail(w, "item %llu attempt %d: the verdict is %d", (unsigned long long)item, e->attempt, (int)verdict);
    w->pending -= verdict == DMAP__VERDICT_STOP;
    return verdict == DMAP__VERDICT_FAILED;
}

static void done(sim_world *w, const sim_event *e) {
    uint64_t run_begin = e->begin;
    sim_lost_back(w, e->begin, e->end);
    for (uint64_t i = e->begin; i < e->end; i++) {
        if (++w->attempts[i] != e->attempt)
            sim_fail(w, "item %llu: attempt %d is its %d.", (unsigned long long)i, e->attempt, w->attempts[i]);
        if (fails(w, i, e->attempt - w->losses[i]) && !report_failure(w, e, i)) {
            give_pieces(w, e->lease, run_begin, i);
            run_begin = i + 1;
        }
    }
    give_pieces(w, e->lease, run_begin, e->end);
    dmap__plan_done(w->plan, w->now, e->lease, e->end - e->begin, e->seconds);
}

static void returned(sim_world *w, const sim_event *e) {
    sim_lost_back(w, e->begin, e->end);
    uint64_t middle = e->begin + (e->end > e->begin ? sim_below(&w->c->state, e->end - e->begin) : 0);
    dmap__range ranges[2] = {{middle, e->end}, {e->begin, middle}};
    size_t n = e->begin == e->end ? 0 : (middle > e->begin ? 2 : 1);
    if (dmap__plan_returned(w->plan, e->lease, ranges, n) != DMAP_OK)
        sim_fail(w, "out of memory");
}

/* What a lost rank sends comes to nothing, as it does in src/pool/collect.c. */
void sim_master_event(sim_world *w, const sim_event *event) {
    bool is_message = event->kind >= SIM_DONE && event->kind <= SIM_PROGRESS;
    if (is_message && w->ranks[event->rank].is_lost)
        return;
    switch (event->kind) {
    case SIM_DONE:
        done(w, event);
        break;
    case SIM_RETURNED:
        returned(w, event);
        break;
    case SIM_PROGRESS:
        dmap__plan_progress(w->plan, w->now, event->lease, event->begin);
        break;
    case SIM_RELEASE:
        dmap__plan_release(w->plan, event->begin);
        w->held -= event->begin;
        break;
    case SIM_LOST:
        sim_lost_declare(w, event->rank);
        break;
    case SIM_LIMIT_NOW:
        dmap__plan_limit(w->plan, w->c->limit);
        break;
    case SIM_DRAIN_NOW:
        w->drained = true;
        if (dmap__plan_drain(w->plan) != DMAP_OK)
            sim_fail(w, "out of memory");
        break;
    default:
        break;
    }
}

/* The source is asked for what is wanted. It has nothing now and then, or less than that, or ends. */
static void offer(sim_world *w) {
    uint64_t left = w->c->items - w->offered, wanted = dmap__plan_wanted(w->plan);
    uint64_t n = wanted < left ? wanted : left;
    if (!w->c->config.is_offered || w->has_none_now || !wanted)
        return;
    if (w->offered != w->granted)
        sim_fail(w, "%llu items are wanted, though some were offered", (unsigned long long)wanted);
    if (n < wanted && !w->c->stream)
        sim_fail(w, "%llu items are wanted, and %llu are left", (unsigned long long)wanted, (unsigned long long)left);
    if (w->c->scant && n > 1 && sim_chance(&w->c->state, 0.3))
        n = 1 + sim_below(&w->c->state, n - 1);
    w->offered += n;
    w->is_due = n > 0;
    dmap__plan_offer(w->plan, w->offered, w->c->stream && n == left && (n < wanted || sim_chance(&w->c->state, 0.5)));
}

static void grant(sim_world *w, const dmap__step *step) {
    if (w->drained)
        sim_fail(w, "a grant after the plan was drained");
    if (step->begin == w->granted) {
        w->granted = step->end;
        w->pending += step->end - step->begin;
        sim_verify_grant(w, step->end - step->begin, w->c->workers[step->branch]);
    } else if (step->end > w->granted) {
        sim_fail(w, "grant [%llu, %llu) skips positions", (unsigned long long)step->begin,
                 (unsigned long long)step->end);
    }
    sim_lost_granted(w, step);
    bool is_shared = step->branch || w->c->config.all_share;
    uint64_t share = is_shared ? w->c->config.max_share * (uint64_t)w->c->workers[step->branch] : 0;
    if ((w->c->config.max_chunk && step->end - step->begin > w->c->config.max_chunk) ||
        (share && step->end - step->begin > share))
        sim_fail(w, "a grant of %llu items", (unsigned long long)(step->end - step->begin));
    if (step->end > (w->c->config.is_offered ? w->offered : w->c->items) || step->begin >= w->plan->limit)
        sim_fail(w, "a grant beyond the items that are there, or the limit");
    sim_send_to_rank(w, (sim_event){.kind = SIM_GRANT,
                                    .rank = step->branch,
                                    .lease = step->lease,
                                    .attempt = step->attempt,
                                    .begin = step->begin,
                                    .end = step->end});
}

static void limit_all(sim_world *w, uint64_t limit) {
    for (int i = 0; i < w->c->ranks; i++)
        if (!w->ranks[i].is_lost)
            sim_send_to_rank(w, (sim_event){.kind = SIM_LIMIT, .rank = i, .begin = limit});
}

static void follow(sim_world *w, const dmap__step *step) {
    static const char *const kinds[] = {"grant", "recall", "limit"};
    if (w->verbose) {
        printf("%.9f %s branch %d lease %u [%llu, %llu) attempt %d want %llu\n", w->now, kinds[step->kind],
               step->branch, step->lease, (unsigned long long)step->begin, (unsigned long long)step->end, step->attempt,
               (unsigned long long)step->want);
    }
    if (w->is_due && (step->kind != DMAP__STEP_GRANT || step->end != w->offered))
        sim_fail(w, "items were wanted that are not granted at once");
    w->is_due = false;
    if (step->kind == DMAP__STEP_GRANT) {
        grant(w, step);
    } else if (step->kind == DMAP__STEP_RECALL) {
        sim_send_to_rank(
            w, (sim_event){.kind = SIM_RECALL, .rank = step->branch, .lease = step->lease, .begin = step->want});
    } else {
        limit_all(w, step->begin);
    }
}

static void deliver(sim_world *w, const dmap__piece *piece) {
    if (w->c->config.ordered && piece->begin != w->head) {
        sim_fail(w, "piece at %llu delivered, not at %llu", (unsigned long long)piece->begin,
                 (unsigned long long)w->head);
    }
    w->head = piece->end;
    for (uint64_t i = piece->begin; i < piece->end; i++) {
        w->delivered[i]++;
        if (!piece->tag && (w->ended[i] || !w->drained))
            sim_fail(w, "item %llu is missing, though it ended or all were wanted", (unsigned long long)i);
    }
    if (!piece->tag)
        w->pending -= piece->end - piece->begin;
    uint64_t later = w->c->slow_sink ? sim_below(&w->c->state, piece->bytes + 1) : 0;
    dmap__plan_release(w->plan, piece->bytes - later);
    w->held -= piece->bytes - later;
    if (later)
        sim_post(w, w->now + w->c->mean_s, (sim_event){.kind = SIM_RELEASE, .begin = later});
}

/* Delivers and drops; true if something was there. */
static bool deliver_all(sim_world *w) {
    dmap__piece piece;
    bool any = false;
    while (dmap__plan_take(w->plan, &piece)) {
        deliver(w, &piece);
        any = true;
    }
    while (dmap__plan_drop(w->plan, &piece))
        w->held -= piece.bytes;
    return any;
}

static bool next_step(sim_world *w, dmap__step *step) {
    offer(w);
    bool any = dmap__plan_next(w->plan, w->now, step);
    if (w->is_due && !any)
        sim_fail(w, "items were wanted that are not granted");
    return any;
}

void sim_master_turn(sim_world *w) {
    dmap__step step;
    sim_verify_held(w);
    w->has_none_now = w->c->hesitates && sim_chance(&w->c->state, 0.5);
    do {
        while (!w->failure[0] && next_step(w, &step))
            follow(w, &step);
    } while (deliver_all(w) && !w->failure[0]);
    if (w->c->ranks <= 100) {
        const char *broken = dmap__plan_check(w->plan);
        if (broken)
            sim_fail(w, "%s", broken);
    }
    if (w->makespan_s <= 0 && dmap__plan_over(w->plan))
        w->makespan_s = w->now;
}
