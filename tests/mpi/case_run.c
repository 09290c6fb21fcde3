/* A case, run and compared. What must hold, with N items of the source and L the lowest that fails for good:
 *  - on_error stop: the call reports L; items below L have ended as in a loop; an ordered sink was given no other;
 *  - keep going: every item has an end of its own, with its attempts, code and sentence;
 *  - the report counts items, failures and attempts, and what a journal had beside what ranks ran.
 * Nothing is checked in memory that the API calls unspecified. */
#include "cases.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS     60 /* for one map, before the watchdog barks: the machine may be shared */
#define SOURCE_CODE (-7)

typedef struct running {
    const test_case *c;
    case_items items;
    case_model model;
    uint64_t limit;  /* items below it end as in a loop */
    uint64_t pulled; /* by the source function */
    uint64_t delivered;
    unsigned char *seen;
    pthread_t thread;
    bool good;
    affine *into; /* with one more at each end */
    affine folded;
    void *merged; /* the fold of results of any size */
    size_t merged_size;
    dmap_results *results;
    dmap_status status;
} running;

static bool wrong(running *r, const char *what, uint64_t index) {
    r->good = false;
    return harness_fail("%s, at %" PRIu64, what, index);
}

/* ---- what a failed item says ---- */

static bool says(const running *r, uint64_t index, const char *text) {
    char wanted[128];
    int used = snprintf(wanted, sizeof wanted, "item %" PRIu64 " (attempt %d): ", index, r->model.items[index].attempt);
    if (world_says(index))
        snprintf(wanted + used, sizeof wanted - (size_t)used, "bad item %" PRIu64 " (on ", index);
    else
        snprintf(wanted + used, sizeof wanted - (size_t)used, "the task returned %d (on ", world_code(index));
    const char *rest = text && !strncmp(text, wanted, strlen(wanted)) ? text + strlen(wanted) : "";
    return strstr(rest, ", rank ") && strstr(rest, ", worker ");
}

static bool is_result(const running *r, uint64_t index, const void *data, size_t size) {
    uint64_t key = r->model.items[index].key;
    affine made = affine_of(key);
    if (!r->c->variable_results)
        return data && size == sizeof made && !memcmp(data, &made, sizeof made);
    unsigned char *wanted = malloc(size + 1);
    if (!wanted)
        return false;
    fill(wanted, size, key);
    bool same = data && size == size_of(key) && !memcmp(data, wanted, size);
    free(wanted);
    return same;
}

/* ---- source and sink functions ---- */

static int next(void *arg, dmap_blob *item) {
    running *r = arg;
    if (!pthread_equal(r->thread, pthread_self()))
        wrong(r, "the source ran in another thread", r->pulled);
    if (r->pulled == r->c->source_fails_at)
        return SOURCE_CODE;
    if (r->pulled == r->c->count)
        return 0;
    *item = r->items.blobs[r->pulled++];
    return 1;
}

static bool is_end(const running *r, const dmap_item_result *e) {
    const expected *want = &r->model.items[e->index];
    if (e->attempt != want->attempt || e->rank < 0 || e->rank >= dmap_ranks(harness_pool) || e->signal)
        return false;
    if (!want->failed)
        return e->status == DMAP_ITEM_OK && !e->code && !e->error && is_result(r, e->index, e->data, e->size);
    return e->status == DMAP_ITEM_FAILED && e->code == world_code(e->index) && !e->data && says(r, e->index, e->error);
}

static int each(void *arg, const dmap_item_result *e) {
    running *r = arg;
    uint64_t number = r->delivered++;
    if (!pthread_equal(r->thread, pthread_self()))
        wrong(r, "the sink ran in another thread", number);
    if (e->index >= r->model.count)
        wrong(r, "an item that is none was delivered", e->index);
    else if (r->seen[e->index]++)
        wrong(r, "an item was delivered twice", e->index);
    else if (r->c->sink == SINK_ORDERED && e->index != number)
        wrong(r, "an item was delivered out of order", e->index);
    else if (!is_end(r, e))
        wrong(r, "a delivered item is not as in a loop", e->index);
    return number == r->c->sink_stops_at || !r->good;
}

static dmap_source source_of(running *r) {
    const test_case *c = r->c;
    switch (c->source) {
    case SOURCE_ARRAY:
        return dmap_array(r->items.numbers, c->count);
    case SOURCE_BLOBS:
        return dmap_blobs(r->items.blobs, c->count);
    case SOURCE_RANGE:
        return dmap_range(RANGE_BEGIN, RANGE_BEGIN + c->count);
    default:
        return dmap_pull(next, r);
    }
}

static dmap_sink sink_of(running *r) {
    switch (r->c->sink) {
    case SINK_INTO:
        return dmap_into(r->into + 1);
    case SINK_COLLECT:
        return dmap_collect(&r->results);
    case SINK_FOLD:
        return r->c->variable_results ? dmap_fold_blob(&r->merged, &r->merged_size) : dmap_fold(&r->folded);
    case SINK_DISCARD:
        return dmap_discard();
    default:
        return dmap_each(each, r);
    }
}

/* ---- what the sink holds afterwards ---- */

static const affine guard = {UINT64_C(0xdeadbeefdeadbeef), 0}, first = {3, 5};

static void check_into(running *r) {
    for (uint64_t i = 0; i < r->limit && r->good; i++)
        if (!r->model.items[i].failed && !is_result(r, i, &r->into[i + 1], sizeof(affine)))
            wrong(r, "a result is not as in a loop", i);
    if (memcmp(&r->into[0], &guard, sizeof guard) || memcmp(&r->into[r->c->count + 1], &guard, sizeof guard))
        wrong(r, "memory beside the results was written", 0);
}

static bool is_collected(const running *r, uint64_t i) {
    size_t size = 1;
    const void *data = dmap_results_at(r->results, i, &size);
    dmap_item_status status = dmap_results_status(r->results, i);
    const char *error = dmap_results_error(r->results, i);
    if (i < r->limit && !r->model.items[i].failed)
        return status == DMAP_ITEM_OK && !error && is_result(r, i, data, size);
    if (i < r->limit || i == r->model.first_failed)
        return status == DMAP_ITEM_FAILED && !data && !size && says(r, i, error);
    return status == DMAP_ITEM_CANCELLED && !data && !size && error;
}

static void check_collected(running *r) {
    uint64_t count = dmap_results_count(r->results);
    bool all = r->limit == r->model.count || r->c->source != SOURCE_PULL;
    if (!r->results || count > r->model.count || (all ? count != r->model.count : count <= r->limit))
        wrong(r, "the table has another number of results", count);
    for (uint64_t i = 0; i < count && r->good; i++)
        if (!is_collected(r, i))
            wrong(r, "an entry of the table is not as in a loop", i);
}

static void check_delivered(running *r) {
    uint64_t stops = r->c->sink_stops_at, wanted = r->limit;
    if (r->status == DMAP_ECANCELLED) {
        if (r->delivered != stops + 1)
            wrong(r, "the function was called after it stopped the call", r->delivered);
        return;
    }
    for (uint64_t i = 0; i < wanted && r->good; i++)
        if (!r->seen[i])
            wrong(r, "an item was not delivered", i);
    if (r->c->sink == SINK_ORDERED && r->delivered != wanted)
        wrong(r, "items above the failed one were delivered", r->delivered);
}

static void check_folded(running *r) {
    affine wanted = first;
    for (uint64_t i = 0; i < r->limit; i++) {
        affine made = affine_of(r->model.items[i].key);
        if (!r->model.items[i].failed)
            affine_combine(&wanted, &made);
    }
    if (memcmp(&wanted, &r->folded, sizeof wanted))
        wrong(r, "the fold is not that of a loop", r->limit);
}

/* All results that are wanted lie one after the other. */
static void check_merged(running *r) {
    const unsigned char *next = r->merged;
    size_t left = r->merged_size, size;
    bool any = false;
    for (uint64_t i = 0; i < r->limit && r->good; i++) {
        if (r->model.items[i].failed)
            continue;
        any = true;
        size = size_of(r->model.items[i].key);
        if (size > left || !is_result(r, i, next, size))
            wrong(r, "the merged results are not those of a loop", i);
        next += size;
        left -= size;
    }
    if (r->good && (left || any != (r->merged != NULL)))
        wrong(r, "more was merged than a loop has", left);
}

/* ---- what the call says ---- */

static dmap_status status_wanted(const running *r) {
    bool is_each = r->c->sink == SINK_ORDERED || r->c->sink == SINK_UNORDERED;
    if (is_each && r->c->sink_stops_at < r->limit)
        return DMAP_ECANCELLED;
    /* What an unordered sink is given above the failed item is left open: it may get as far as the stop. */
    if (r->c->sink == SINK_UNORDERED && r->status == DMAP_ECANCELLED && r->delivered == r->c->sink_stops_at + 1 &&
        r->limit < r->model.count)
        return DMAP_ECANCELLED;
    if (r->model.failed)
        return DMAP_EITEM;
    return r->c->source == SOURCE_PULL && r->c->source_fails_at <= r->c->count ? DMAP_EIO : DMAP_OK;
}

static void check_status(running *r) {
    const char *text = dmap_error(harness_pool);
    char source[80];
    dmap_status wanted = status_wanted(r);
    snprintf(source, sizeof source, "the source failed with code %d after %" PRIu64 " items", SOURCE_CODE,
             r->model.count);
    bool fits = wanted == DMAP_OK      ? !*text
                : wanted == DMAP_EITEM ? says(r, r->model.first_failed, text)
                : wanted == DMAP_EIO   ? strstr(text, source) != NULL
                                       : strstr(text, "the sink stopped the call") != NULL;
    if (r->status != wanted || !fits) {
        harness_fail("status %s, wanted %s: \"%s\"", dmap_status_name(r->status), dmap_status_name(wanted), text);
        r->good = false;
    }
}

static void check_report(running *r) {
    dmap_report report;
    uint64_t items = 0;
    dmap_report_get(harness_pool, &report);
    for (int rank = 0; rank < dmap_ranks(harness_pool); rank++) {
        dmap_rank_report one = {0};
        if (dmap_report_rank(harness_pool, rank, &one) != DMAP_OK || !one.host)
            wrong(r, "a rank has no report", (uint64_t)rank);
        items += one.items;
    }
    if (report.ranks != dmap_ranks(harness_pool) || report.workers != dmap_workers(harness_pool))
        wrong(r, "the report has another number of ranks or workers", (uint64_t)report.ranks);
    bool whole = r->status != DMAP_ECANCELLED && (r->limit == r->model.count);
    if (!whole)
        return;
    if (report.items != r->model.count)
        wrong(r, "the report counts other items", report.items);
    if (items + report.from_journal != r->model.count + r->model.retried)
        wrong(r, "the reports of the ranks do not sum up to items and further attempts", items);
    if (report.failed != r->model.failed)
        wrong(r, "the report counts other failures", report.failed);
    if (report.retried != r->model.retried)
        wrong(r, "the report counts other retries", report.retried);
}

/* ---- the whole ---- */

static double cost(void *arg, uint64_t index) {
    (void)arg;
    return (double)(mix(index) % 1000);
}

static bool share(const test_case *c) {
    static world last;
    static bool given;
    if (given && !memcmp(&last, &c->world, sizeof last))
        return true;
    last = c->world;
    given = dmap_share(harness_pool, &last, sizeof last) == DMAP_OK;
    return given || harness_fail("dmap_share: %s", dmap_error(harness_pool));
}

static void map(running *r) {
    dmap_map_options options = r->c->options;
    options.unordered = r->c->sink == SINK_UNORDERED;
    options.cost = r->c->cost ? cost : NULL;
    r->status = dmap_map(harness_pool, case_task(r->c), source_of(r), sink_of(r), &options);
}

static void check(running *r) {
    check_status(r);
    if (r->good)
        check_report(r);
    if (!r->good)
        return;
    if (r->c->sink == SINK_INTO)
        check_into(r);
    if (r->c->sink == SINK_COLLECT)
        check_collected(r);
    if (r->c->sink == SINK_ORDERED || r->c->sink == SINK_UNORDERED)
        check_delivered(r);
    if (r->c->sink == SINK_FOLD)
        (r->c->variable_results ? check_merged : check_folded)(r);
}

bool case_run(const test_case *c) {
    running r = {.c = c, .thread = pthread_self(), .good = true, .folded = first};
    char text[1024];
    case_describe(c, text, sizeof text);
    harness_watch(text, SECONDS);
    case_items_make(c, &r.items);
    case_model_make(c, &r.items, &r.model);
    bool stops = c->options.on_error == DMAP_STOP && r.model.first_failed != NEVER;
    r.limit = stops ? r.model.first_failed : r.model.count;
    r.seen = calloc(c->count + 1, 1);
    r.into = calloc(c->count + 2, sizeof *r.into);
    if (r.seen && r.into && share(c)) {
        r.into[0] = r.into[c->count + 1] = guard;
        map(&r);
        check(&r);
    } else {
        r.good = false;
    }
    dmap_results_free(r.results);
    free(r.merged);
    free(r.seen);
    free(r.into);
    free(r.model.items);
    case_items_free(&r.items);
    harness_watch("", 0);
    return r.good;
}
