/* Writing to another process's memory, through a gate that it may close: what is written comes, what is wrong is said,
 * and nothing comes once the gate is closed. The writer is a child, the memory is this process's own. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/reach.h"
#include "unit.h"

#define BYTES   (((size_t)3 << 20) + 5)
#define WRITERS 3
#define MOST_S  60.0

/* Mapped by both. */
typedef struct common {
    dmap__gate gate;
    _Atomic uint64_t written, refused;
    _Atomic int code; /* of the last write that was not done */
} common;

static common *open_common(void) {
    common *c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_FATAL(c != MAP_FAILED);
    return c;
}

static int status_of(pid_t child) {
    int status = -1;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
}

static unsigned char byte_at(size_t i) {
    return (unsigned char)(i * 7 + i / 251);
}

static int write_pattern(const dmap__reach *reach, uint64_t address) {
    unsigned char *bytes = malloc(BYTES);
    for (size_t i = 0; bytes && i < BYTES; i++)
        bytes[i] = byte_at(i);
    return bytes ? dmap__reach_write(reach, address, bytes, BYTES) : ENOMEM;
}

/* Runs write_pattern in a child; what it returned. */
static int write_from_child(common *c, uint64_t address) {
    dmap__reach reach = {getpid(), &c->gate};
    pid_t child = fork();
    if (child == 0)
        _exit(write_pattern(&reach, address));
    return status_of(child);
}

static void test_arrives(void) {
    common *c = open_common();
    unsigned char *memory = calloc(1, BYTES + 2);
    size_t wrong = 0;
    CU_ASSERT_EQUAL(write_from_child(c, (uint64_t)(uintptr_t)memory + 1), 0);
    for (size_t i = 0; i < BYTES; i++)
        wrong += memory[i + 1] != byte_at(i);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(memory[0] == 0 && memory[BYTES + 1] == 0);
    CU_ASSERT_EQUAL(atomic_load(&c->gate.inside), 0);
    free(memory);
    munmap(c, sizeof *c);
}

static int read_pattern(const dmap__reach *reach, uint64_t address) {
    unsigned char *bytes = calloc(1, BYTES);
    int code = bytes ? dmap__reach_read(reach, address, bytes, BYTES) : ENOMEM;
    for (size_t i = 0; !code && i < BYTES; i++)
        code = bytes[i] != byte_at(i);
    return code;
}

static void test_is_read(void) {
    common *c = open_common();
    unsigned char *memory = malloc(BYTES + 1);
    dmap__reach reach = {getpid(), &c->gate};
    for (size_t i = 0; i < BYTES; i++)
        memory[i + 1] = byte_at(i);
    pid_t child = fork();
    if (child == 0)
        _exit(read_pattern(&reach, (uint64_t)(uintptr_t)memory + 1));
    CU_ASSERT_EQUAL(status_of(child), 0);
    child = fork();
    if (child == 0)
        _exit(read_pattern(&reach, 8));
    CU_ASSERT_EQUAL(status_of(child), EFAULT);
    free(memory);
    munmap(c, sizeof *c);
}

/* Memory that is not there, in whole or in its last part; a process that is no more; a gate that is closed. */
static void test_refused(void) {
    common *c = open_common();
    size_t size = (size_t)4 << 20, part = (size_t)1 << 20;
    unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_FATAL(memory != MAP_FAILED);
    CU_ASSERT_EQUAL(write_from_child(c, 8), EFAULT);
    CU_ASSERT_EQUAL(mprotect(memory + size - part, part, PROT_NONE), 0);
    CU_ASSERT_EQUAL(write_from_child(c, (uint64_t)(uintptr_t)memory + size - BYTES), EFAULT);
    pid_t gone = fork();
    if (gone == 0)
        _exit(0);
    status_of(gone);
    CU_ASSERT_EQUAL(dmap__reach_write(&(dmap__reach){gone, &c->gate}, (uint64_t)(uintptr_t)memory, "x", 1), ESRCH);
    memory[0] = 1;
    CU_ASSERT(dmap__gate_close(&c->gate, MOST_S));
    CU_ASSERT_EQUAL(write_from_child(c, (uint64_t)(uintptr_t)memory), ECANCELED);
    CU_ASSERT_EQUAL(memory[0], 1);
    CU_ASSERT_EQUAL(atomic_load(&c->gate.inside), 0);
    munmap(memory, size);
    munmap(c, sizeof *c);
}

/* Somebody inside is waited for; not for ever, and not one that has died there. */
static void test_waits(void) {
    common *c = open_common();
    atomic_store(&c->gate.writer, getpid());
    atomic_store(&c->gate.inside, 1);
    CU_ASSERT(!dmap__gate_close(&c->gate, 0.01));
    pid_t gone = fork();
    if (gone == 0)
        _exit(0);
    status_of(gone);
    atomic_store(&c->gate.writer, gone);
    CU_ASSERT(dmap__gate_close(&c->gate, MOST_S));
    atomic_store(&c->gate.inside, 0);
    CU_ASSERT(dmap__gate_close(&c->gate, 0));
    munmap(c, sizeof *c);
}

typedef struct writer {
    common *common;
    dmap__reach reach;
    uint64_t address;
} writer;

static void *write_on(void *arg) {
    const writer *w = arg;
    common *c = w->common;
    static _Atomic uint64_t number;
    for (double until = dmap__clock_now() + MOST_S; dmap__clock_now() < until;) {
        uint64_t bytes[64];
        for (size_t i = 0; i < 64; i++)
            bytes[i] = atomic_fetch_add(&number, 1) + 1;
        int code = dmap__reach_write(&w->reach, w->address, bytes, sizeof bytes);
        if (code)
            atomic_store(&c->code, code);
        atomic_fetch_add(code ? &c->refused : &c->written, 1);
    }
    return NULL;
}

static void await(const _Atomic uint64_t *count, uint64_t least) {
    double until = dmap__clock_now() + MOST_S;
    while (atomic_load(count) < least && dmap__clock_now() < until)
        dmap__clock_yield();
    CU_ASSERT(atomic_load(count) >= least);
}

static void be_writers(common *c, pid_t parent, uint64_t address) {
    writer w = {c, {parent, &c->gate}, address};
    pthread_t threads[WRITERS];
    for (int i = 0; i < WRITERS; i++)
        if (pthread_create(&threads[i], NULL, write_on, &w))
            _exit(2);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    _exit(0);
}

/* Writers that never rest: from the moment that the gate is closed the memory stays as it is. */
static void test_closed_is_closed(void) {
    for (unsigned round = unit_rounds(10); round; round--) {
        common *c = open_common();
        volatile uint64_t memory[64] = {0};
        uint64_t seen[64];
        pid_t parent = getpid(), child = fork();
        if (child == 0)
            be_writers(c, parent, (uint64_t)(uintptr_t)memory);
        atomic_store(&c->gate.writer, child);
        await(&c->written, 1 + unit_below(200));
        CU_ASSERT(dmap__gate_close(&c->gate, MOST_S));
        for (size_t i = 0; i < 64; i++)
            seen[i] = memory[i];
        await(&c->refused, 10 * WRITERS);
        for (size_t i = 0; i < 64; i++)
            CU_ASSERT_EQUAL(memory[i], seen[i]);
        CU_ASSERT_EQUAL(atomic_load(&c->code), ECANCELED);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        munmap(c, sizeof *c);
    }
}

int main(void) {
    CU_TestInfo tests[] = {{"arrives", test_arrives},
                           {"is read", test_is_read},
                           {"is refused", test_refused},
                           {"who is inside is waited for", test_waits},
                           {"closed is closed", test_closed_is_closed},
                           CU_TEST_INFO_NULL};
    return unit_run("reach", tests);
}
