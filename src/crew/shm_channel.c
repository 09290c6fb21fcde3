/* The channel. Invariant: [head, used) is backed by memory, and only the side whose turn it is raises `used`. Each side
 * has its own word for the size: the process is told when the rank gave memory back, the rank asks the kernel when the
 * process may have taken more.
 *
 * Of the addresses, only those that have been backed may be touched: a tool that reads all memory of a process at its
 * end (valgrind) would not come to one in the addresses of all that might be, each page of which is a SIGBUS.
 *
 * The file never becomes shorter, and is sealed so, where the system has that: what the rank maps stays, whatever a
 * task does with the descriptor. Memory is given back by holes. Before either side makes the file longer it looks
 * whether the descriptor is still that of the channel: a task that closes all descriptors and opens a file must not
 * find its file grown. */
#include "crew/shm_channel.h"

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
#include "proc/process_system.h"

#define LARGEST   ((size_t)1 << 38) /* addresses asked for at first */
#define SMALLEST  ((size_t)1 << 24) /* addresses without which there is no channel */
#define USUAL     ((size_t)1 << 20) /* memory that is kept between batches */
#define STEP      ((size_t)1 << 22) /* memory that is made at once */
#define ALIGNMENT 64u
#define HEAD_SIZE ((sizeof(dmap__shm_channel_head) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)
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

/* Where addresses are limited (ulimit -v), a channel takes a small part of those that are left: the program needs some,
 * and so do the channels of the other workers. */
static size_t largest(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY)
        return LARGEST;
    size_t used = addresses(), part = used < limit.rlim_cur ? ((size_t)limit.rlim_cur - used) / 32 : 0;
    return part < SMALLEST ? SMALLEST : part > LARGEST ? LARGEST : part / SMALLEST * SMALLEST;
}

static bool map(dmap__shm_channel *channel, size_t most) {
    for (size_t size = most; size >= SMALLEST; size /= 2) {
        void *memory = mmap(NULL, size, PROT_NONE, MAP_SHARED | MAP_NORESERVE, channel->descriptor, 0);
        if (memory == MAP_FAILED)
            continue;
        madvise(memory, size, MADV_DONTDUMP);
        channel->head = memory;
        channel->mapped = size;
        return true;
    }
    return false;
}

/* Bytes up to `size` are backed: they may be touched. */
static bool open_up(dmap__shm_channel *channel, uint64_t size) {
    size_t end = (size_t)((size + PAGE - 1) / PAGE * PAGE);
    if (size <= channel->reach)
        return true;
    if (size > channel->mapped ||
        mprotect((unsigned char *)channel->head + channel->reach, end - channel->reach, PROT_READ | PROT_WRITE)) {
        channel->reason = ENOMEM;
        return false;
    }
    channel->reach = end;
    return true;
}

bool dmap__shm_channel_has_descriptor(const dmap__shm_channel *channel) {
    struct stat info;
    return fstat(channel->descriptor, &info) == 0 && info.st_dev == channel->device && info.st_ino == channel->file;
}

static bool note_descriptor(dmap__shm_channel *channel) {
    struct stat info;
    if (fstat(channel->descriptor, &info))
        return false;
    channel->device = info.st_dev;
    channel->file = info.st_ino;
    return true;
}

/* Memory is allocated now: if it is out, that shows here, not as a SIGBUS in a task. By steps, as a signal (a task may
 * have a timer) undoes what was allocated in one. */
static bool grow(dmap__shm_channel *channel, size_t size) {
    if (size > channel->mapped || !dmap__shm_channel_has_descriptor(channel))
        return false;
    while (channel->size < size) {
        size_t step = size - channel->size < STEP ? size - channel->size : STEP;
        int reason = dmap__memory_file_reserve(channel->descriptor, channel->size, step);
        if (reason && reason != EINTR) {
            errno = channel->reason = reason;
            return false;
        }
        channel->size += reason ? 0 : step;
    }
    return open_up(channel, channel->size);
}

static uint64_t backed(const dmap__shm_channel *channel) {
    struct stat info;
    return fstat(channel->descriptor, &info) ? 0 : (uint64_t)info.st_size;
}

bool dmap__shm_channel_create(dmap__shm_channel *channel) {
    bool can_seal;
    *channel = (dmap__shm_channel){.descriptor = dmap__memory_file(DMAP__SHM_CHANNEL_NAME, &can_seal)};
    if (channel->descriptor >= 0 && note_descriptor(channel) && map(channel, largest()) &&
        grow(channel, sizeof *channel->head) &&
        (!can_seal || fcntl(channel->descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL) == 0)) {
        channel->head->mapped = channel->mapped;
        dmap__shm_channel_clear(channel);
        return true;
    }
    dmap__shm_channel_destroy(channel);
    return false;
}

bool dmap__shm_channel_open(dmap__shm_channel *channel, int descriptor) {
    uint64_t mapped;
    *channel = (dmap__shm_channel){.descriptor = descriptor};
    return pread(descriptor, &mapped, sizeof mapped, offsetof(dmap__shm_channel_head, mapped)) ==
               (ssize_t)sizeof mapped &&
           note_descriptor(channel) && map(channel, (size_t)mapped) && open_up(channel, backed(channel));
}

void dmap__shm_channel_destroy(dmap__shm_channel *channel) {
    if (channel->head)
        munmap(channel->head, channel->mapped);
    dmap__close_one(&channel->descriptor);
    *channel = (dmap__shm_channel){.descriptor = -1};
}

/* Gives back what lies beyond `kept` bytes, whoever made it. */
static void give_back(dmap__shm_channel *channel, uint64_t kept) {
    uint64_t end = backed(channel);
    if (end > kept &&
        fallocate(channel->descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)kept, (off_t)(end - kept)) ==
            0 &&
        channel->size > kept)
        channel->size = kept;
}

/* Forgets what was taken; returns how much that was. The process may have made the channel larger for it. */
static uint64_t forget(dmap__shm_channel *channel) {
    uint64_t used = atomic_load(&channel->head->used);
    if (used > channel->size) {
        uint64_t end = backed(channel), size = used < end ? used : end;
        channel->size = open_up(channel, size) ? size : channel->size;
    }
    atomic_store(&channel->head->used, HEAD_SIZE);
    return used;
}

void dmap__shm_channel_clear(dmap__shm_channel *channel) {
    uint64_t used = forget(channel);
    if (channel->size > 64 * USUAL && used < channel->size / 4)
        give_back(channel, USUAL);
}

void dmap__shm_channel_trim(dmap__shm_channel *channel, uint64_t bytes) {
    uint64_t kept = bytes / PAGE * PAGE;
    kept = kept < LEAST ? LEAST : kept;
    forget(channel);
    if (channel->size > kept)
        give_back(channel, kept);
}

bool dmap__shm_channel_look(dmap__shm_channel *channel) {
    channel->size = channel->head->size;
    return channel->size <= channel->mapped && open_up(channel, channel->size);
}

uint64_t dmap__shm_channel_take(dmap__shm_channel *channel, uint64_t size) {
    uint64_t offset = atomic_load(&channel->head->used);
    channel->reason = ENOMEM;
    if (offset > channel->mapped || size > channel->mapped - offset)
        return 0;
    uint64_t end = (offset + size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (end > channel->size && !grow(channel, end + end / 2 < channel->mapped ? end + end / 2 : end) &&
        !grow(channel, end))
        return 0;
    atomic_store(&channel->head->used, end);
    return offset;
}

bool dmap__shm_channel_holds(dmap__shm_channel *channel, uint64_t offset, uint64_t size) {
    if (offset < sizeof *channel->head || offset > channel->mapped || size > channel->mapped - offset)
        return false;
    return (offset + size <= channel->size || offset + size <= backed(channel)) && open_up(channel, offset + size);
}

bool dmap__shm_channel_pass(dmap__shm_channel *channel, dmap__owner from, dmap__owner to) {
    uint32_t turn = (uint32_t)from;
    if (!atomic_compare_exchange_strong(&channel->head->owner, &turn, (uint32_t)to))
        return false;
    dmap__futex_wake_shared(&channel->head->owner, 1);
    return true;
}

void dmap__shm_channel_end(dmap__shm_channel *channel) {
    atomic_store(&channel->head->owner, (uint32_t)DMAP__OWNER_ENDED);
    dmap__futex_wake_shared(&channel->head->owner, 1);
}

/* A turn that comes back within some microseconds is cheaper to look for than to sleep for. Not so where both sides
 * have the same core, as they do by default: there the one that looks keeps the other from running. */
static void look_for_a_while(const dmap__shm_channel *channel, dmap__owner turn) {
    double until = dmap__clock_now() + SPIN_S;
    while (atomic_load(&channel->head->owner) == (uint32_t)turn && dmap__clock_now() < until)
        continue;
}

dmap__owner dmap__shm_channel_wait(dmap__shm_channel *channel, dmap__owner turn, double timeout_s) {
    if (channel->head->spins)
        look_for_a_while(channel, turn);
    if (atomic_load(&channel->head->owner) == (uint32_t)turn)
        dmap__futex_wait_shared(&channel->head->owner, (uint32_t)turn, timeout_s);
    return (dmap__owner)atomic_load(&channel->head->owner);
}
