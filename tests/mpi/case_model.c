/* The model: items, and what a plain loop over them gives. It knows the library's words only, and the formula of
 * dmap_seed, which is written again here: results that users keep depend on it. */
#include "cases.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

test_case case_of(case_source source, case_sink sink, uint64_t count) {
    return (test_case){.source = source,
                       .sink = sink,
                       .count = count,
                       .source_fails_at = NEVER,
                       .sink_stops_at = NEVER,
                       .options = {.progress = -1, .seed = mix(count)},
                       .world = {.key = mix(harness_seed),
                                 .fail_at = {NEVER, NEVER, NEVER, NEVER},
                                 .is_range = source == SOURCE_RANGE}};
}

bool case_is_possible(const test_case *c) {
    if (c->batch && (c->variable_items || c->variable_results))
        return false;
    if (c->variable_items && (c->source == SOURCE_ARRAY || c->source == SOURCE_RANGE))
        return false;
    if (c->variable_results && c->sink == SINK_INTO)
        return false;
    return !(c->cost && c->source == SOURCE_PULL);
}

void case_describe(const test_case *c, char *text, size_t size) {
    static const char *const sources[] = {"array", "blobs", "range", "pull"};
    static const char *const sinks[] = {"into", "collect", "ordered each", "unordered each", "fold", "discard"};
    static const char *const schedules[] = {"auto", "static", "dynamic", "guided", "factoring"};
    const dmap_map_options *o = &c->options;
    const world *w = &c->world;
    snprintf(text, size,
             "%d ranks, %d workers: %s -> %s, %" PRIu64
             " items, %s%s%s%s, %s, chunk %zu, window %zu, %s, retries %d, seed %" PRIu64 ", key %" PRIu64
             ", fail at %" PRId64 " %" PRId64 " %" PRId64 " x %u, one in %u of %" PRIu64 ", source fails at %" PRId64
             ", sink stops at %" PRId64 ", burn %u ns, slow rank %u (DMAP_SEED=%" PRIu64 ")",
             dmap_ranks(harness_pool), dmap_workers(harness_pool), sources[c->source], sinks[c->sink], c->count,
             c->variable_items ? "variable items, " : "", c->variable_results ? "variable results, " : "",
             c->batch ? "batch" : "run", c->cost ? ", longest first" : "", schedules[o->schedule], o->chunk, o->window,
             o->on_error == DMAP_STOP ? "stop" : "keep going", o->retries, o->seed, w->key, (int64_t)w->fail_at[0],
             (int64_t)w->fail_at[1], (int64_t)w->fail_at[2], w->fail_times, w->fail_one_in, w->fail_key,
             (int64_t)c->source_fails_at, (int64_t)c->sink_stops_at, w->burn_ns, w->slow_rank, harness_seed);
}

/* ---- items ---- */

static uint64_t number_of(const test_case *c, uint64_t index) {
    return c->source == SOURCE_RANGE ? RANGE_BEGIN + index : mix(index + 5);
}

static size_t item_size(const test_case *c, uint64_t index) {
    if (!c->variable_items)
        return 8;
    if (index % 1009 == 7)
        return 30000;
    return mix(index) % 4 == 0 ? 0 : (size_t)(mix(index) >> 8) % 100;
}

static size_t padded(size_t size) {
    return (size + 15) & ~(size_t)15;
}

static void must(const void *memory) {
    if (!memory) {
        fprintf(stderr, "out of memory for a case\n");
        abort();
    }
}

void case_items_make(const test_case *c, case_items *items) {
    size_t bytes = 16;
    for (uint64_t i = 0; c->variable_items && i < c->count; i++)
        bytes += padded(item_size(c, i));
    *items = (case_items){.numbers = calloc(c->count + 1, 8),
                          .blobs = calloc(c->count + 1, sizeof(dmap_blob)),
                          .bytes = aligned_alloc(16, bytes)};
    must(items->numbers);
    must(items->blobs);
    must(items->bytes);
    unsigned char *next = items->bytes;
    for (uint64_t i = 0; i < c->count; i++) {
        items->numbers[i] = number_of(c, i);
        items->blobs[i] = (dmap_blob){&items->numbers[i], 8};
        if (!c->variable_items)
            continue;
        items->blobs[i] = (dmap_blob){next, item_size(c, i)};
        fill(next, items->blobs[i].size, mix(i));
        next += padded(items->blobs[i].size);
    }
}

void case_items_free(case_items *items) {
    free(items->numbers);
    free(items->blobs);
    free(items->bytes);
}

/* ---- the loop ---- */

static uint64_t finalise(uint64_t z) {
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t seed_of(uint64_t seed, uint64_t index) {
    const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);
    return finalise(finalise(seed + golden) + (index + 1) * golden);
}

void case_model_make(const test_case *c, const case_items *items, case_model *model) {
    const world *w = &c->world;
    uint64_t count = c->source_fails_at < c->count ? c->source_fails_at : c->count;
    *model = (case_model){.count = count, .first_failed = NEVER, .items = calloc(count + 1, sizeof(expected))};
    must(model->items);
    for (uint64_t i = 0; i < count; i++) {
        expected *e = &model->items[i];
        uint32_t fails = world_fails(w, i), most = (uint32_t)c->options.retries + 1;
        e->key = world_key(w, i, seed_of(c->options.seed, i), items->blobs[i].data, items->blobs[i].size);
        e->failed = fails >= most;
        e->attempt = (int)(e->failed ? most : fails + 1);
        model->failed += e->failed;
        model->retried += (uint64_t)e->attempt - 1;
        if (e->failed && model->first_failed == NEVER)
            model->first_failed = i;
    }
}
