/* Messages between ranks: contents, sizes at every edge of the layout, order, bytes counted. */
#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "net/fragments.h"
#include "comm_world.h"

/* ---- random traffic, every rank to every rank ---- */

typedef struct traffic {
    dmap__comm *comm;
    int rank, ranks;
    uint64_t per_pair;  /* messages */
    uint64_t *next_out; /* by peer */
    uint64_t *next_in;
    void **placed; /* by peer: where the last large message was put */
    uint64_t n_placed;
    int under_way, sent; /* sends */
} traffic;

typedef struct shape {
    uint64_t key;
    size_t meta_size, data_size;
} shape;

typedef struct parcel {
    traffic *traffic;
    unsigned char *meta, *data;
    int times_sent;
} parcel;

static shape shape_of(int from, int to, uint64_t number) {
    const size_t first = DMAP__FIRST_BYTES, head = sizeof(dmap__head), f = DMAP__FRAGMENT_BYTES;
    const size_t data_sizes[] = {
        0,     1, 15,    16,    17,        1000,      4096, first - head - 1, first - head, first - head + 1,
        f - 1, f, f + 1, 2 * f, 4 * f - 1, 5 * f + 7, 9 * f};
    const size_t meta_sizes[] = {0, 0, 0, 1, 8, 24, 100, 4000, first - head - 1, first - head, first - head + 1, f + 1};
    shape s = {.key = comm_key_of(from, to, number)};
    uint64_t state = s.key;
    s.data_size = data_sizes[comm_draw(&state) % (sizeof data_sizes / sizeof *data_sizes)];
    s.meta_size = meta_sizes[comm_draw(&state) % (sizeof meta_sizes / sizeof *meta_sizes)];
    if (comm_draw(&state) % 4 == 0)
        s.data_size = (size_t)(comm_draw(&state) % (3 * f));
    if (number == 7 && to == (from + 1) % 2)
        s.data_size = (size_t)50 * 1000 * 1000 + 3;
    return s;
}

/* Cuts data into up to `most` parts, some of them empty. */
static size_t cut(uint64_t key, const unsigned char *data, size_t size, dmap_blob *parts, size_t most) {
    uint64_t state = ~key;
    size_t n = 1 + (size_t)(comm_draw(&state) % most), begin = 0;
    for (size_t i = 0; i < n; i++) {
        size_t left = size - begin;
        size_t now = i + 1 == n                   ? left
                     : comm_draw(&state) % 3 == 0 ? 0
                                                  : (size_t)(comm_draw(&state) % (2 * left / (n - i) + 1));
        now = now < left ? now : left;
        parts[i] = (dmap_blob){.data = data + begin, .size = now};
        begin += now;
    }
    return n;
}

static void parcel_sent(void *arg) {
    parcel *p = arg;
    CU_ASSERT_EQUAL(++p->times_sent, 1);
    p->traffic->under_way--;
    p->traffic->sent++;
    free(p->meta);
    free(p->data);
    free(p);
}

static void send_next(traffic *t, int to) {
    shape s = shape_of(t->rank, to, t->next_out[to]);
    parcel *p = calloc(1, sizeof *p);
    *p = (parcel){.traffic = t, .meta = malloc(s.meta_size + 1), .data = malloc(s.data_size + 1)};
    comm_fill(p->meta, s.meta_size, ~s.key);
    comm_fill(p->data, s.data_size, s.key);
    dmap_blob parts[40];
    size_t n_parts = cut(s.key, p->data, s.data_size, parts, s.key % 3 ? 40 : 2);
    dmap__head head = {.type = DATA, .call = s.key, .numbers[0] = t->next_out[to]++, .seconds = 0.5};
    t->under_way++;
    CU_ASSERT_EQUAL(dmap__comm_send(t->comm, to, &head, p->meta, s.meta_size, parts, n_parts, parcel_sent, p, NULL),
                    DMAP_OK);
}

static void *place_some(void *arg, int from, const dmap__head *head, const void *meta) {
    traffic *t = arg;
    CU_ASSERT_PTR_NULL(t->placed[from]);
    CU_ASSERT(comm_is_filled(meta, head->meta_size, ~head->call));
    if (head->numbers[0] % 2 == 1)
        return NULL;
    t->n_placed++;
    return t->placed[from] = malloc(head->data_size);
}

static void check_message(traffic *t, dmap__message *m) {
    shape s = shape_of(m->from, t->rank, t->next_in[m->from]);
    CU_ASSERT_EQUAL(m->head.type, DATA);
    CU_ASSERT_EQUAL(m->head.numbers[0], t->next_in[m->from]);
    CU_ASSERT_EQUAL(m->head.seconds, 0.5);
    CU_ASSERT_EQUAL(m->head.meta_size, s.meta_size);
    CU_ASSERT_EQUAL(m->head.data_size, s.data_size);
    CU_ASSERT_EQUAL(m->meta == NULL, s.meta_size == 0);
    CU_ASSERT_EQUAL(m->data == NULL, s.data_size == 0);
    CU_ASSERT_EQUAL((uintptr_t)m->meta % 16 + (uintptr_t)m->data % 16, 0);
    if (m->head.meta_size == s.meta_size && m->head.data_size == s.data_size) {
        CU_ASSERT(comm_is_filled(m->meta, s.meta_size, ~s.key));
        CU_ASSERT(comm_is_filled(m->data, s.data_size, s.key));
    }
    if (t->placed[m->from]) {
        CU_ASSERT_PTR_EQUAL(m->data, t->placed[m->from]);
        free(t->placed[m->from]);
        t->placed[m->from] = NULL;
    }
    t->next_in[m->from]++;
}

/* Sends a little, polls a little, in an order from the seed. */
static void run_traffic(traffic *t) {
    uint64_t to_send = t->per_pair * (uint64_t)t->ranks, to_get = to_send, state = seed + (uint64_t)t->rank;
    int empty = 0;
    while (to_send > 0 || to_get > 0) {
        int to = (int)(comm_draw(&state) % (uint64_t)t->ranks);
        if (to_send > 0 && t->under_way < 12 && t->next_out[to] < t->per_pair) {
            send_next(t, to);
            to_send--;
        }
        dmap__message message;
        if (comm_poll_once(t->comm, &message) == 0) {
            comm_give_way(&empty);
            continue;
        }
        check_message(t, &message);
        dmap__comm_release(t->comm, &message);
        to_get--;
    }
}

void test_traffic(void) {
    traffic t = {.per_pair = 60};
    t.comm = comm_start(place_some, &t);
    t.rank = dmap__comm_rank(t.comm);
    t.ranks = dmap__comm_size(t.comm);
    t.next_out = calloc((size_t)t.ranks, sizeof *t.next_out);
    t.next_in = calloc((size_t)t.ranks, sizeof *t.next_in);
    t.placed = calloc((size_t)t.ranks, sizeof *t.placed);
    run_traffic(&t);
    CU_ASSERT(t.n_placed > 0);
    comm_part(t.comm);
    CU_ASSERT_EQUAL(t.under_way, 0);
    CU_ASSERT_EQUAL(t.sent, (int)t.per_pair * t.ranks);
    free(t.next_out);
    free(t.next_in);
    free(t.placed);
}

/* ---- many small ones ---- */

void test_many_small(void) {
    enum { MANY = 100000 };
    dmap__comm *comm = comm_start(NULL, NULL);
    int ranks = dmap__comm_size(comm), rank = dmap__comm_rank(comm);
    int to = (rank + 1) % ranks, from = (rank + ranks - 1) % ranks;
    for (uint64_t i = 0; i < MANY; i++) {
        uint64_t meta = comm_mix(i), data = ~i;
        if (comm_send_bytes(comm, to, i, &meta, sizeof meta, &data, sizeof data))
            CU_FAIL("send");
    }
    bool is_right = true;
    for (uint64_t i = 0; i < MANY; i++) {
        dmap__message m;
        comm_poll_whole(comm, &m);
        uint64_t meta = comm_mix(i), data = ~i;
        is_right = is_right && m.from == from && m.head.numbers[0] == i && m.head.meta_size == 8 &&
                   m.head.data_size == 8 && memcmp(m.meta, &meta, 8) == 0 && memcmp(m.data, &data, 8) == 0;
        dmap__comm_release(comm, &m);
    }
    CU_ASSERT(is_right);
    comm_part(comm);
}

/* ---- order ---- */

/* Small ones behind large ones of the same rank, all to rank 0. */
void test_order(void) {
    enum { ROUNDS = 20 };
    dmap__comm *comm = comm_start(NULL, NULL);
    size_t size = 3 * MIB;
    unsigned char *bytes = calloc(1, size);
    for (uint64_t i = 0; i < ROUNDS; i++) {
        size_t data_size = i % 3 == 0 ? size : i % 3 == 1 ? 0 : 5;
        CU_ASSERT_EQUAL(comm_send_bytes(comm, 0, i, bytes, i % 4 ? 3 : 40000, bytes, data_size), DMAP_OK);
    }
    if (dmap__comm_rank(comm) == 0) {
        int ranks = dmap__comm_size(comm);
        uint64_t *next = calloc((size_t)ranks, sizeof *next);
        for (int i = 0; i < ROUNDS * ranks; i++) {
            dmap__message m;
            comm_poll_whole(comm, &m);
            CU_ASSERT_EQUAL(m.head.numbers[0], next[m.from]);
            next[m.from]++;
            dmap__comm_release(comm, &m);
        }
        free(next);
    }
    comm_part(comm);
    free(bytes);
}

/* A large message of rank 1, stuck as rank 1 does not poll, holds up neither rank 2 nor rank 0 itself; but it does hold
 * up the small one that rank 1 sent after it. `aside` tells rank 1 when to go on. */
void test_no_hold_up(void) {
    dmap__comm *comm = comm_start(NULL, NULL), *aside = comm_start(NULL, NULL);
    int rank = dmap__comm_rank(comm), ranks = dmap__comm_size(comm);
    unsigned char *bytes = calloc(1, 8 * MIB);
    dmap__message m;
    if (ranks >= 3 && rank == 1) {
        CU_ASSERT_EQUAL(comm_send_bytes(comm, 0, 1, NULL, 0, bytes, 8 * MIB), DMAP_OK);
        CU_ASSERT_EQUAL(comm_send_bytes(comm, 0, 2, NULL, 0, NULL, 0), DMAP_OK);
        CU_ASSERT(dmap__comm_is_busy(comm));
        CU_ASSERT_EQUAL(comm_send_bytes(aside, 2, 0, NULL, 0, NULL, 0), DMAP_OK);
        comm_poll_whole(aside, &m);
        dmap__comm_release(aside, &m);
    }
    if (ranks >= 3 && rank == 2) {
        comm_poll_whole(aside, &m);
        dmap__comm_release(aside, &m);
        for (uint64_t i = 0; i < 100; i++)
            CU_ASSERT_EQUAL(comm_send_bytes(comm, 0, i, NULL, 0, bytes, 100), DMAP_OK);
    }
    if (ranks >= 3 && rank == 0) {
        for (uint64_t i = 0; i < 102; i++) {
            comm_poll_whole(comm, &m);
            CU_ASSERT_EQUAL(m.from, i < 100 ? 2 : 1);
            CU_ASSERT_EQUAL(m.head.numbers[0], i < 100 ? i : i - 99);
            dmap__comm_release(comm, &m);
            if (i == 99)
                CU_ASSERT_EQUAL(comm_send_bytes(aside, 1, 0, NULL, 0, NULL, 0), DMAP_OK);
        }
    }
    comm_part(comm);
    comm_part(aside);
    free(bytes);
}

/* ---- taking ---- */

static void take_one(dmap__comm *comm, size_t meta_size, size_t data_size) {
    unsigned char *bytes = malloc(meta_size + data_size);
    comm_fill(bytes, meta_size, 3);
    comm_fill(bytes + meta_size, data_size, 4);
    int rank = dmap__comm_rank(comm);
    CU_ASSERT_EQUAL(comm_send_bytes(comm, rank, 0, bytes, meta_size, bytes + meta_size, data_size), DMAP_OK);
    dmap__message m;
    comm_poll_whole(comm, &m);
    unsigned char *meta = dmap__message_take_meta(&m), *data = dmap__message_take_data(&m);
    CU_ASSERT_PTR_NULL(m.meta);
    CU_ASSERT_PTR_NULL(m.data);
    CU_ASSERT_PTR_NULL(dmap__message_take_meta(&m));
    dmap__comm_release(comm, &m);
    CU_ASSERT_EQUAL(meta == NULL, meta_size == 0);
    CU_ASSERT_EQUAL(data == NULL, data_size == 0);
    CU_ASSERT(comm_is_filled(meta, meta_size, 3));
    CU_ASSERT(comm_is_filled(data, data_size, 4));
    free(meta);
    free(data);
    free(bytes);
}

void test_take(void) {
    dmap__comm *comm = comm_start(NULL, NULL);
    take_one(comm, 10, 20);
    take_one(comm, 0, 20);
    take_one(comm, 10, 0);
    take_one(comm, 10, 3 * MIB);
    take_one(comm, 2 * MIB, 30);
    comm_part(comm);
}

/* ---- bytes counted ---- */

void test_bytes(void) {
    dmap__comm *comm = comm_start(NULL, NULL);
    int rank = dmap__comm_rank(comm);
    uint64_t sent = 1, received = 1;
    dmap__comm_bytes(comm, &sent, &received);
    CU_ASSERT_EQUAL(sent + received, 0);
    unsigned char *bytes = calloc(1, 2 * MIB);
    dmap__message m;
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(comm_send_bytes(comm, rank, 0, bytes, 16, bytes, i ? 2 * MIB : 32), DMAP_OK);
        comm_poll_whole(comm, &m);
        dmap__comm_release(comm, &m);
    }
    dmap__comm_bytes(comm, &sent, &received);
    CU_ASSERT_EQUAL(sent, 2 * sizeof(dmap__head) + 32 + 32 + 2 * MIB);
    CU_ASSERT_EQUAL(received, sent + (uint64_t)*comm_farewells_to(comm) * sizeof(dmap__head));
    for (int i = 0; dmap__comm_size(comm) == 1 && i < 3; i++) {
        CU_ASSERT_EQUAL(comm_poll_once(comm, &m), 0);
        CU_ASSERT_EQUAL(dmap__comm_is_busy(comm), false);
    }
    comm_part(comm);
    free(bytes);
}
