/* Pieces that wait to be taken, and the bytes they hold. */
#ifndef DMAP_PLAN_WINDOW_H
#define DMAP_PLAN_WINDOW_H

#include "plan/heap.h"
#include "plan/plan.h"

typedef struct dmap__window {
    bool ordered;
    uint64_t size;         /* bytes */
    uint64_t result_bytes; /* of an item, if known beforehand, else 0 */
    uint64_t held, peak;   /* bytes of pieces come and not yet released or dropped */
    uint64_t head;         /* ordered: positions below have been taken */
    uint64_t arrivals;
    double measured_bytes, measured_items;
    dmap__heap pieces;  /* wait to be taken: by position if ordered, else by arrival */
    dmap__heap dropped; /* wait to be freed; always with room for all of `pieces` */
} dmap__window;

void dmap__window_init(dmap__window *window, const dmap__plan_config *config);
void dmap__window_fini(dmap__window *window);

/** Takes a piece over; to the dropped ones if it begins at or above the limit. DMAP_ENOMEM: nothing has changed. */
dmap_status dmap__window_add(dmap__window *window, const dmap__piece *piece, uint64_t limit);
bool dmap__window_take(dmap__window *window, dmap__piece *piece);
bool dmap__window_drop(dmap__window *window, dmap__piece *piece);
void dmap__window_release(dmap__window *window, uint64_t bytes);
/** Moves pieces that begin at or above the limit to the dropped ones. */
void dmap__window_cut(dmap__window *window, uint64_t limit);

/** How many of `wanted` fresh items may be granted now to a branch of so many workers, `pending` items being out or to
 *  be granted again, and all work being spread over `branches`: 0 means wait. */
uint64_t dmap__window_admit(const dmap__window *window, uint64_t wanted, uint64_t pending, int workers, int branches);

#endif
