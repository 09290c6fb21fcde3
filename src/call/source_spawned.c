/* Records come in bundles, those of a chunk together, and leave the youngest bundle first: so the search stays deep
 * rather than broad. Of a bundle they leave in any order, the same for all: a chunk is to have some that are near the
 * root, below which there is much, and some that are not. Roots are asked for when nothing else waits.
 *
 * Invariant: bundles [0, in_file) are in the file, one behind the other, and what waits in memory is `most` bytes or
 * the youngest bundle. */
#include "call/source_spawned.h"

#include <stdlib.h>
#include <string.h>

#include "base/seed.h"

#define ROOTS 1024 /* of a source that has them all, asked for at once */

/* ---- bundles ---- */

static bool has_room(dmap__spawned *s) {
    return dmap__memory_grow(&s->bundles, &s->capacity, s->n_bundles + 1, sizeof *s->bundles);
}

static void add(dmap__spawned *s, dmap__bundle *bundle) {
    if (!bundle->n)
        return;
    s->bundles[s->n_bundles++] = *bundle;
    s->bytes += bundle->bytes;
    s->waiting += bundle->n;
    *bundle = (dmap__bundle){0};
}

static dmap_status write_bundle(dmap__spawned *s, dmap__bundle *bundle, dmap__error *error) {
    for (const dmap__block *block = bundle->blocks; block; block = block->next) {
        dmap_status status = dmap__spool_push(&s->spool, dmap__block_data(block), block->used, error);
        if (status != DMAP_OK)
            return status;
    }
    s->bytes -= bundle->bytes;
    dmap__block_free(bundle->blocks);
    bundle->blocks = NULL;
    return DMAP_OK;
}

/* The oldest of those in memory go to the file. */
static dmap_status spill(dmap__spawned *s, dmap__error *error) {
    while (s->bytes > s->most && s->in_file < s->n_bundles) {
        dmap_status status = write_bundle(s, &s->bundles[s->in_file], error);
        if (status != DMAP_OK)
            return status;
        s->in_file++;
    }
    return DMAP_OK;
}

dmap_status dmap__spawned_take(dmap__spawned *s, const dmap__block *records, uint64_t *n, dmap__error *error) {
    dmap__spawn_record_cursor cursor = {.block = records};
    dmap__bundle bundle = {0};
    *n = 0;
    for (const dmap__spawn_record *record; (record = dmap__spawn_record_next(&cursor));) {
        if (record->kind != DMAP__RECORD_ITEM)
            continue;
        size_t size = (size_t)record->size;
        dmap__spawn_record *copy = has_room(s) ? dmap__spawn_record_add(&bundle.blocks, DMAP__RECORD_ITEM, size) : NULL;
        if (!copy) {
            dmap__block_free(bundle.blocks);
            return dmap__fail_memory(error, size, "an item that waits");
        }
        memcpy(copy, record, sizeof *record + size);
        bundle.bytes += dmap__spawn_record_bytes(size);
        bundle.n++;
        ++*n;
        if (bundle.bytes > s->most / 4)
            add(s, &bundle);
    }
    if (has_room(s))
        add(s, &bundle);
    return spill(s, error);
}

static bool read_bundle(dmap__spawned *s, dmap__bundle *bundle) {
    void *data = dmap__block_take(&bundle->blocks, bundle->bytes);
    if (data)
        return dmap__spool_pop(&s->spool, data, bundle->bytes, &s->source->failure) == DMAP_OK;
    dmap__fail_memory(&s->source->failure, bundle->bytes, "items that wait");
    return false;
}

/* The same order whenever the same records come. */
static void shuffle(dmap__spawned *s) {
    for (size_t i = s->left; i > 1; i--) {
        size_t other = (size_t)(dmap__seed_mix(i) % i);
        const dmap__spawn_record *record = s->at[i - 1];
        s->at[i - 1] = s->at[other];
        s->at[other] = record;
    }
}

/* The youngest bundle becomes the current one. Returns false if it cannot be had: source->failure says why. */
static bool turn_to_next(dmap__spawned *s) {
    dmap__block_free(s->current.blocks);
    s->current = s->bundles[--s->n_bundles];
    bool was_in_file = s->in_file > s->n_bundles;
    s->in_file -= was_in_file;
    s->left = 0;
    if (was_in_file && !read_bundle(s, &s->current))
        return false;
    s->bytes -= was_in_file ? 0 : s->current.bytes;
    if (!dmap__memory_grow(&s->at, &s->at_capacity, s->current.n, sizeof *s->at)) {
        dmap__fail_memory(&s->source->failure, s->current.n * sizeof *s->at, "items that wait");
        return false;
    }
    dmap__spawn_record_cursor cursor = {.block = s->current.blocks};
    for (const dmap__spawn_record *record; s->left < s->current.n && (record = dmap__spawn_record_next(&cursor));)
        s->at[s->left++] = record;
    shuffle(s);
    return true;
}

/* ---- roots ---- */

static uint64_t roots_there(const dmap__spawned *s) {
    uint64_t end = s->roots.ops->is_stream ? s->roots.offered : dmap__items_count(&s->roots);
    return end - s->next_root;
}

static void leave_roots(dmap__spawned *s) {
    if (!s->held)
        return;
    dmap__items_close(&s->roots, s->held, s->held->end - s->held->begin);
    dmap__items_leave(&s->roots, s->held);
    s->held = NULL;
}

/* The next root, if there is one. */
static bool next_root(dmap__spawned *s, dmap_blob *item, uint64_t *number) {
    if (s->held && s->next_root == s->held->end)
        leave_roots(s);
    uint64_t there = roots_there(s);
    if (!s->held)
        s->held = s->roots.ops->get(&s->roots, s->next_root, s->next_root + (there < ROOTS ? there : ROOTS));
    if (!s->held) {
        dmap__fail_memory(&s->source->failure, sizeof *s->held, "items");
        return false;
    }
    uint64_t i = s->next_root - s->held->begin;
    *number = s->held->range_first + s->next_root++;
    if (s->held->layout == DMAP__LAYOUT_BLOBS)
        *item = ((const dmap_blob *)s->held->items)[i];
    else if (s->held->layout == DMAP__LAYOUT_RANGE)
        *item = (dmap_blob){number, sizeof *number};
    else
        *item = (dmap_blob){(const unsigned char *)s->held->items + (size_t)i * s->roots.task->item_size,
                            s->roots.task->item_size};
    return true;
}

static int give_root(dmap__spawned *s, dmap_blob *item) {
    dmap_blob root;
    uint64_t number, index = s->next_root;
    if (!next_root(s, &root, &number))
        return -1;
    size_t bytes = dmap__spawn_record_bytes(root.size);
    if (!bytes || !dmap__memory_grow(&s->root, &s->root_size, bytes, 1)) {
        dmap__fail_memory(&s->source->failure, root.size, "an item");
        return -1;
    }
    dmap__spawn_record *record = (dmap__spawn_record *)(void *)s->root;
    memset(record, 0, sizeof *record);
    record->size = root.size;
    record->index = index;
    record->seed = dmap__seed_of(s->seed, index);
    record->attempt = 1;
    record->kind = DMAP__RECORD_ITEM;
    if (root.size)
        memcpy(dmap__spawn_record_data(record), root.data, root.size);
    *item = (dmap_blob){record, bytes};
    return DMAP_PULL_ITEM;
}

/* Asks a stream for roots, of which it may have none now. */
static bool ask_roots(dmap__spawned *s) {
    dmap__source *roots = &s->roots;
    if (roots_there(s) || !roots->ops->is_stream || roots->ended)
        return true;
    leave_roots(s);
    if (roots->ops->offer(roots, 1, 1))
        return true;
    dmap__fail_memory(&s->source->failure, sizeof(dmap__items), "items");
    return false;
}

/* ---- as a stream: a dmap_pull_fn ---- */

static int next(void *arg, dmap_blob *item) {
    dmap__spawned *s = arg;
    if (!s->left && s->n_bundles && !turn_to_next(s))
        return -1;
    if (s->left) {
        const dmap__spawn_record *record = s->at[--s->left];
        s->waiting--;
        *item = (dmap_blob){record, dmap__spawn_record_bytes((size_t)record->size)};
        return DMAP_PULL_ITEM;
    }
    if (!ask_roots(s))
        return -1;
    if (roots_there(s))
        return give_root(s, item);
    if (s->is_any_out(s->arg) || (s->roots.ops->is_stream && !s->roots.ended))
        return DMAP_PULL_LATER;
    s->source->failure = s->roots.failure;
    return DMAP_PULL_END;
}

uint64_t dmap__spawned_waiting(const dmap__spawned *s) {
    bool is_open = s->roots.ops->is_stream && !s->roots.ended;
    return s->waiting + roots_there(s) + is_open;
}

/* ---- making ---- */

static const dmap__source_ops ops = {
    .is_stream = true, .has_bytes = true, .offer = dmap__pull_offer, .get = dmap__pull_get};

dmap__spawned *dmap__spawned_create(dmap__source *source, const dmap__source *roots) {
    dmap__spawned *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->source = source;
    s->roots = *roots;
    dmap__spool_init(&s->spool);
    source->ops = &ops;
    source->source = (dmap_source){.next = next, .arg = s};
    source->has_records = true;
    return s;
}

void dmap__spawned_destroy(dmap__spawned *s) {
    if (!s)
        return;
    leave_roots(s);
    dmap__items_fini(&s->roots);
    for (size_t i = s->in_file; i < s->n_bundles; i++)
        dmap__block_free(s->bundles[i].blocks);
    dmap__block_free(s->current.blocks);
    dmap__spool_fini(&s->spool);
    free(s->bundles);
    free(s->at);
    free(s->root);
    free(s);
}
