/* Writing to the master's memory: who says that it can does so, both sides say the same, also of a rank that may not,
 * and nothing comes once the master has closed its gates. */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "base/clock.h"
#include "comm_world.h"

#define BYTES  (3 * MIB + 5)
#define STEP   (4 * MIB + 1) /* from one rank's place to the next, at any alignment */
#define MOST_S 60.0          /* until what is to come has come */
#define HELD_S 9.0           /* that closing takes, if it waits for somebody in vain */

/* What the master says of itself. */
typedef struct target {
    int64_t process;
    uint64_t memory; /* address */
    uint64_t word;   /* the same, for a write that nobody minds */
} target;

static bool is_forbidden; /* to this rank */

/* In place of the C library's. */
ssize_t process_vm_writev(pid_t process, const struct iovec *from, unsigned long n, const struct iovec *to,
                          unsigned long m, unsigned long flags) {
    if (!is_forbidden)
        return syscall(SYS_process_vm_writev, process, from, n, to, m, flags);
    errno = EPERM;
    return -1;
}

static void gather(dmap__comm *comm, const void *mine, size_t size, void *all) {
    CU_ASSERT_EQUAL(dmap__comm_gather(comm, mine, size, all, NULL), DMAP_OK);
}

static void wait_for_all(dmap__comm *comm) {
    char here = 1, *all = calloc((size_t)dmap__comm_size(comm), 1);
    gather(comm, &here, 1, all);
    free(all);
}

static target target_of_master(dmap__comm *comm, void *memory, uint64_t *word) {
    target t = {getpid(), (uint64_t)(uintptr_t)memory, (uint64_t)(uintptr_t)word};
    CU_ASSERT_EQUAL(dmap__comm_bcast(comm, &t, sizeof t, NULL), DMAP_OK);
    return t;
}

/* Whether the system lets this rank do it: comm should say the same. */
static bool may_write(dmap__comm *comm, const target *t) {
    uint64_t ones = UINT64_MAX;
    struct iovec from = {&ones, sizeof ones}, to = {(void *)(uintptr_t)t->word, sizeof ones};
    return dmap__comm_rank(comm) > 0 && dmap__comm_node_leader(comm, dmap__comm_rank(comm)) == 0 &&
           process_vm_writev((pid_t)t->process, &from, 1, &to, 1, 0) == (ssize_t)sizeof ones;
}

static void check_reach(void) {
    dmap__comm *comm = comm_open();
    int rank = dmap__comm_rank(comm), ranks = dmap__comm_size(comm);
    uint64_t word = 0;
    unsigned char *memory = rank ? NULL : calloc((size_t)ranks, STEP), *bytes = malloc(BYTES);
    bool *reached = calloc((size_t)ranks, sizeof *reached);
    target t = target_of_master(comm, memory, &word);
    const dmap__reach *reach = dmap__comm_reach(comm);
    CU_ASSERT_EQUAL(reach != NULL, may_write(comm, &t));
    comm_fill(bytes, BYTES, comm_key_of(rank, 0, 0));
    for (uint64_t part = 0; reach && part < BYTES; part += MIB)
        CU_ASSERT_EQUAL(dmap__reach_write(reach, t.memory + (uint64_t)rank * STEP + part, bytes + part,
                                          BYTES - part < MIB ? BYTES - part : MIB),
                        0);
    bool is_reached = reach != NULL;
    gather(comm, &is_reached, sizeof is_reached, reached);
    for (int from = 0; rank == 0 && from < ranks; from++) {
        unsigned char *place = memory + (size_t)from * STEP;
        CU_ASSERT_EQUAL(dmap__comm_is_reached_by(comm, from), reached[from]);
        CU_ASSERT_EQUAL(comm_is_filled(place, BYTES, comm_key_of(from, 0, 0)), reached[from]);
        for (size_t i = reached[from] ? BYTES : 0; i < STEP; i++)
            if (place[i])
                CU_FAIL("bytes beside those written");
    }
    dmap__comm_close(comm);
    free(reached);
    free(memory);
    free(bytes);
}

/* All may; one may not; all but one may not. */
void test_reach(void) {
    dmap__comm *comm = comm_open();
    int rank = dmap__comm_rank(comm);
    dmap__comm_close(comm);
    for (int round = 0; round < 3; round++) {
        is_forbidden = (round == 1 && rank == 1) || (round == 2 && rank != 1);
        check_reach();
    }
    is_forbidden = false;
}

/* Writes until it is told that it may not, and some more. */
static void write_until_closed(const dmap__reach *reach, uint64_t address) {
    int code = 0;
    uint64_t number = 0;
    for (double until = dmap__clock_now() + MOST_S; code == 0 && dmap__clock_now() < until; number++)
        code = dmap__reach_write(reach, address, &number, sizeof number);
    CU_ASSERT_EQUAL(code, ECANCELED);
    for (int i = 0; i < 100; i++, number++)
        CU_ASSERT_EQUAL(dmap__reach_write(reach, address, &number, sizeof number), ECANCELED);
}

static void await_writes(const dmap__comm *comm, const volatile uint64_t *numbers) {
    double until = dmap__clock_now() + MOST_S;
    for (int rank = 1; rank < dmap__comm_size(comm); rank++) {
        while (dmap__comm_is_reached_by(comm, rank) && numbers[rank] < 10 && dmap__clock_now() < until)
            dmap__clock_yield();
        CU_ASSERT(!dmap__comm_is_reached_by(comm, rank) || numbers[rank] >= 10);
    }
}

/* All ranks write as fast as they can when the master closes; and its end does not wait for anybody then. */
void test_gates(void) {
    dmap__comm *comm = comm_open();
    int rank = dmap__comm_rank(comm), ranks = dmap__comm_size(comm);
    uint64_t word = 0, *numbers = calloc((size_t)ranks, sizeof *numbers), *seen = calloc((size_t)ranks, sizeof *seen);
    target t = target_of_master(comm, numbers, &word);
    const dmap__reach *reach = dmap__comm_reach(comm);
    double closing_s = 0;
    if (reach) {
        write_until_closed(reach, t.memory + (uint64_t)rank * sizeof *numbers);
    } else if (rank == 0) {
        await_writes(comm, numbers);
        closing_s = dmap__clock_now();
        dmap__comm_close_gates(comm);
        closing_s = dmap__clock_now() - closing_s;
        memcpy(seen, numbers, (size_t)ranks * sizeof *seen);
    }
    wait_for_all(comm);
    CU_ASSERT(rank || memcmp(seen, numbers, (size_t)ranks * sizeof *seen) == 0);
    CU_ASSERT(rank || closing_s < HELD_S);
    double began = dmap__clock_now();
    dmap__comm_close_gates(comm);
    dmap__comm_close(comm);
    CU_ASSERT(dmap__clock_now() - began < HELD_S);
    free(numbers);
    free(seen);
}
