/* Between the processes and threads of one host: channels of messages, locks, events, barriers, counters, memory. None
 * needs a pool or MPI. What takes their place between hosts stands in apps/examples/README.md.
 *
 * Each is made by one process, and is named by a descriptor: that is handed on by dmap_process_options.fds (3, 4, … of
 * the child, whatever its start method), and attached there:
 *
 *     static int produce(void *argument, size_t size) { // in the child
 *         dmap_channel *out;
 *         if (dmap_channel_attach(3, &out) != DMAP_OK)
 *             return 1;
 *         dmap_status status = dmap_channel_send(out, "hello", 5, -1);
 *         dmap_channel_close(out);
 *         return status != DMAP_OK;
 *     }
 *
 *     dmap_channel *in, *out; // in the parent
 *     dmap_channel_open(1 << 20, &in, &out);
 *     int fds[] = {dmap_channel_fd(out)};
 *     dmap_process_options what = {.run = produce, .fds = fds, .n_fds = 1};
 *     …                       // dmap_process_open, dmap_process_start
 *     dmap_channel_close(out); // only the child sends now: when it is gone, the channel ends
 *     while (dmap_channel_receive(in, text, sizeof text, -1, &size) == DMAP_OK) …
 *
 * They lie in memory without a name, which is gone with its last user, however that ends. Who waits sleeps. A process
 * that is killed blocks nobody: its end is noticed within a tenth of a second, most often at once.
 *
 * Unless a comment says otherwise: functions are called by any thread of any process, also in tasks, also several at a
 * time on one handle, but for closing it. A handle belongs to the process that made it, and to what that forks by
 * itself; not to children of dmap_process, which attach their own. If a status is none of DMAP_OK, DMAP_ETIMEOUT and
 * DMAP_END, dmap_error(NULL) has the sentence. A handle that is NULL gives DMAP_EINVAL. Functions never block, but for
 * those that take timeout_s: seconds, < 0: no limit, 0: only looks. Functions of one name do the same:
 *  …_fd:      the descriptor, to be handed on. It is the handle's own; -1 if that is NULL
 *  …_attach:  makes a handle of a descriptor that was handed on, which it takes over on success, and closes with the
 *             handle. Returns: DMAP_OK, DMAP_EINVAL (it names no such thing), DMAP_ENOMEM, DMAP_EIO
 *  …_close:   gives the handle back; NULL is let pass. Others' handles stay as they are */
#ifndef DMAP_CHANNEL_H
#define DMAP_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- channel: a queue of messages ----------------------------------------------------------------------------- */

/** One end of a channel. */
typedef struct dmap_channel dmap_channel;

enum { DMAP_CHANNEL_MOST = 1 << 30 }; /* bytes of a channel */

/** Makes a channel, and a handle of either end, as pipe() does. Any number of processes and threads may send, and
 *  receive: each message goes to one receiver. Messages of one sender arrive in its order.
 *  An end is gone when all its handles are closed, or their processes ended, and its descriptor is closed wherever it
 *  was handed on: so close here what only a child is to have.
 *  bytes:    of what it holds, 1 to DMAP_CHANNEL_MOST: the largest message, or more, as its memory is a power of two.
 *            A message takes its size and 8 to 15 bytes
 *  receives, sends:  untouched on failure
 *  Returns:  DMAP_OK, DMAP_EINVAL, DMAP_ENOMEM, DMAP_EIO (no descriptor left; no /proc) */
DMAP_API dmap_status dmap_channel_open(size_t bytes, dmap_channel **receives, dmap_channel **sends);
/** The descriptor stands for the end that it is of. */
DMAP_API int dmap_channel_fd(const dmap_channel *end);
/** Makes a handle of the end that the descriptor is of. */
DMAP_API dmap_status dmap_channel_attach(int fd, dmap_channel **end);

/** Sends one message, or nothing: if the process is killed meanwhile, nobody sees any of it.
 *  data:     size bytes, copied; may be NULL if size is 0
 *  Returns:  DMAP_OK; DMAP_ETIMEOUT: the channel is full, or others are sending; DMAP_END: no receiver is left;
 *            DMAP_EINVAL (the other end, a message larger than the channel)
 *  Blocks:   while the channel is full, up to timeout_s */
DMAP_API dmap_status dmap_channel_send(dmap_channel *sends, const void *data, size_t size, double timeout_s);

/** Receives the next message. If the process is killed meanwhile, another receives it, or it is lost.
 *  data:     of capacity bytes
 *  size:     that of the message, also if it is larger than capacity: then it stays (may be NULL)
 *  Returns:  DMAP_OK; DMAP_ETIMEOUT: there is none, or others are waiting for it; DMAP_END: there is none, and no
 *            sender is left; DMAP_EINVAL (the other end, a message larger than capacity); DMAP_EIO (the channel's
 *            memory was written to by something else)
 *  Blocks:   while there is none, up to timeout_s */
DMAP_API dmap_status dmap_channel_receive(dmap_channel *receives, void *data, size_t capacity, double timeout_s,
                                          size_t *size);

/** A descriptor for poll, epoll and the like, together with dmap_process_fd: readable when there is a message, or no
 *  sender is left, and until dmap_channel_receive was called. Another receiver may have been faster: receive with a
 *  timeout_s of 0. It is the handle's own; the first call starts a thread, which sleeps for it until the handle is
 *  closed.
 *  Returns:  -1 on failure (the sending end, no memory, no descriptor left); dmap_error(NULL) says why */
DMAP_API int dmap_channel_ready_fd(dmap_channel *receives);

/** Messages that were sent stay, and are received. */
DMAP_API void dmap_channel_close(dmap_channel *end);

/* ---- lock ----------------------------------------------------------------------------------------------------- */

typedef struct dmap_lock dmap_lock;

/** Makes a lock, free. A thread holds it, not its process.
 *  is_recursive:  its holder may take it again, and gives it back as often
 *  Returns:  DMAP_OK, DMAP_EINVAL, DMAP_ENOMEM, DMAP_EIO */
DMAP_API dmap_status dmap_lock_open(bool is_recursive, dmap_lock **lock);
DMAP_API int dmap_lock_fd(const dmap_lock *lock);
DMAP_API dmap_status dmap_lock_attach(int fd, dmap_lock **lock);

/** Takes the lock.
 *  Returns:  DMAP_OK; DMAP_ELOST: taken as well, but its last holder ended without giving it back: what it guards may
 *            be half done; DMAP_ETIMEOUT; DMAP_EINVAL (the thread holds it, and it is not recursive)
 *  Blocks:   until it is free, or its holder has ended, up to timeout_s */
DMAP_API dmap_status dmap_lock_take(dmap_lock *lock, double timeout_s);
/** Gives it back. Returns: DMAP_OK, DMAP_EINVAL (the thread does not hold it). */
DMAP_API dmap_status dmap_lock_give(dmap_lock *lock);
/** The thread must not hold it. */
DMAP_API void dmap_lock_close(dmap_lock *lock);

/* ---- event ---------------------------------------------------------------------------------------------------- */

typedef struct dmap_event dmap_event;

/** Makes an event that is not set. Returns: DMAP_OK, DMAP_EINVAL, DMAP_ENOMEM, DMAP_EIO */
DMAP_API dmap_status dmap_event_open(dmap_event **event);
DMAP_API int dmap_event_fd(const dmap_event *event);
DMAP_API dmap_status dmap_event_attach(int fd, dmap_event **event);

/** Sets it, and wakes all that wait; it stays set until dmap_event_clear. Returns: DMAP_OK, DMAP_EINVAL */
DMAP_API dmap_status dmap_event_set(dmap_event *event);
/** Makes it one that is not set. Returns: DMAP_OK, DMAP_EINVAL */
DMAP_API dmap_status dmap_event_clear(dmap_event *event);
/** True if it is set. */
DMAP_API bool dmap_event_is_set(const dmap_event *event);
/** Waits for it.
 *  Returns:  DMAP_OK: it is set, or was; DMAP_ETIMEOUT; DMAP_EINVAL
 *  Blocks:   until it is set, up to timeout_s */
DMAP_API dmap_status dmap_event_wait(dmap_event *event, double timeout_s);
/** A descriptor for poll, as dmap_channel_ready_fd: readable when the event is set, and until dmap_event_wait was
 *  called. */
DMAP_API int dmap_event_ready_fd(dmap_event *event);
DMAP_API void dmap_event_close(dmap_event *event);

/* ---- barrier -------------------------------------------------------------------------------------------------- */

typedef struct dmap_barrier dmap_barrier;

enum { DMAP_BARRIER_MOST = 4096 }; /* parties, and handles */

/** Makes a barrier for so many parties (threads, of any processes).
 *  parties:  1 to DMAP_BARRIER_MOST
 *  Returns:  DMAP_OK, DMAP_EINVAL, DMAP_ENOMEM, DMAP_EIO */
DMAP_API dmap_status dmap_barrier_open(int parties, dmap_barrier **barrier);
DMAP_API int dmap_barrier_fd(const dmap_barrier *barrier);
/** Fails with DMAP_EIO, too, if DMAP_BARRIER_MOST handles are open. */
DMAP_API dmap_status dmap_barrier_attach(int fd, dmap_barrier **barrier);

/** Waits until all parties have come; then it is as before. It is broken when a process that has it open, or attached,
 *  ends without closing its handle: then all that wait are told, and all that come later. What such a process forks by
 *  itself has it open from its first wait on, which may fail as dmap_barrier_attach does. Of a child that ends before
 *  it has attached, the parent knows: see dmap_barrier_break.
 *  is_last:  true for the party that came last, so for one of them (may be NULL)
 *  Returns:  DMAP_OK; DMAP_ELOST: it is broken; DMAP_ETIMEOUT: this party has not come, and may try again; DMAP_EINVAL
 *  Blocks:   until all have come, up to timeout_s */
DMAP_API dmap_status dmap_barrier_wait(dmap_barrier *barrier, double timeout_s, bool *is_last);
/** Breaks it, as a death would. Returns: DMAP_OK, DMAP_EINVAL */
DMAP_API dmap_status dmap_barrier_break(dmap_barrier *barrier);
/** Makes a broken one whole, when all waits of it have returned. Returns: DMAP_OK, DMAP_EINVAL (somebody waits) */
DMAP_API dmap_status dmap_barrier_mend(dmap_barrier *barrier);
DMAP_API void dmap_barrier_close(dmap_barrier *barrier);

/* ---- counter -------------------------------------------------------------------------------------------------- */

typedef struct dmap_counter dmap_counter;

/** Makes a counter. Returns: DMAP_OK, DMAP_EINVAL, DMAP_ENOMEM, DMAP_EIO */
DMAP_API dmap_status dmap_counter_open(int64_t value, dmap_counter **counter);
DMAP_API int dmap_counter_fd(const dmap_counter *counter);
DMAP_API dmap_status dmap_counter_attach(int fd, dmap_counter **counter);

/** Adds to it, at once for all. Returns its value then; 0 if counter is NULL. It wraps around. */
DMAP_API int64_t dmap_counter_add(dmap_counter *counter, int64_t by);
/** Its value; 0 if counter is NULL. */
DMAP_API int64_t dmap_counter_get(const dmap_counter *counter);
/** Sets it, if its value is `from`, at once for all. Returns whether it was. */
DMAP_API bool dmap_counter_change(dmap_counter *counter, int64_t from, int64_t to);
DMAP_API void dmap_counter_close(dmap_counter *counter);

/* ---- memory --------------------------------------------------------------------------------------------------- */

typedef struct dmap_memory dmap_memory;

/** Makes shared memory, all zero, which is there at once: what runs out shows here.
 *  size:     bytes, 1 or more
 *  Returns:  DMAP_OK, DMAP_EINVAL, DMAP_ENOMEM, DMAP_EIO (the limit on files, ulimit -f, holds for it too) */
DMAP_API dmap_status dmap_memory_open(size_t size, dmap_memory **memory);
DMAP_API int dmap_memory_fd(const dmap_memory *memory);
DMAP_API dmap_status dmap_memory_attach(int fd, dmap_memory **memory);

/** The bytes, writable, aligned to a page, valid until dmap_memory_close; at another address in each process, so hold
 *  offsets in it, not pointers. What several write at a time a lock must guard, or atomics. NULL if memory is. */
DMAP_API void *dmap_memory_data(const dmap_memory *memory);
/** How many; 0 if memory is NULL. */
DMAP_API size_t dmap_memory_size(const dmap_memory *memory);
DMAP_API void dmap_memory_close(dmap_memory *memory);

#ifdef __cplusplus
}
#endif
#endif
