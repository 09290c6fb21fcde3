/* The stage. Invariant: [head, used) is backed by memory, and only the side whose turn it is raises `used`. Each side
 * has its own word for the size: the process is told when the rank gave memory back, the rank asks the kernel when the
 * process may have taken more.
 *
 * The file never becomes shorter, and is sealed so, where the system has that: what the rank maps stays, whatever a
 * task does with the descriptor. Memory is given back by holes. Before either side makes the file longer it looks
 * whether the descriptor is still that of the stage: a task that closes all descriptors and opens a file must not find
 * its file grown. */
#include "crew/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/futex.h"
#include "base/memory_file.h"
#include "crew/process_system.h"

#define LARGEST   ((size_t)1 << 38) /* addresses asked for at first */
#define SMALLEST  ((size_t)1 << 24) /* addresses without which there is no stage */
#define USUAL     ((size_t)1 << 20) /* memory that is kept between batches */
#define STEP      ((size_t)1 << 22) /* memory that is made at once */
#define ALIGNMENT 64u
#define HEAD_SIZE ((sizeof(dmap__stage_head) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)
#define LEAST     ((uint64_t)64 << 10) /* memory that is kept between calls, whatever else is, */
#define PAGE      ((uint64_t)64 << 10) /* in whole pages, of any system */
#define SPIN_S    20e-6

/* Bytes of addresses that this process has; 0 if that cannot be read. */
static size_t addresses(void) {
    uint64_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%" SCNu64, &pages) != 1)
        pages = 0;
    fclose(file);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Where addresses are limited (ulimit -v), a stage takes a small part of those that are left: the program needs some,
 * and so do the stages of the other workers. */
static size_t largest(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY)
        return LARGEST;
    size_t used = addresses(), part = used < limit.rlim_cur ? ((size_t)limit.rlim_cur - used) / 32 : 0;
    return part < SMALLEST ? SMALLEST : part > LARGEST ? LARGEST : part / SMALLEST * SMALLEST;
}

static bool map(dmap__stage *stage, size_t most) {
    for (size_t size = most; size >= SMALLEST; size /= 2) {
        void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, stage->descriptor, 0);
        if (memory == MAP_FAILED)
            continue;
        madvise(memory, size, MADV_DONTDUMP);
        stage->head = memory;
        stage->mapped = size;
        return true;
    }
    return false;
}

bool dmap__stage_has_descriptor(const dmap__stage *stage) {
    struct stat info;
    return fstat(stage->descriptor, &info) == 0 && info.st_dev == stage->device && info.st_ino == stage->file;
}

static bool note_descriptor(dmap__stage *stage) {
    struct stat info;
    if (fstat(stage->descriptor, &info))
        return false;
    stage->device = info.st_dev;
    stage->file = info.st_ino;
    return true;
}

/* Memory is allocated now: if it is out, that shows here, not as a SIGBUS in a task. By steps, as a signal (a task may
 * have a timer) undoes what was allocated in one. */
static bool grow(dmap__stage *stage, size_t size) {
    if (size > stage->mapped || !dmap__stage_has_descriptor(stage))
        return false;
    while (stage->size < size) {
        size_t step = size - stage->size < STEP ? size - stage->size : STEP;
        int reason = dmap__memory_file_reserve(stage->descriptor, stage->size, step);
        if (reason && reason != EINTR) {
            errno = stage->reason = reason;
            return false;
        }
        stage->size += reason ? 0 : step;
    }
    return true;
}

static uint64_t backed(const dmap__stage *stage) {
    struct stat info;
    return fstat(stage->descriptor, &info) ? 0 : (uint64_t)info.st_size;
}

bool dmap__stage_create(dmap__stage *stage) {
    bool can_seal;
    *stage = (dmap__stage){.descriptor = dmap__memory_file("dmap-stage", &can_seal)};
    if (stage->descriptor >= 0 && note_descriptor(stage) && map(stage, largest()) && grow(stage, sizeof *stage->head) &&
        (!can_seal || fcntl(stage->descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL) == 0)) {
        stage->head->mapped = stage->mapped;
        dmap__stage_clear(stage);
        return true;
    }
    dmap__stage_destroy(stage);
    return false;
}

bool dmap__stage_open(dmap__stage *stage, int descriptor) {
    uint64_t mapped;
    *stage = (dmap__stage){.descriptor = descriptor};
    return pread(descriptor, &mapped, sizeof mapped, offsetof(dmap__stage_head, mapped)) == (ssize_t)sizeof mapped &&
           note_descriptor(stage) && map(stage, (size_t)mapped);
}

void dmap__stage_destroy(dmap__stage *stage) {
    if (stage->head)
        munmap(stage->head, stage->mapped);
    dmap__close_one(&stage->descriptor);
    *stage = (dmap__stage){.descriptor = -1};
}

/* Gives back what lies beyond `kept` bytes, whoever made it. */
static void give_back(dmap__stage *stage, uint64_t kept) {
    uint64_t end = backed(stage);
    if (end > kept &&
        fallocate(stage->descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)kept, (off_t)(end - kept)) ==
            0 &&
        stage->size > kept)
        stage->size = kept;
}

/* Forgets what was taken; returns how much that was. The process may have made the stage larger for it. */
static uint64_t forget(dmap__stage *stage) {
    uint64_t used = atomic_load(&stage->head->used);
    if (used > stage->size) {
        uint64_t end = backed(stage);
        stage->size = used < end ? used : end;
    }
    atomic_store(&stage->head->used, HEAD_SIZE);
    return used;
}

void dmap__stage_clear(dmap__stage *stage) {
    uint64_t used = forget(stage);
    if (stage->size > 64 * USUAL && used < stage->size / 4)
        give_back(stage, USUAL);
}

void dmap__stage_trim(dmap__stage *stage, uint64_t bytes) {
    uint64_t kept = bytes / PAGE * PAGE;
    kept = kept < LEAST ? LEAST : kept;
    forget(stage);
    if (stage->size > kept)
        give_back(stage, kept);
}

bool dmap__stage_look(dmap__stage *stage) {
    stage->size = stage->head->size;
    return stage->size <= stage->mapped;
}

uint64_t dmap__stage_take(dmap__stage *stage, uint64_t size) {
    uint64_t offset = atomic_load(&stage->head->used);
    stage->reason = ENOMEM;
    if (offset > stage->mapped || size > stage->mapped - offset)
        return 0;
    uint64_t end = (offset + size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (end > stage->size && !grow(stage, end + end / 2 < stage->mapped ? end + end / 2 : end) && !grow(stage, end))
        return 0;
    atomic_store(&stage->head->used, end);
    return offset;
}

bool dmap__stage_holds(dmap__stage *stage, uint64_t offset, uint64_t size) {
    if (offset < sizeof *stage->head || offset > stage->mapped || size > stage->mapped - offset)
        return false;
    return offset + size <= stage->size || offset + size <= backed(stage);
}

bool dmap__stage_pass(dmap__stage *stage, dmap__turn from, dmap__turn to) {
    uint32_t turn = (uint32_t)from;
    if (!atomic_compare_exchange_strong(&stage->head->turn, &turn, (uint32_t)to))
        return false;
    dmap__futex_wake_shared(&stage->head->turn, 1);
    return true;
}

void dmap__stage_end(dmap__stage *stage) {
    atomic_store(&stage->head->turn, (uint32_t)DMAP__TURN_ENDED);
    dmap__futex_wake_shared(&stage->head->turn, 1);
}

/* A turn that comes back within some microseconds is cheaper to look for than to sleep for. Not so where both sides
 * have the same core, as they do by default: there the one that looks keeps the other from running. */
static void look_for_a_while(const dmap__stage *stage, dmap__turn turn) {
    double until = dmap__clock_now() + SPIN_S;
    while (atomic_load(&stage->head->turn) == (uint32_t)turn && dmap__clock_now() < until)
        continue;
}

dmap__turn dmap__stage_wait(dmap__stage *stage, dmap__turn turn, double timeout_s) {
    if (stage->head->spins)
        look_for_a_while(stage, turn);
    if (atomic_load(&stage->head->turn) == (uint32_t)turn)
        dmap__futex_wait_shared(&stage->head->turn, (uint32_t)turn, timeout_s);
    return (dmap__turn)atomic_load(&stage->head->turn);
}
