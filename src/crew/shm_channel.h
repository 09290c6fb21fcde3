/* The channel: memory that a worker of a rank and its process share, and whose turn it is.
 *
 * The rank's side writes a batch (items copied in), gives the turn, and sleeps; the process runs the task on the items
 * where they lie, writes results where the rank's side reads them, and gives the turn back. Positions are offsets from
 * the head. The memory has no name and is as large as the largest batch so far; both sides map far more than it has, so
 * that growing it moves nothing. What the process writes before it dies stays: so the items that it had ended are not
 * lost. A task may write anywhere in its process: what the rank reads here after that it bounds, so that a process can
 * damage its own results, not the rank. It may close or replace the descriptor too; it cannot take the memory away. */
#ifndef DMAP_CREW_SHM_CHANNEL_H
#define DMAP_CREW_SHM_CHANNEL_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu/nested_threads.h"
#include "crew/surroundings.h"
#include "crew/work.h"

typedef enum dmap__owner {
    DMAP__OWNER_RANK = 0,
    DMAP__OWNER_PROCESS = 1,
    DMAP__OWNER_ENDED = 2 /* the process is no more */
} dmap__owner;

/** What the system shows it as, behind memfd:. */
#define DMAP__SHM_CHANNEL_NAME "dmap-channel"

/* A mask has to hold every CPU number that the machine may have, else the kernel gives none; Linux has 8192 at most. */
#define DMAP__CPU_SETS (8192 / CPU_SETSIZE)

/** What the process is doing: so that its death can be told. */
typedef enum dmap__phase {
    DMAP__PHASE_IDLE = 0,
    DMAP__PHASE_SETUP = 1,
    DMAP__PHASE_ITEM = 2,
    DMAP__PHASE_BATCH = 3, /* run_batch on more than one item */
    DMAP__PHASE_START = 4  /* it has not come up yet */
} dmap__phase;

/** Where dmap_share's data is: in a process's descriptor. */
typedef struct dmap__shared_place {
    int64_t process;
    int32_t descriptor;
    uint64_t size; /* 0: there is none */
    uint64_t generation;
} dmap__shared_place;

/** A blob in the channel; offset 0: none. */
typedef struct dmap__shm_blob {
    uint64_t offset, size;
} dmap__shm_blob;

typedef struct dmap__shm_channel_head {
    _Atomic uint32_t owner;     /* a dmap__owner; slept on */
    _Atomic uint32_t phase;     /* a dmap__phase */
    _Atomic uint64_t call;      /* that the request belongs to */
    _Atomic uint64_t limit;     /* items of this index and above are not wanted */
    _Atomic uint64_t best;      /* the call's bound, as a key: see best.h */
    _Atomic uint64_t cancelled; /* index of an item that is to stop; of a batch, its first; UINT64_MAX: none */
    _Atomic uint64_t used;      /* bytes taken, from the head on */

    /* The request: written by the rank, in its turn. */
    uint64_t request; /* counts them, from 1 */
    bool quit;
    bool is_bound;
    cpu_set_t cpus[DMAP__CPU_SETS]; /* that the process is bound to: one mask */
    bool spins;                     /* there are CPUs for both sides: who waits looks for a while before it sleeps */
    dmap__nested_threads inner;
    dmap__surroundings surroundings; /* that the process takes over */
    uint64_t size;                   /* bytes backed by memory, or more */
    uint64_t mapped;                 /* bytes of addresses that the rank has given it */
    char task_name[256];
    uint64_t seed;
    double item_timeout_s;
    double asked_s; /* when the request was made, if somebody looks on; else 0 */
    dmap__shared_place shared;
    int32_t attempt, rank, worker;
    bool singly; /* run_batch: one item at a time */
    bool emits;
    bool spawns;     /* items are records */
    uint32_t layout; /* a dmap__layout */
    uint32_t count;
    uint64_t first_index, range_first;
    uint64_t items;   /* offset of an array, or of a table of dmap__shm_blob */
    uint64_t indices; /* offset; 0: they follow first_index */
    uint64_t results; /* offset of an array, or of a table of dmap__shm_blob */

    /* The answer: written by the process, in its turn. It ends at the first item that fails. */
    _Atomic uint64_t answer; /* the request that it answers */
    _Atomic uint32_t done;   /* items ended well, in order */
    _Atomic double began_s;  /* when the item began; only if there is a timeout */
    double setup_s;          /* what starting the process, and set-ups, took, if somebody looks on */
    int32_t status, code;    /* of the item after those: 0, 0 if none failed */
    bool out_of_memory, set_up_failed;
    char text[1024];
    /* A question, in the midst of a request: what the item at `emitted_index` emits. The rank's answer is in
     * `taken`. */
    uint64_t emission; /* offset of room for one; 0: none was taken yet */
    uint64_t emitted;  /* bytes of it; 0: this is no question */
    uint64_t emitted_index;
    bool taken;
    bool offers; /* this is a question of another kind: that the bound in `best` be told */
    uint64_t
        made; /* spawns: offset of the first item that the request's items made: a record, whose `index` is the offset
                 of the next (0: none), and whose `worker` is the number in the request of the one that made it */
    int32_t crash; /* a signal */
    char trace[512];
} dmap__shm_channel_head;

typedef struct dmap__shm_channel {
    dmap__shm_channel_head *head;
    int descriptor;
    uint64_t device, file; /* that the descriptor has to be of */
    size_t mapped;         /* bytes of addresses, */
    size_t reach;          /* and of those that may be read and written, on this side */
    uint64_t size;         /* bytes backed by memory, as far as this side knows */
    int reason;            /* why none were to be had, the last time: ENOMEM, or as errno has it */
} dmap__shm_channel;

/** A new channel. Returns false, with errno, if memory or descriptors are out. */
bool dmap__shm_channel_create(dmap__shm_channel *channel);
/** Maps the channel that the descriptor holds (taken over). Returns false if it cannot. */
bool dmap__shm_channel_open(dmap__shm_channel *channel, int descriptor);
/** Errno is kept. */
void dmap__shm_channel_destroy(dmap__shm_channel *channel);

/** Forgets all that was taken. Memory beyond what is usual is given back once little of it was used, not before: large
 *  batches in a row would allocate it anew each time. The rank's side, in its turn. */
void dmap__shm_channel_clear(dmap__shm_channel *channel);
/** Forgets all that was taken, and gives memory beyond about so many bytes back. The rank's side, between calls. */
void dmap__shm_channel_trim(dmap__shm_channel *channel, uint64_t bytes);
/** Takes note of how large the channel is now. The process, when its turn begins. False: it cannot reach all. */
bool dmap__shm_channel_look(dmap__shm_channel *channel);
/** True if the descriptor is still the channel's: a task may have closed it, and something else may have its number. */
bool dmap__shm_channel_has_descriptor(const dmap__shm_channel *channel);
/** Takes `size` bytes, aligned to 64: their offset, or 0 if there are none, for channel->reason. Either side, in its
 *  turn. */
uint64_t dmap__shm_channel_take(dmap__shm_channel *channel, uint64_t size);
static inline void *dmap__shm_channel_at(const dmap__shm_channel *channel, uint64_t offset) {
    return (unsigned char *)channel->head + offset;
}

/** True if these bytes are behind the head, and backed by memory. The rank's side. */
bool dmap__shm_channel_holds(dmap__shm_channel *channel, uint64_t offset, uint64_t size);

/** Passes the turn on and wakes who waits for it. Returns false if it was not `from`'s: the process has ended. */
bool dmap__shm_channel_pass(dmap__shm_channel *channel, dmap__owner from, dmap__owner to);
/** The process has ended: whose turn it was does not matter. */
void dmap__shm_channel_end(dmap__shm_channel *channel);
/** Sleeps while it is `turn`'s turn, no longer than timeout_s (< 0: no limit); returns whose it is. */
dmap__owner dmap__shm_channel_wait(dmap__shm_channel *channel, dmap__owner turn, double timeout_s);

#endif
