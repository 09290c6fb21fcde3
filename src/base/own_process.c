/* The number is kept in a page that the kernel wipes in a process that is forked, however that was done: a handler of
 * pthread_atfork is not run for every one. Where the kernel cannot, it is asked each time. */
#include "base/own_process.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic pid_t none; /* in place of a page */
static _Atomic(_Atomic pid_t *) kept;

static _Atomic pid_t *make_page(size_t size) {
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return &none;
    if (madvise(page, size, MADV_WIPEONFORK) == 0)
        return page;
    munmap(page, size);
    return &none;
}

/* Of several threads that make one, the first keeps its. */
static _Atomic pid_t *keep_page(void) {
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    _Atomic pid_t *page = make_page(size), *first = NULL;
    if (atomic_compare_exchange_strong(&kept, &first, page))
        return page;
    if (page != &none)
        munmap((void *)page, size);
    return first;
}

pid_t dmap__own_process(void) {
    _Atomic pid_t *page = atomic_load_explicit(&kept, memory_order_acquire);
    if (!page)
        page = keep_page();
    pid_t process = page == &none ? 0 : atomic_load_explicit(page, memory_order_relaxed);
    if (process)
        return process;
    process = getpid();
    if (page != &none)
        atomic_store_explicit(page, process, memory_order_relaxed);
    return process;
}
