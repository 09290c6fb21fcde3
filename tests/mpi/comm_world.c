/* What the tests of comm share. Each test opens a comm of its own and ends with a farewell, so that no test's strays
 * meet the next one's receives. */
#include <sched.h>
#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "net/fragments.h"
#include "comm_world.h"

uint64_t seed;

/* ---- numbers and bytes from a key ---- */

uint64_t comm_mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t comm_draw(uint64_t *state) {
    return *state = comm_mix(*state);
}

uint64_t comm_key_of(int from, int to, uint64_t number) {
    return comm_mix(seed ^ comm_mix((uint64_t)from << 40 | (uint64_t)to << 32) ^ comm_mix(number + 1));
}

void comm_fill(unsigned char *bytes, size_t size, uint64_t key) {
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = (key + i) * 0x9e3779b97f4a7c15u;
        memcpy(bytes + i, &word, size - i < 8 ? size - i : 8);
    }
}

bool comm_is_filled(const unsigned char *bytes, size_t size, uint64_t key) {
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = (key + i) * 0x9e3779b97f4a7c15u;
        if (memcmp(bytes + i, &word, size - i < 8 ? size - i : 8) != 0)
            return false;
    }
    return true;
}

/* ---- opening, waiting, ending ---- */

dmap__comm *comm_open(void) {
    dmap__comm *comm = NULL;
    dmap__error error = {.status = DMAP_OK};
    if (dmap__comm_open_world(&comm, &error)) {
        fprintf(stderr, "open: %s\n", error.text);
        abort();
    }
    return comm;
}

dmap__comm *comm_start(dmap__place_fn *place, void *arg) {
    dmap__comm *comm = comm_open();
    dmap__error error = {.status = DMAP_OK};
    CU_ASSERT_EQUAL(dmap__comm_start(comm, place, arg, &error), DMAP_OK);
    return comm;
}

/* More ranks than cores: give way now and then. */
void comm_give_way(int *empty) {
    if (++*empty % 64 == 0)
        sched_yield();
}

/* Farewells that came, by comm: a rank that is done says so while others still wait for a third one's messages. */
static struct {
    const dmap__comm *comm;
    int count;
} farewells[2];

int *comm_farewells_to(const dmap__comm *comm) {
    int i = farewells[0].comm == comm ? 0 : farewells[1].comm == comm ? 1 : farewells[0].comm ? 1 : 0;
    farewells[i].comm = comm;
    return &farewells[i].count;
}

/* Polls once; a farewell is counted, not handed out. */
int comm_poll_once(dmap__comm *comm, dmap__message *message) {
    dmap__error error;
    int got = dmap__comm_poll(comm, message, &error);
    if (got < 0) {
        fprintf(stderr, "poll: %s\n", error.text);
        abort();
    }
    if (got == 0 || message->head.type != FAREWELL)
        return got;
    ++*comm_farewells_to(comm);
    dmap__comm_release(comm, message);
    return 0;
}

void comm_poll_whole(dmap__comm *comm, dmap__message *message) {
    for (int empty = 0; comm_poll_once(comm, message) != 1;)
        comm_give_way(&empty);
}

dmap_status comm_send_bytes(dmap__comm *comm, int to, uint64_t number, const void *meta, size_t meta_size,
                            const void *data, size_t data_size) {
    dmap__head head = {.type = DATA, .numbers[0] = number};
    dmap_blob part = {.data = data, .size = data_size};
    return dmap__comm_send(comm, to, &head, meta, meta_size, &part, 1, NULL, NULL, NULL);
}

/* Until every rank said that it sent its last, and what this rank sent has left. Nothing else may come. */
void comm_part(dmap__comm *comm) {
    dmap__head head = {.type = FAREWELL};
    int ranks = dmap__comm_size(comm);
    for (int to = 0; to < ranks; to++)
        CU_ASSERT_EQUAL(dmap__comm_send(comm, to, &head, NULL, 0, NULL, 0, NULL, NULL, NULL), DMAP_OK);
    int *come = comm_farewells_to(comm);
    for (int empty = 0; *come < ranks; comm_give_way(&empty)) {
        dmap__message message;
        if (comm_poll_once(comm, &message) != 0) {
            CU_FAIL("a message after the last");
            dmap__comm_release(comm, &message);
        }
    }
    *come = 0;
    farewells[come == &farewells[1].count].comm = NULL;
    dmap__comm_close(comm);
}
