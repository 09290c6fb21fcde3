/* Children that send and receive over a channel: messages that say who sent them and whether they are whole, and a page
 * that all see. */
#ifndef DMAP_CHANNEL_WORLD_H
#define DMAP_CHANNEL_WORLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/channel.h>
#include <dmap/process.h>

#define LONG_S 120.0 /* against hanging */

enum { MOST_CHILDREN = 8, MOST_SIZE = 3000 };

typedef struct message {
    uint32_t sender, size;
    uint64_t number;
    unsigned char bytes[MOST_SIZE];
} message;

enum { HEAD = offsetof(message, bytes) };

/** What senders and receivers say of themselves, in shared memory. */
typedef struct page {
    _Atomic uint64_t sent[MOST_CHILDREN];     /* messages whose sending has returned */
    _Atomic uint64_t received[MOST_CHILDREN]; /* of each sender, by all */
    _Atomic uint64_t bad;
} page;

/** What a child gets as its argument. */
typedef struct job {
    uint32_t place;
    uint64_t messages, seed;
} job;

typedef struct world {
    dmap_channel *in, *out;
    dmap_memory *memory;
    page *all;
} world;

/** True with DMAP_TEST_LONG=1. */
bool world_is_long(void);
/** Fails the test if it cannot. */
void world_open_both(size_t bytes, dmap_channel **in, dmap_channel **out);
world world_open(size_t bytes);
/** Closes what is not NULL. */
void world_close(world *w);

/** Any byte of a message follows from the seed. */
void world_fill(unsigned char *bytes, size_t size, uint64_t seed);
void world_make(message *m, uint32_t sender, uint64_t number, uint64_t *state);
/** Receives one, and notes whether it is good. False at the end.
 *  next:   the lowest number that may come of each sender */
bool world_get(dmap_channel *in, uint64_t *next, page *all);

/** Functions of children: descriptor 3 is the channel's, 4 the page's. */
int world_send_all(void *argument, size_t size);
int world_receive_all(void *argument, size_t size);
int world_attach(dmap_channel **end, dmap_memory **memory);
/** Starts a child; one that runs world_receive_all receives, all others send. */
dmap_process *world_start(const world *w, dmap_process_fn *run, const job *j, dmap_start how);

#endif
