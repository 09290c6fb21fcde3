/* A message between ranks: a fixed head, a `meta` part and a `data` part, of any 64-bit size. */
#ifndef DMAP_NET_MESSAGE_H
#define DMAP_NET_MESSAGE_H

#include <stdint.h>

/** What a message says; wire.h tells who says it to whom. */
typedef enum dmap__type {
    DMAP__CALL = 1, /* meta: a dmap__call_spec */
    DMAP__GRANT = 2,
    DMAP__RECALL = 3,
    DMAP__LIMIT = 4, /* flags: a dmap__fate */
    DMAP__SHARE = 5, /* data: what is shared, or none: then `share` tells where it is */
    DMAP__CLOSE = 6,
    DMAP__RESULT = 7,
    DMAP__RETURN = 8, /* data: ranges, two 64-bit numbers each */
    DMAP__PROGRESS = 9,
    DMAP__SHARED = 10,
    DMAP__PLACES = 11,
    DMAP__PLACED = 12, /* meta: the places, in the order of the workers */
    DMAP__EMIT = 13,   /* data: the bytes */
    DMAP__TAKEN = 14,
    DMAP__ENDED = 15,
    DMAP__CANCEL = 16, /* flags: 1: its process may be killed */
    DMAP__BEAT = 17,
    DMAP__BEST = 18
} dmap__type;

/** First 96 bytes of every message. comm reads and writes meta_size and data_size only. */
typedef struct dmap__head {
    uint64_t meta_size, data_size; /* bytes; set by dmap__comm_send */
    uint32_t type;                 /* dmap__type */
    uint32_t flags;                /* GRANT: layout of the items. RESULT: see wire.h */
    uint64_t call;
    uint64_t lease;
    uint64_t begin, end;
    union { /* by type; a status is a dmap_status */
        uint64_t numbers[4];
        struct {
            uint32_t attempt, losses; /* losses: attempts that ended with a lost rank */
            uint64_t range_first;     /* the first number of a range */
            uint64_t place, items_at; /* addresses in the master's memory: of the first result's place, and of the
                                         first item of an ARRAY whose items are not in the message; 0: none */
        } grant;
        struct {
            uint64_t items; /* wanted */
        } recall;
        struct {
            uint64_t index; /* items from here on are not wanted */
        } limit;
        struct {
            uint64_t key; /* of the bound */
        } best;
        struct {
            uint64_t position; /* of the lease: nobody waits for that item */
        } cancel;
        struct {
            uint64_t size;
            uint64_t process, descriptor, file; /* that hold it on this host, and which file that is */
        } share;
        struct {
            uint64_t bytes;
        } taken;
        struct {
            uint32_t spans, failures; /* fewer than items in a chunk */
            uint32_t folds, trouble;  /* trouble: a status */
            uint64_t limit;
            uint64_t events; /* if there are any, two times come before them */
        } result;
        struct {
            uint64_t unasked; /* 1: all of the lease, as items cannot be read from the master's memory */
        } returned;
        struct {
            uint64_t items;  /* ended so far, ... */
            uint64_t undone; /* and of these, not done for good */
        } progress;
        struct {
            uint64_t status;
            uint64_t process, descriptor, file; /* as in share, for the other ranks of the host; process, if the
                                                   status is DMAP_EIO: why, as errno has it */
        } shared;
        struct {
            uint64_t status;
        } placed;
        struct {
            uint64_t lost; /* a rank that is, and 1: MPI_Finalize may not end. 0: none. If it is the receiver's own, the
                              master takes it for lost */
        } close;
        struct {
            uint64_t index, attempt;
        } emit;
    };
    double seconds; /* RESULT: busy */
} dmap__head;

/** What is received. */
typedef struct dmap__message {
    int from;
    dmap__head head;
    void *meta; /* head.meta_size bytes, aligned to 16; NULL if 0 */
    void *data; /* head.data_size bytes, aligned to 16 (or where `place` said); NULL if 0 */
    /* Private to comm, but for this: a receiver that wants to keep meta or data beyond dmap__comm_release asks
     * dmap__message_take_meta, dmap__message_take_data. */
    void *meta_owned, *data_owned;
    int slot;
} dmap__message;

/** Makes meta or data the caller's, to be freed with free(); copies if it is still in comm's own memory. The
 *  message's pointer becomes NULL. NULL if it was empty or memory is out. Not for data that `place` placed. */
void *dmap__message_take_meta(dmap__message *message);
void *dmap__message_take_data(dmap__message *message);

/** Says where the data part of a large message is to be put: at least head->data_size bytes, valid until the message
 *  was polled; NULL: comm allocates. Called inside dmap__comm_poll; meta has already come. */
typedef void *dmap__place_fn(void *arg, int from, const dmap__head *head, const void *meta);

#endif
