/* What a sink holds, compared with the table in <dmap/dmap.h>. */
#include <inttypes.h>
#include <string.h>

#include "held.h"

static const affine guard = {UINT64_C(0xdeadbeefdeadbeef), 0}, first = {3, 5};
static const char before[] = "before ";

void held_wrong(const held *h, const char *what, uint64_t index) {
    static const char *const sinks[SINKS] = {"dmap_into", "dmap_collect",   "dmap_each",   "dmap_each, unordered",
                                             "dmap_fold", "dmap_fold_blob", "dmap_discard"};
    harness_fail("%s, %s: %s, at %" PRIu64 " (%s: %s)", sinks[h->sink], h->has_cost ? "by cost" : "in order", what,
                 index, dmap_status_name(h->said), dmap_error(harness_pool));
}

static bool is_drained(const held *h) {
    return h->how >= DRAINED && h->how <= DRAINED_FAILING_KEEP_GOING;
}

static bool is_stopped_below(const held *h) {
    return h->how == LOWEST_FAILED || h->how == ITEM_NO_MEMORY;
}

/* What is held is known beforehand; else it depends on how far the call had come. */
static bool is_certain(const held *h) {
    return h->how <= SOURCE_FAILED;
}

static bool must_hold(const held *h, uint64_t i) {
    return is_certain(h) && !(is_stopped_below(h) && i >= L) && !(h->how == SOME_FAILED && held_fails_some(i));
}

static bool may_have_failed(const held *h, uint64_t i) {
    return (is_stopped_below(h) && i == L) || (h->how == SOME_FAILED && held_fails_some(i)) ||
           (h->how >= DRAINED_FAILING && h->how <= DRAINED_FAILING_KEEP_GOING && i == 0);
}

static bool is_result(const held *h, uint64_t i, const void *data, size_t size) {
    affine made = held_affine(i);
    char text[24];
    bool is_blob = h->sink == FOLD_BLOB || h->how == ITEM_NO_MEMORY || h->how == MERGE_NO_MEMORY;
    if (is_blob)
        return data && size == held_text(i, text) && !memcmp(data, text, size);
    return data && size == sizeof made && !memcmp(data, &made, sizeof made);
}

void held_prepare(held *h) {
    for (size_t i = 0; i < ITEMS + 2; i++)
        h->into[i] = guard;
    h->folded = first;
    h->last = NEVER;
    h->merged = malloc(sizeof before - 1);
    h->merged_size = h->merged ? sizeof before - 1 : 0;
    memcpy(h->merged, before, h->merged_size);
}

int held_take(void *arg, const dmap_item_result *r) {
    held *h = arg;
    uint64_t i = r->index;
    if (i >= ITEMS || h->status[i]) {
        held_wrong(h, "an item that is none, or was delivered before", i);
        return 1;
    }
    if (h->sink == ORDERED && h->last != NEVER && i <= h->last)
        held_wrong(h, "an item was delivered out of order", i);
    if (h->sink == ORDERED && !is_drained(h) && i != h->delivered)
        held_wrong(h, "there is a gap before an item", i);
    bool is_right = r->status == DMAP_ITEM_OK ? is_result(h, i, r->data, r->size)
                                              : r->status == DMAP_ITEM_FAILED && may_have_failed(h, i);
    if (!is_right)
        held_wrong(h, "an item has another end than it had", i);
    h->after_stop += h->stopped;
    h->status[i] = (unsigned char)(1 + r->status);
    h->last = i;
    h->delivered++;
    h->stopped = h->how == STOPPED && h->delivered == 20;
    return h->stopped;
}

static void look_at_each(const held *h) {
    for (uint64_t i = 0; i < ITEMS; i++)
        if (must_hold(h, i) ? h->status[i] != 1 + DMAP_ITEM_OK : h->how == SOME_FAILED && !h->status[i])
            held_wrong(h, "an item was not delivered", i);
    if (h->sink == ORDERED && is_stopped_below(h) && h->delivered != L)
        held_wrong(h, "items above the lowest that failed were delivered", h->delivered);
    if (h->after_stop)
        held_wrong(h, "the function was called after it had stopped the call", h->after_stop);
}

static void look_at_table(const held *h) {
    uint64_t ok = 0, count = dmap_results_count(h->results);
    bool is_pulled = h->how == SOURCE_FAILED || h->pulled;
    if (!h->results || count != (is_pulled ? h->pulled : ITEMS))
        held_wrong(h, "the table has another number of entries", count);
    for (uint64_t i = 0; i < count; i++) {
        size_t size = 1;
        const void *data = dmap_results_at(h->results, i, &size);
        dmap_item_status status = dmap_results_status(h->results, i);
        const char *error = dmap_results_error(h->results, i);
        ok += status == DMAP_ITEM_OK;
        if (status == DMAP_ITEM_OK ? error || !is_result(h, i, data, size) : !error || data || size)
            held_wrong(h, "an entry contradicts itself", i);
        if (must_hold(h, i) ? status != DMAP_ITEM_OK : is_certain(h) && status == DMAP_ITEM_OK)
            held_wrong(h, "an entry has another status", (uint64_t)status);
        if (may_have_failed(h, i) ? is_certain(h) && status != DMAP_ITEM_FAILED : status == DMAP_ITEM_FAILED)
            held_wrong(h, "another item failed than did", i);
    }
    dmap_report report;
    dmap_report_get(harness_pool, &report);
    if (is_drained(h) && h->how != DRAINED_FAILING && report.items != ok + report.failed)
        held_wrong(h, "the table does not hold what was done", ok);
}

/* As of the items that it has to hold, or as it was before. */
static void look_at_fold(const held *h) {
    affine wanted = first;
    for (uint64_t i = 0; i < ITEMS; i++) {
        affine made = held_affine(i);
        if (must_hold(h, i))
            held_combine(&wanted, &made);
    }
    if (memcmp(&wanted, &h->folded, sizeof wanted))
        held_wrong(h, "the accumulator is neither whole nor untouched", 0);
}

static void look_at_merged(const held *h) {
    char wanted[24 * ITEMS] = "before ";
    size_t size = sizeof before - 1;
    for (uint64_t i = 0; i < ITEMS; i++)
        if (must_hold(h, i))
            size += held_text(i, wanted + size);
    if (h->merged_size != size || memcmp(h->merged, wanted, size))
        held_wrong(h, "the accumulator is neither whole nor untouched", h->merged_size);
}

void held_look(held *h) {
    if (h->sink == INTO) {
        for (uint64_t i = 0; i < ITEMS; i++)
            if (must_hold(h, i) && !is_result(h, i, &h->into[i + 1], sizeof(affine)))
                held_wrong(h, "a result is missing", i);
        if (memcmp(&h->into[0], &guard, sizeof guard) || memcmp(&h->into[ITEMS + 1], &guard, sizeof guard))
            held_wrong(h, "memory beside the results was written", 0);
    }
    if (h->sink == COLLECT)
        look_at_table(h);
    if (h->sink == ORDERED || h->sink == UNORDERED)
        look_at_each(h);
    if (h->sink == FOLD)
        look_at_fold(h);
    if (h->sink == FOLD_BLOB)
        look_at_merged(h);
    dmap_results_free(h->results);
    free(h->merged);
}
