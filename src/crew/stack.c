/* glibc gives a thread the soft limit too, but 2 MB where there is none: programs that want no limit, as those in
 * Fortran do, crash in threads then. What is never touched costs addresses, no memory; but where those are limited, or
 * all of them are counted (vm.overcommit_memory is 2), all stacks together take no more than a part. */
#include "crew/stack.h"

#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#define MUCH  ((size_t)1 << 30)
#define LEAST ((size_t)8 << 20) /* where there is no limit */
#define PART  4                 /* of all that there is: one over this */

static size_t limit(__rlimit_resource_t resource) {
    struct rlimit limit;
    return getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? (size_t)limit.rlim_cur : SIZE_MAX;
}

size_t dmap__stack_usual(int workers) {
    size_t soft = limit(RLIMIT_STACK), addresses = limit(RLIMIT_AS);
    size_t room = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    if (soft != SIZE_MAX)
        return soft;
    room = (addresses < room ? addresses : room) / PART / (size_t)workers;
    return room < LEAST ? LEAST : room < MUCH ? room : MUCH;
}

size_t dmap__stack_round(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), least = (size_t)sysconf(_SC_THREAD_STACK_MIN);
    size = size < least ? least : size;
    return size > SIZE_MAX - page ? size : (size + page - 1) / page * page;
}
