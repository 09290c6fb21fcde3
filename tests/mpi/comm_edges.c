/* Messages between ranks: memory that is out, closing, above 2 GiB, and the collectives of opening. */
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "net/fragments.h"
#include "comm_world.h"

/* ---- memory that is out ---- */

static size_t address_space(void) {
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%zu", &pages) != 1)
        CU_FAIL("statm");
    if (file)
        fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Polling reports that memory is out, and goes on when there is some again. */
void test_no_memory(void) {
    dmap__comm *comm = comm_start(NULL, NULL);
    int rank = dmap__comm_rank(comm);
    const size_t size = 300 * MIB;
    unsigned char *bytes = malloc(size);
    comm_fill(bytes, size, 5);
    struct rlimit old, small;
    getrlimit(RLIMIT_AS, &old);
    small = old;
    small.rlim_cur = address_space() + 100 * MIB;
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_AS, &small), 0);
    CU_ASSERT_EQUAL(comm_send_bytes(comm, rank, 0, NULL, 0, bytes, size), DMAP_OK);
    dmap__message m;
    dmap__error error = {.status = DMAP_OK};
    int got = 0;
    while ((got = dmap__comm_poll(comm, &m, &error)) == 0) {
    }
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_AS, &old), 0);
    CU_ASSERT_EQUAL(got, -1);
    CU_ASSERT_EQUAL(error.status, DMAP_ENOMEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "out of memory for 314572800 bytes"));
    if (got < 0)
        comm_poll_whole(comm, &m);
    CU_ASSERT(m.head.data_size == size && comm_is_filled(m.data, size, 5));
    dmap__comm_release(comm, &m);
    comm_part(comm);
    free(bytes);
}

/* ---- closing ---- */

static void count_sent(void *arg) {
    ++*(int *)arg;
}

/* Rank 0 closes with everything still to be sent: it all arrives. */
void test_close_unsent(void) {
    enum { MESSAGES = 6 };
    dmap__comm *comm = comm_start(NULL, NULL);
    int rank = dmap__comm_rank(comm), last = dmap__comm_size(comm) - 1;
    size_t size = 7 * MIB + 5;
    unsigned char *bytes = malloc(size);
    comm_fill(bytes, size, 6);
    int sent = 0;
    for (uint64_t i = 0; rank == 0 && last > 0 && i < MESSAGES; i++) {
        dmap__head head = {.type = DATA, .numbers[0] = i};
        dmap_blob parts[2] = {{.data = bytes, .size = 11}, {.data = bytes + 11, .size = size - 11}};
        CU_ASSERT_EQUAL(dmap__comm_send(comm, last, &head, bytes, 77, parts, i % 2 ? 1 : 2, count_sent, &sent, NULL),
                        DMAP_OK);
    }
    for (uint64_t i = 0; rank == last && last > 0 && i < MESSAGES; i++) {
        dmap__message m;
        comm_poll_whole(comm, &m);
        CU_ASSERT_EQUAL(m.head.numbers[0], i);
        CU_ASSERT(m.head.data_size == (i % 2 ? 11 : size) && comm_is_filled(m.data, m.head.data_size, 6));
        dmap__comm_release(comm, &m);
    }
    dmap__comm_close(comm);
    CU_ASSERT_EQUAL(sent, rank == 0 && last > 0 ? MESSAGES : 0);
    free(bytes);
}

/* Each rank sends to itself and closes without having received: it waits its limit, and ends. */
void test_close_unreceived(void) {
    dmap__comm *comm = comm_start(NULL, NULL);
    unsigned char *bytes = calloc(1, 9 * MIB);
    int sent = 0;
    for (int i = 0; i < 3; i++) {
        dmap__head head = {.type = DATA};
        dmap_blob data = {.data = bytes, .size = 9 * MIB};
        CU_ASSERT_EQUAL(dmap__comm_send(comm, dmap__comm_rank(comm), &head, NULL, 0, &data, 1, count_sent, &sent, NULL),
                        DMAP_OK);
    }
    time_t before = time(NULL);
    dmap__comm_close(comm);
    CU_ASSERT_EQUAL(sent, 3);
    CU_ASSERT(time(NULL) - before >= 9 && time(NULL) - before < 40);
    free(bytes);
    dmap__comm_close(NULL);
}

/* ---- above 2 GiB ---- */

static void *place_huge(void *arg, int from, const dmap__head *head, const void *meta) {
    (void)from, (void)meta;
    unsigned char **memory = arg;
    return *memory = malloc(head->data_size);
}

/* From the last rank to rank 0, as one part and a rest, with a word at every MiB: filling it all would take longer. */
void test_huge(void) {
    const size_t size = 2560 * MIB + 1;
    unsigned char *placed = NULL;
    dmap__comm *comm = comm_start(place_huge, &placed);
    int last = dmap__comm_size(comm) - 1;
    unsigned char *bytes = NULL;
    if (dmap__comm_rank(comm) == last) {
        bytes = calloc(1, size);
        for (size_t at = 0; at + 8 < size; at += MIB)
            memcpy(bytes + at + at / MIB % 1000, &at, 8);
        dmap__head head = {.type = DATA};
        dmap_blob parts[2] = {{.data = bytes, .size = size - 3}, {.data = bytes + size - 3, .size = 3}};
        CU_ASSERT_EQUAL(dmap__comm_send(comm, 0, &head, NULL, 0, parts, 2, NULL, NULL, NULL), DMAP_OK);
    }
    if (dmap__comm_rank(comm) == 0) {
        dmap__message m;
        comm_poll_whole(comm, &m);
        CU_ASSERT_EQUAL(m.head.data_size, size);
        CU_ASSERT_PTR_EQUAL(m.data, placed);
        bool is_right = true;
        for (size_t at = 0; at + 8 < size; at += MIB)
            is_right = is_right && memcmp(placed + at + at / MIB % 1000, &at, 8) == 0;
        CU_ASSERT(is_right);
        dmap__comm_release(comm, &m);
        free(placed);
    }
    comm_part(comm);
    free(bytes);
}

/* ---- the collectives of opening ---- */

void test_agree(void) {
    dmap__comm *comm = comm_open();
    int rank = dmap__comm_rank(comm), ranks = dmap__comm_size(comm);
    dmap__error error = {.status = DMAP_OK};
    CU_ASSERT_EQUAL(dmap__comm_agree(comm, &error), DMAP_OK);
    CU_ASSERT_EQUAL(error.status, DMAP_OK);
    for (int lowest = 0; lowest < ranks; lowest++) {
        dmap__error_clear(&error);
        if (rank >= lowest)
            dmap__fail(&error, rank == lowest ? DMAP_EMISMATCH : DMAP_ENOMEM, "rank %d says so", rank);
        char expected[64];
        snprintf(expected, sizeof expected, "rank %d says so", lowest);
        CU_ASSERT_EQUAL(dmap__comm_agree(comm, &error), DMAP_EMISMATCH);
        CU_ASSERT_EQUAL(error.status, DMAP_EMISMATCH);
        CU_ASSERT_STRING_EQUAL(error.text, expected);
    }
    dmap__comm_close(comm);
}

void test_bcast(void) {
    const size_t sizes[] = {0, 1, 1000, 30 * MIB + 1};
    dmap__comm *comm = comm_open();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *bytes = calloc(1, sizes[i] + 1);
        if (dmap__comm_rank(comm) == 0)
            comm_fill(bytes, sizes[i], i + 9);
        CU_ASSERT_EQUAL(dmap__comm_bcast(comm, bytes, sizes[i], NULL), DMAP_OK);
        CU_ASSERT(comm_is_filled(bytes, sizes[i], i + 9));
        CU_ASSERT_EQUAL(bytes[sizes[i]], 0);
        free(bytes);
    }
    dmap__comm_close(comm);
}

void test_gather(void) {
    const size_t sizes[] = {0, 1, 1000, 5 * MIB + 1};
    dmap__comm *comm = comm_open();
    size_t rank = (size_t)dmap__comm_rank(comm), ranks = (size_t)dmap__comm_size(comm);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *mine = malloc(sizes[i] + 1), *all = calloc(ranks, sizes[i] + 1);
        comm_fill(mine, sizes[i], rank + 100);
        CU_ASSERT_EQUAL(dmap__comm_gather(comm, mine, sizes[i], all, NULL), DMAP_OK);
        for (size_t from = 0; from < ranks; from++)
            CU_ASSERT(comm_is_filled(all + from * sizes[i], sizes[i], from + 100));
        free(mine);
        free(all);
    }
    dmap__comm_close(comm);
}

void test_hosts(void) {
    dmap__comm *comm = comm_open();
    for (int rank = 0; rank < dmap__comm_size(comm); rank++) {
        CU_ASSERT(dmap__comm_host(comm, rank)[0] != '\0');
        int leader = dmap__comm_node_leader(comm, rank);
        CU_ASSERT(leader <= rank);
        CU_ASSERT_STRING_EQUAL(dmap__comm_host(comm, leader), dmap__comm_host(comm, rank));
        CU_ASSERT_EQUAL(dmap__comm_node_leader(comm, leader), leader);
        CU_ASSERT_EQUAL(dmap__comm_node_size(comm, rank), dmap__comm_node_size(comm, leader));
        CU_ASSERT(dmap__comm_node_size(comm, rank) >= 1);
    }
    CU_ASSERT(strlen(dmap__comm_library()) > 4);
    CU_ASSERT_PTR_NULL(strpbrk(dmap__comm_library(), ",\n\t"));
    dmap__comm_close(comm);
}
