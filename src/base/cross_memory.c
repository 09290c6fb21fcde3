/* Writes go through a gate. Invariant: `inside` is raised before `is_closed` is read, and `is_closed` is set before
 * `inside` is read, each in the one order of all (seq_cst): so either the writer sees that the gate is closed, or who
 * closes it sees the writer. One that dies inside leaves its number there: that it is gone is asked of the system. */
#include "base/cross_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "base/clock.h"

#define LOOK_S 100e-6

/* function: process_vm_writev, or _readv: the system takes at most 2 GiB at a time. */
static int move_all(const dmap__cross_memory *reach, uint64_t address, void *bytes, size_t size,
                    ssize_t (*function)(pid_t, const struct iovec *, unsigned long, const struct iovec *, unsigned long,
                                        unsigned long)) {
    struct iovec here = {bytes, size}, there = {(void *)(uintptr_t)address, size};
    while (here.iov_len > 0) {
        ssize_t n = function((pid_t)reach->process, &here, 1, &there, 1, 0);
        if (n <= 0)
            return n < 0 ? errno : EFAULT;
        here.iov_base = (char *)here.iov_base + n;
        there.iov_base = (char *)there.iov_base + n;
        here.iov_len = there.iov_len = here.iov_len - (size_t)n;
    }
    return 0;
}

int dmap__cross_memory_read(const dmap__cross_memory *reach, uint64_t address, void *bytes, size_t size) {
    return move_all(reach, address, bytes, size, process_vm_readv);
}

int dmap__cross_memory_write(const dmap__cross_memory *reach, uint64_t address, const void *bytes, size_t size) {
    atomic_fetch_add(&reach->gate->inside, 1);
    int code = atomic_load(&reach->gate->is_closed) ? ECANCELED
                                                    : move_all(reach, address, (void *)bytes, size, process_vm_writev);
    atomic_fetch_sub(&reach->gate->inside, 1);
    return code;
}

int dmap__cross_memory_file(int64_t process, int descriptor, size_t size, int flags) {
    char path[64];
    struct stat seen;
    snprintf(path, sizeof path, "/proc/%lld/fd/%d", (long long)process, descriptor);
    if (stat(path, &seen) != 0 || !S_ISREG(seen.st_mode) || seen.st_size != (off_t)size)
        return -1;
    return open(path, flags | O_CLOEXEC);
}

static bool is_gone(const dmap__gate *gate) {
    return kill((pid_t)atomic_load(&gate->writer), 0) != 0 && errno == ESRCH;
}

bool dmap__gate_close(dmap__gate *gate, double timeout_s) {
    double until = dmap__clock_now() + timeout_s;
    atomic_store(&gate->is_closed, 1);
    while (atomic_load(&gate->inside) > 0) {
        if (is_gone(gate))
            return true;
        if (dmap__clock_now() > until)
            return false;
        dmap__clock_sleep(LOOK_S);
    }
    return true;
}
