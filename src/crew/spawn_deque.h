/* A worker's deque of items that wait to be run, where items make items: last in first out for itself, first in first
 * out for thieves. */
#ifndef DMAP_CREW_SPAWN_DEQUE_H
#define DMAP_CREW_SPAWN_DEQUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/spawn_record.h"
#include "crew/board.h"

struct dmap__spawn_ring;

typedef struct dmap__spawn_deque {
    _Alignas(DMAP__CACHE_LINE) _Atomic int64_t top; /* the oldest: thieves take here */
    _Alignas(DMAP__CACHE_LINE) _Atomic int64_t bottom;
    _Atomic(struct dmap__spawn_ring *) ring;
} dmap__spawn_deque;

/** Of zeros, ready to be used: nothing in it. Frees its memory, not what is in it. */
void dmap__spawn_deque_fini(dmap__spawn_deque *deque);
/** Owner: makes room for one more. Returns false if memory is out. */
bool dmap__spawn_deque_reserve(dmap__spawn_deque *deque);
/** Owner, or nobody else is at it: adds at the young end. Returns false if memory is out. */
bool dmap__spawn_deque_push(dmap__spawn_deque *deque, dmap__spawn_record *record);
/** Owner: takes the youngest. NULL: it is empty. */
dmap__spawn_record *dmap__spawn_deque_pop(dmap__spawn_deque *deque);
/** Any thread: takes the oldest. NULL: it is empty, or another was faster. */
dmap__spawn_record *dmap__spawn_deque_steal(dmap__spawn_deque *deque);
/** Items in it, a moment ago. Any thread. */
int64_t dmap__spawn_deque_size(const dmap__spawn_deque *deque);

#endif
