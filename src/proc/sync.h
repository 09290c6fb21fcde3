/* Locks, events, barriers, counters and memory of dmap/channel.h: the same functions, with the sentence in *error
 * (never NULL); handles are open. */
#ifndef DMAP_PROC_SYNC_H
#define DMAP_PROC_SYNC_H

#include <dmap/channel.h>

#include "base/error.h"

dmap_status dmap__lock_open(bool is_recursive, dmap_lock **lock, dmap__error *error);
dmap_status dmap__lock_attach(int descriptor, dmap_lock **lock, dmap__error *error);
dmap_status dmap__lock_take(dmap_lock *lock, double timeout_s, dmap__error *error);
dmap_status dmap__lock_give(dmap_lock *lock, dmap__error *error);

dmap_status dmap__event_open(dmap_event **event, dmap__error *error);
dmap_status dmap__event_attach(int descriptor, dmap_event **event, dmap__error *error);
void dmap__event_set(dmap_event *event);
void dmap__event_clear(dmap_event *event);
bool dmap__event_is_set(const dmap_event *event);
dmap_status dmap__event_wait(dmap_event *event, double timeout_s);
int dmap__event_ready_descriptor(dmap_event *event, dmap__error *error);
void dmap__event_close(dmap_event *event);

dmap_status dmap__barrier_open(int parties, dmap_barrier **barrier, dmap__error *error);
dmap_status dmap__barrier_attach(int descriptor, dmap_barrier **barrier, dmap__error *error);
dmap_status dmap__barrier_wait(dmap_barrier *barrier, double timeout_s, bool *is_last, dmap__error *error);
void dmap__barrier_break(dmap_barrier *barrier);
dmap_status dmap__barrier_mend(dmap_barrier *barrier, dmap__error *error);
void dmap__barrier_close(dmap_barrier *barrier);

#endif
