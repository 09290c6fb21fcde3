/* A byte for each item of the grant, made with the first cancel: whoever looks before has no more to read than that
 * there is none. It is there until the grant has ended, when no worker looks at it any more. */
#include "crew/cancel.h"

#include <stdlib.h>

void dmap__cancel_item(dmap__grant *grant, uint64_t position, dmap__cancel how) {
    _Atomic uint8_t *cancels = atomic_load(&grant->cancels);
    if (position < grant->begin || position >= grant->end)
        return;
    if (!cancels)
        cancels = calloc((size_t)(grant->end - grant->begin), sizeof *cancels);
    if (!cancels)
        return;
    atomic_store(&cancels[position - grant->begin], (uint8_t)how);
    atomic_store(&grant->cancels, cancels);
}

void dmap__cancel_forget(dmap__grant *grant) {
    free((void *)atomic_exchange(&grant->cancels, NULL));
}

dmap__cancel dmap__cancel_of(const dmap__grant *grant, uint32_t begin, uint32_t end) {
    const _Atomic uint8_t *cancels = atomic_load_explicit(&grant->cancels, memory_order_acquire);
    dmap__cancel least = cancels && begin < end ? DMAP__CANCEL_KILL : DMAP__CANCEL_NONE;
    for (uint32_t i = begin; least != DMAP__CANCEL_NONE && i < end; i++) {
        dmap__cancel one = (dmap__cancel)atomic_load_explicit(&cancels[i], memory_order_relaxed);
        least = one < least ? one : least;
    }
    return least;
}

uint32_t dmap__cancel_first(const dmap__grant *grant, uint32_t begin, uint32_t end) {
    const _Atomic uint8_t *cancels = atomic_load_explicit(&grant->cancels, memory_order_acquire);
    if (!cancels)
        return end;
    while (begin < end && !atomic_load_explicit(&cancels[begin], memory_order_relaxed))
        begin++;
    return begin;
}
