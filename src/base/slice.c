#include "base/slice.h"

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHORTEST_NS 100000

/* The rest of what the kernel knows of the thread (its niceness) is given back to it as it was. */
static uint64_t set(uint64_t ns) {
    struct sched_attr attr = {.size = sizeof attr};
    if (syscall(SYS_sched_getattr, 0, &attr, sizeof attr, 0) != 0)
        return 0;
    uint64_t was = attr.sched_runtime;
    bool is_usual = attr.sched_policy == SCHED_NORMAL || attr.sched_policy == SCHED_BATCH;
    attr.sched_runtime = ns;
    return is_usual && was && syscall(SYS_sched_setattr, 0, &attr, 0) == 0 ? was : 0;
}

uint64_t dmap__slice_shorten(void) {
    return set(SHORTEST_NS);
}

void dmap__slice_restore(uint64_t was) {
    if (was)
        set(was);
}
