#include "base/memory.h"

#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE  ((size_t)2 << 20)
#define HUGE_BYTES (2 * HUGE_PAGE) /* from here on memory is worth huge pages */

bool dmap__memory_grow(void *items, size_t *capacity, size_t count, size_t element_size) {
    if (count <= *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * 2 : 8;
    if (wanted < count)
        wanted = count;
    if (wanted > SIZE_MAX / 2 / element_size)
        return false;
    void **place = items;
    void *larger = realloc(*place, wanted * element_size);
    if (!larger)
        return false;
    *place = larger;
    *capacity = wanted;
    return true;
}

void *dmap__memory_array(uint64_t count, size_t size) {
    if (size && count > (uint64_t)(SIZE_MAX / 2) / size)
        return NULL;
    size_t bytes = (size_t)count * size;
    return malloc(bytes ? bytes : 1);
}

void *dmap__memory_large(size_t size) {
    void *memory = NULL;
    if (size < HUGE_BYTES)
        return malloc(size ? size : 1);
    if (posix_memalign(&memory, HUGE_PAGE, size))
        return NULL;
    madvise(memory, size, MADV_HUGEPAGE);
    return memory;
}

void *dmap__memory_lasting(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

size_t dmap__memory_pad(size_t size) {
    if (size > SIZE_MAX - DMAP__ALIGNMENT)
        return 0;
    return (size + DMAP__ALIGNMENT - 1) & ~(DMAP__ALIGNMENT - 1);
}
