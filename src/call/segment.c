/* Parts. The lists of the buffer are sorted, so one walk over spans, failures and folds together cuts them out. */
#include "call/segment.h"

#include <stdlib.h>

#include "base/memory.h"

dmap__result_buffer *dmap__result_buffer_create(dmap__outcome *outcome, int rank, int attempt) {
    dmap__result_buffer *buffer = malloc(sizeof *buffer);
    if (!buffer)
        return NULL;
    buffer->outcome = *outcome;
    buffer->buffers = NULL;
    buffer->memory = (dmap__buffer){0};
    buffer->rank = rank;
    buffer->attempt = attempt;
    buffer->users = 1;
    return buffer;
}

void dmap__result_buffer_use(dmap__result_buffer *buffer) {
    buffer->users++;
}

void dmap__result_buffer_leave(dmap__result_buffer *buffer) {
    if (--buffer->users)
        return;
    if (buffer->buffers)
        dmap__buffer_cache_put(buffer->buffers, buffer->memory);
    dmap__outcome_fini(&buffer->outcome);
    free(buffer);
}

void dmap__segment_begin(dmap__segment_cursor *cursor, dmap__result_buffer *buffer, size_t result_size,
                         dmap__hole_fn *is_hole, void *arg) {
    *cursor = (dmap__segment_cursor){.buffer = buffer, .result_size = result_size, .is_hole = is_hole, .arg = arg};
    cursor->next = buffer->outcome.n_spans ? buffer->outcome.spans[0].begin : 0;
}

/* The first hole at or after cursor->next and before `limit`, or `limit`; the failures before it are passed. */
static uint64_t next_hole(dmap__segment_cursor *cursor, uint64_t limit) {
    const dmap__outcome *outcome = &cursor->buffer->outcome;
    while (cursor->failure < outcome->n_failures) {
        const dmap__failure *failure = &outcome->failures[cursor->failure];
        if (failure->position >= limit)
            break;
        cursor->failure++;
        if (cursor->is_hole(cursor->arg, failure))
            return failure->position;
    }
    return limit;
}

/* One past the spans that touch, from the one that holds cursor->next on. */
static uint64_t run_end(const dmap__segment_cursor *cursor) {
    const dmap__outcome *outcome = &cursor->buffer->outcome;
    size_t i = cursor->span;
    while (i + 1 < outcome->n_spans && outcome->spans[i + 1].begin == outcome->spans[i].end)
        i++;
    return outcome->spans[i].end;
}

static dmap__segment *make_part(dmap__segment_cursor *cursor, uint64_t end, size_t failure) {
    dmap__outcome *outcome = &cursor->buffer->outcome;
    dmap__segment *part = malloc(sizeof *part);
    if (!part)
        return NULL;
    uint64_t first = outcome->packed ? cursor->items : cursor->next - outcome->begin;
    *part = (dmap__segment){.buffer = cursor->buffer};
    part->begin = part->next = cursor->next;
    part->end = end;
    part->span = cursor->span;
    part->failure = failure;
    part->fixed = outcome->fixed ? outcome->fixed + (size_t)first * cursor->result_size : NULL;
    part->refs = outcome->refs ? outcome->refs + first : NULL;
    if (cursor->fold < outcome->n_folds && outcome->folds[cursor->fold].begin == part->begin)
        part->fold = &outcome->folds[cursor->fold++];
    dmap__result_buffer_use(cursor->buffer);
    return part;
}

static void move_to(dmap__segment_cursor *cursor, uint64_t position) {
    const dmap__outcome *outcome = &cursor->buffer->outcome;
    cursor->items += position - cursor->next;
    cursor->next = position;
    while (cursor->span < outcome->n_spans && outcome->spans[cursor->span].end <= position)
        cursor->span++;
    if (cursor->span < outcome->n_spans && outcome->spans[cursor->span].begin > position)
        cursor->next = outcome->spans[cursor->span].begin;
}

/* Failures in no span (memory was out for it) are nobody's. */
static void pass_failures(dmap__segment_cursor *cursor) {
    const dmap__outcome *outcome = &cursor->buffer->outcome;
    while (cursor->failure < outcome->n_failures && outcome->failures[cursor->failure].position < cursor->next)
        cursor->failure++;
}

bool dmap__segment_next(dmap__segment_cursor *cursor, dmap__segment **part) {
    *part = NULL;
    while (!*part && cursor->span < cursor->buffer->outcome.n_spans) {
        uint64_t end = run_end(cursor);
        pass_failures(cursor);
        size_t failure = cursor->failure;
        uint64_t hole = next_hole(cursor, end);
        if (hole > cursor->next && !(*part = make_part(cursor, hole, failure)))
            return false;
        move_to(cursor, hole < end ? hole + 1 : end);
    }
    return true;
}

void dmap__segment_destroy(dmap__segment *part) {
    if (part)
        dmap__result_buffer_leave(part->buffer);
    free(part);
}

uint64_t dmap__segment_bytes(const dmap__segment *part, size_t result_size) {
    uint64_t n = part->end - part->begin, bytes = n;
    if (part->fold)
        return dmap__fold_bytes(part->fold) + 1;
    if (part->fixed)
        return n * (result_size ? result_size : 1);
    for (uint64_t i = 0; part->refs && i < n; i++)
        bytes += dmap__memory_pad(part->refs[i].size) + sizeof(dmap_blob);
    return bytes;
}

void dmap__segment_seek(dmap__segment *part, uint64_t position) {
    const dmap__outcome *outcome = &part->buffer->outcome;
    part->next = position;
    while (part->span && outcome->spans[part->span].begin > position)
        part->span--;
    while (outcome->spans[part->span].end <= position && part->span + 1 < outcome->n_spans)
        part->span++;
    while (part->failure && outcome->failures[part->failure - 1].position >= position)
        part->failure--;
    while (part->failure < outcome->n_failures && outcome->failures[part->failure].position < position)
        part->failure++;
}

void dmap__segment_step(dmap__segment *part, size_t result_size, dmap_blob *result, const dmap__failure **failure,
                        double *seconds) {
    static const unsigned char nothing[1];
    const dmap__outcome *outcome = &part->buffer->outcome;
    size_t i = (size_t)(part->next - part->begin);
    if (part->next >= outcome->spans[part->span].end)
        part->span++;
    *seconds = outcome->spans[part->span].seconds;
    *failure = NULL;
    if (part->failure < outcome->n_failures && outcome->failures[part->failure].position == part->next)
        *failure = &outcome->failures[part->failure++];
    *result = (dmap_blob){NULL, 0};
    if (!*failure && part->refs)
        *result = part->refs[i];
    else if (!*failure && part->fixed)
        *result = (dmap_blob){part->fixed + i * result_size, result_size};
    if (!*failure && !result->data)
        result->data = nothing;
    part->next++;
}
