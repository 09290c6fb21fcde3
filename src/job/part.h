/* Outcomes on their way to the sink: an outcome is kept as a *slab*, shared by the *parts* into which holes (items to
 * be tried again) cut it. A part is what the plan calls a piece: every item in it has ended. */
#ifndef DMAP_JOB_PART_H
#define DMAP_JOB_PART_H

#include "base/outcome.h"
#include "job/spares.h"

typedef struct dmap__slab {
    dmap__outcome outcome;
    dmap__spares *spares; /* the memory below goes back there; NULL: there is none */
    dmap__spare memory;   /* the outcome's fixed results lie in it */
    int rank, attempt;
    int users; /* parts, and whoever makes them */
} dmap__slab;

typedef struct dmap__part {
    dmap__slab *slab;
    uint64_t begin, end;
    const unsigned char *fixed; /* result of `begin`, others follow; NULL: none of fixed size */
    const dmap_blob *refs;      /* that of `begin`; NULL: none of variable size */
    dmap__fold *fold;           /* of the part; NULL: not folded */
    uint64_t next;              /* first item not delivered yet */
    size_t span, failure;       /* where `next` is in the slab's lists */
} dmap__part;

/** Takes the outcome over. Returns NULL if memory is out: the outcome is then still the caller's. */
dmap__slab *dmap__slab_create(dmap__outcome *outcome, int rank, int attempt);
void dmap__slab_use(dmap__slab *slab);
void dmap__slab_leave(dmap__slab *slab);

/** Says of a failure whether its item has not ended here: it is to be tried again, or it ended the call. */
typedef bool dmap__hole_fn(void *arg, const dmap__failure *failure);

/** Steps through the parts of a slab. */
typedef struct dmap__part_cursor {
    dmap__slab *slab;
    size_t result_size;
    dmap__hole_fn *is_hole; /* asked once for each failure, in order */
    void *arg;
    size_t span, failure, fold;
    uint64_t next;  /* position from which on nothing was handed out */
    uint64_t items; /* of the spans, before `next` */
} dmap__part_cursor;

void dmap__part_begin(dmap__part_cursor *cursor, dmap__slab *slab, size_t result_size, dmap__hole_fn *is_hole,
                      void *arg);
/** The next part, or *part NULL after the last. Returns false if memory is out. */
bool dmap__part_next(dmap__part_cursor *cursor, dmap__part **part);
/** part may be NULL. */
void dmap__part_destroy(dmap__part *part);

/** Bytes of results in it. */
uint64_t dmap__part_bytes(const dmap__part *part, size_t result_size);

/** The item at part->next: its result (*data NULL if it failed) and its failure (NULL if it did not), and the seconds
 *  it took. part->next moves on. */
void dmap__part_step(dmap__part *part, size_t result_size, dmap_blob *result, const dmap__failure **failure,
                     double *seconds);
/** Moves to a position in the part, forwards or back. */
void dmap__part_seek(dmap__part *part, uint64_t position);

#endif
