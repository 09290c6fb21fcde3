/* Items of a grant that nobody waits for any more, one by one: they are not begun, and those that run are asked to
 * stop, or killed. */
#ifndef DMAP_CREW_CANCEL_H
#define DMAP_CREW_CANCEL_H

#include "crew/work.h"

typedef enum dmap__cancel {
    DMAP__CANCEL_NONE = 0,
    DMAP__CANCEL_ASK = 1, /* dmap_cancelled becomes true */
    DMAP__CANCEL_KILL = 2 /* and the process is killed, if it takes no notice */
} dmap__cancel;

/** Manager: the item at `position` of a grant that is out. Without memory for that nothing becomes of it. */
void dmap__cancel_item(dmap__grant *grant, uint64_t position, dmap__cancel how);
/** Manager: the grant has ended. */
void dmap__cancel_forget(dmap__grant *grant);
/** Worker: what all items of offsets [begin, end) have in common: the least. */
dmap__cancel dmap__cancel_of(const dmap__grant *grant, uint32_t begin, uint32_t end);
/** Worker: the offset of the first item from `begin` on, and before `end`, that is cancelled; `end` if none is. */
uint32_t dmap__cancel_first(const dmap__grant *grant, uint32_t begin, uint32_t end);

#endif
