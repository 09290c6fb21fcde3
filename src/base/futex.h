/* Sleeping on a number in memory (futex(2)): a worker without work costs nothing, and waking one is one call. */
#ifndef DMAP_BASE_FUTEX_H
#define DMAP_BASE_FUTEX_H

#include <stdatomic.h>
#include <stdint.h>

/** Sleeps while *word is `value`, but no longer than timeout_s (< 0: no limit). May return early. */
void dmap__futex_wait(_Atomic uint32_t *word, uint32_t value, double timeout_s);
/** Wakes up to n threads that sleep on word. */
void dmap__futex_wake(_Atomic uint32_t *word, int n);

/** The same on memory that other processes map too. */
void dmap__futex_wait_shared(_Atomic uint32_t *word, uint32_t value, double timeout_s);
void dmap__futex_wake_shared(_Atomic uint32_t *word, int n);
/** Makes word odd, and wakes all that sleep on it, in one: a process that is killed has done both or neither. */
void dmap__futex_make_odd_shared(_Atomic uint32_t *word);

#endif
