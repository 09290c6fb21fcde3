/* What became of a chunk: which items ran, which of them failed, and the results. Made by a crew or read from a
 * message; the same to whoever takes it in. Positions are the plan's; the chunk is [begin, end). */
#ifndef DMAP_BASE_OUTCOME_H
#define DMAP_BASE_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/dmap.h>

#include "base/error.h"
#include "base/event.h"
#include "base/fold.h"

/** Consecutive items that ran, at a mean of so many seconds each. */
typedef struct dmap__span {
    uint64_t begin, end;
    double seconds;
} dmap__span;

/** One item that failed; it is in a span too. */
typedef struct dmap__failure {
    uint64_t position;
    double seconds;
    int32_t status; /* dmap_item_status */
    int32_t code, signal, attempt;
    int32_t worker, core;  /* -1: not known */
    int32_t out_of_memory; /* 0 or 1 */
    int32_t text_size;     /* with its final 0; 0: no text */
    char *text;            /* of dmap__text_keep; NULL: none */
} dmap__failure;

/** A block of memory that holds results of variable size; `next` of the list. */
typedef struct dmap__block {
    struct dmap__block *next;
    size_t size, used;
} dmap__block;

typedef struct dmap__outcome {
    uint64_t begin, end;
    dmap__span *spans; /* sorted, disjoint */
    size_t n_spans, spans_capacity;
    dmap__failure *failures; /* sorted by position */
    size_t n_failures, failures_capacity;
    double busy_s;
    dmap__events events;    /* of its workers, unsorted; none if nobody looks on */
    double taken_s, sent_s; /* with events of another rank: when the chunk came there, and the outcome left */
    uint64_t limit;         /* of the crew: items of this index and above need not have run; UINT64_MAX: all have */
    /* Results, of one of these kinds. If `packed`, they are those of the spans, one after the other; else entry 0 is
     * that of `begin`, and those of items that did not run are unspecified. */
    bool packed;
    unsigned char *fixed; /* an array */
    bool fixed_in_place;  /* ... that lies in the caller's memory */
    bool is_placed;       /* ... and none of it here: each lies where it belongs already, in another process */
    dmap_blob *refs;      /* a table */
    dmap__fold *folds;    /* one a run of spans without a gap, sorted */
    size_t n_folds, folds_capacity;
    /* What the pointers above point into, freed with the rest. */
    dmap__block *blocks;
    dmap__block *records; /* of a call whose items make items: all that came of the chunk (spawn_record.h) */
    void *message;
    dmap__trouble trouble; /* the whole call has to end: out of memory, a set-up that failed */
} dmap__outcome;

/** An outcome of nothing, of [begin, end). */
void dmap__outcome_init(dmap__outcome *outcome, uint64_t begin, uint64_t end);
/** Frees all that it holds. */
void dmap__outcome_fini(dmap__outcome *outcome);

/** Adds at the end; spans that touch become one if `join`. Return false if memory is out. */
bool dmap__outcome_add_span(dmap__outcome *outcome, uint64_t begin, uint64_t end, double seconds, bool join);
/** text: copied, may be NULL. If memory is out for it alone, another says so. */
bool dmap__outcome_add_failure(dmap__outcome *outcome, const dmap__failure *failure, const char *text);
/** The fold that ends at `begin`, or a new one that begins there. NULL if memory is out. */
dmap__fold *dmap__outcome_fold_at(dmap__outcome *outcome, uint64_t begin, const dmap_task *task);

/** Moves all of `from` but its range into `into`, unsorted; from is left empty. Returns false if memory
 *  is out: of `from`, only its trouble is kept then. */
bool dmap__outcome_move(dmap__outcome *into, dmap__outcome *from);
/** Brings spans, failures and folds in order, joining folds that touch. `limit`: what begins there or above is left
 *  out. Returns false if memory is out. */
bool dmap__outcome_sort(dmap__outcome *outcome, uint64_t limit);

/** Items that ran. */
uint64_t dmap__outcome_items(const dmap__outcome *outcome);

/** The memory of a result of `size` bytes, aligned to DMAP__ALIGNMENT, in *blocks. NULL if memory is out. */
void *dmap__block_take(dmap__block **blocks, size_t size);
/** What was taken from a block: `used` bytes from here on. */
void *dmap__block_data(const dmap__block *block);
void dmap__block_free(dmap__block *blocks);
/** What was taken is not needed any more: its memory is used again, or freed. */
void dmap__block_reset(dmap__block **blocks);

#endif
