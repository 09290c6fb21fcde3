/* The stage. Invariant: [head, used) is backed by memory, and only the side whose turn it is raises `used`. Each side
 * has its own word for the size: the process is told when the rank made it smaller, the rank asks the kernel when the
 * process may have made it larger. */
#include "crew/stage.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crew/futex.h"

#define LARGEST   ((size_t)1 << 38) /* addresses asked for at first */
#define SMALLEST  ((size_t)1 << 24) /* addresses without which there is no stage */
#define USUAL     ((size_t)1 << 20) /* memory that is kept between batches */
#define ALIGNMENT 64u

/* Where addresses are limited (ulimit -v), most are left to the program. */
static size_t largest(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur / 16 > LARGEST)
        return LARGEST;
    return limit.rlim_cur / 16 < SMALLEST ? SMALLEST : (size_t)limit.rlim_cur / 16 / SMALLEST * SMALLEST;
}

static bool map(dmap__stage *stage) {
    for (size_t size = largest(); size >= SMALLEST; size /= 2) {
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

/* Memory is allocated now: if it is out, that shows here, not as a SIGBUS in a task. */
static bool grow(dmap__stage *stage, size_t size) {
    if (size > stage->mapped || posix_fallocate(stage->descriptor, 0, (off_t)size))
        return false;
    stage->size = size;
    return true;
}

static uint64_t backed(const dmap__stage *stage) {
    struct stat info;
    return fstat(stage->descriptor, &info) ? 0 : (uint64_t)info.st_size;
}

bool dmap__stage_create(dmap__stage *stage) {
    *stage = (dmap__stage){.descriptor = memfd_create("dmap-stage", MFD_CLOEXEC)};
    if (stage->descriptor >= 0 && map(stage) && grow(stage, sizeof *stage->head)) {
        dmap__stage_clear(stage);
        return true;
    }
    dmap__stage_destroy(stage);
    return false;
}

bool dmap__stage_open(dmap__stage *stage, int descriptor) {
    *stage = (dmap__stage){.descriptor = descriptor};
    return map(stage);
}

void dmap__stage_destroy(dmap__stage *stage) {
    if (stage->head)
        munmap(stage->head, stage->mapped);
    if (stage->descriptor >= 0)
        close(stage->descriptor);
    *stage = (dmap__stage){.descriptor = -1};
}

void dmap__stage_clear(dmap__stage *stage) {
    uint64_t used = atomic_load(&stage->head->used);
    if (used > stage->size)
        stage->size = backed(stage);
    if (used > 64 * USUAL && stage->size > USUAL && ftruncate(stage->descriptor, (off_t)USUAL) == 0)
        stage->size = USUAL;
    atomic_store(&stage->head->used, (sizeof *stage->head + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

bool dmap__stage_look(dmap__stage *stage) {
    stage->size = stage->head->size;
    return stage->size <= stage->mapped;
}

uint64_t dmap__stage_take(dmap__stage *stage, uint64_t size) {
    uint64_t offset = atomic_load(&stage->head->used);
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

/* Once the word is out the stage may be gone: all that is done after that is to wake by its address. */
void dmap__stage_end(dmap__stage *stage) {
    _Atomic uint32_t *turn = &stage->head->turn;
    atomic_store(turn, (uint32_t)DMAP__TURN_ENDED);
    dmap__futex_wake_shared(turn, 1);
}

dmap__turn dmap__stage_wait(dmap__stage *stage, dmap__turn turn, double timeout_s) {
    if (atomic_load(&stage->head->turn) == (uint32_t)turn)
        dmap__futex_wait_shared(&stage->head->turn, (uint32_t)turn, timeout_s);
    return (dmap__turn)atomic_load(&stage->head->turn);
}
