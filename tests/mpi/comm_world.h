/* What the tests of comm share: bytes that can be told again from a key, and a comm that is opened and parted from. */
#ifndef DMAP_TESTS_COMM_WORLD_H
#define DMAP_TESTS_COMM_WORLD_H

#include <stdbool.h>

#include "net/comm.h"

#define MIB ((size_t)1 << 20)

enum { DATA = 1, FAREWELL = 2 };

extern uint64_t seed; /* the same on every rank */

uint64_t comm_mix(uint64_t x);
uint64_t comm_draw(uint64_t *state);
uint64_t comm_key_of(int from, int to, uint64_t number);
void comm_fill(unsigned char *bytes, size_t size, uint64_t key);
bool comm_is_filled(const unsigned char *bytes, size_t size, uint64_t key);
dmap__comm *comm_open(void);
dmap__comm *comm_start(dmap__place_fn *place, void *arg);
void comm_give_way(int *empty);
int *comm_farewells_to(const dmap__comm *comm);
int comm_poll_once(dmap__comm *comm, dmap__message *message);
void comm_poll_whole(dmap__comm *comm, dmap__message *message);
dmap_status comm_send_bytes(dmap__comm *comm, int to, uint64_t number, const void *meta, size_t meta_size,
                            const void *data, size_t data_size);
void comm_part(dmap__comm *comm);

/* The tests, by file. */
void test_traffic(void);
void test_many_small(void);
void test_order(void);
void test_no_hold_up(void);
void test_take(void);
void test_bytes(void);
void test_no_memory(void);
void test_close_unsent(void);
void test_close_unreceived(void);
void test_huge(void);
void test_agree(void);
void test_bcast(void);
void test_gather(void);
void test_hosts(void);
void test_reach(void);
void test_gates(void);

#endif
