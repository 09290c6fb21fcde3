/* A message between ranks: a fixed head, a `meta` part and a `data` part, of any 64-bit size. */
#ifndef DMAP_NET_MESSAGE_H
#define DMAP_NET_MESSAGE_H

#include <stdint.h>

/** First 96 bytes of every message. comm reads and writes meta_size and data_size only; the rest is wire.h's. */
typedef struct dmap__head {
    uint64_t meta_size, data_size; /* bytes; set by dmap__comm_send */
    uint32_t type;
    uint32_t flags;
    uint64_t call;
    uint64_t lease;
    uint64_t begin, end;
    uint64_t a, b, c, d; /* by type */
    double seconds;
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
