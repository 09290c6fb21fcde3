/* Outcomes on their way to the sink: an outcome is kept as a *buffer*, shared by the *parts* into which holes (items to
 * be tried again) cut it. A part is what the plan calls a piece: every item in it has ended. */
#ifndef DMAP_CALL_SEGMENT_H
#define DMAP_CALL_SEGMENT_H

#include "base/buffer_cache.h"
#include "base/outcome.h"
#include "base/spawn_record.h"

typedef struct dmap__result_buffer {
    dmap__outcome outcome;
    dmap__buffer_cache *buffers; /* the memory below goes back there; NULL: there is none */
    dmap__buffer memory;         /* the outcome's fixed results lie in it */
    int rank, attempt;
    int users; /* parts, and whoever makes them */
} dmap__result_buffer;

typedef struct dmap__segment {
    dmap__result_buffer *buffer;
    uint64_t begin, end;
    const unsigned char *fixed;        /* result of `begin`, others follow; NULL: none of fixed size */
    const dmap_blob *refs;             /* that of `begin`; NULL: none of variable size */
    dmap__fold *fold;                  /* of the part; NULL: not folded */
    uint64_t next;                     /* first item not delivered yet */
    size_t span, failure;              /* where `next` is in the buffer's lists */
    dmap__spawn_record_cursor records; /* of a call whose items make items: what was not delivered yet */
} dmap__segment;

/** Takes the outcome over. Returns NULL if memory is out: the outcome is then still the caller's. */
dmap__result_buffer *dmap__result_buffer_create(dmap__outcome *outcome, int rank, int attempt);
void dmap__result_buffer_use(dmap__result_buffer *buffer);
void dmap__result_buffer_leave(dmap__result_buffer *buffer);

/** Says of a failure whether its item has not ended here: it is to be tried again, or it ended the call. */
typedef bool dmap__hole_fn(void *arg, const dmap__failure *failure);

/** Steps through the parts of a buffer. */
typedef struct dmap__segment_cursor {
    dmap__result_buffer *buffer;
    size_t result_size;
    dmap__hole_fn *is_hole; /* asked once for each failure, in order */
    void *arg;
    size_t span, failure, fold;
    uint64_t next;  /* position from which on nothing was handed out */
    uint64_t items; /* of the spans, before `next` */
} dmap__segment_cursor;

void dmap__segment_begin(dmap__segment_cursor *cursor, dmap__result_buffer *buffer, size_t result_size,
                         dmap__hole_fn *is_hole, void *arg);
/** The next part, or *part NULL after the last. Returns false if memory is out. */
bool dmap__segment_next(dmap__segment_cursor *cursor, dmap__segment **part);
/** part may be NULL. */
void dmap__segment_destroy(dmap__segment *part);

/** Bytes of results in it. */
uint64_t dmap__segment_bytes(const dmap__segment *part, size_t result_size);

/** The item at part->next: its result (*data NULL if it failed) and its failure (NULL if it did not), and the seconds
 *  it took. part->next moves on. */
void dmap__segment_step(dmap__segment *part, size_t result_size, dmap_blob *result, const dmap__failure **failure,
                        double *seconds);
/** Moves to a position in the part, forwards or back. */
void dmap__segment_seek(dmap__segment *part, uint64_t position);

#endif
