#include "crew/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cross_memory.h"
#include "base/memory_file.h"

static void *map(int descriptor, size_t size, int protection) {
    void *mapping = mmap(NULL, size, protection, MAP_SHARED, descriptor, 0);
    return mapping == MAP_FAILED ? NULL : mapping;
}

void *dmap__shared_create(const void *data, size_t size, int *descriptor) {
    int fd = dmap__memory_file("dmap-shared", NULL), reason = 0;
    if (fd < 0)
        return NULL;
    do
        reason = dmap__memory_file_reserve(fd, 0, size);
    while (reason == EINTR);
    void *mapping = reason ? NULL : map(fd, size, PROT_READ | PROT_WRITE);
    if (!mapping) {
        reason = reason ? reason : errno;
        close(fd);
        errno = reason;
        return NULL;
    }
    memcpy(mapping, data, size);
    mprotect(mapping, size, PROT_READ);
    *descriptor = fd;
    return mapping;
}

uint64_t dmap__shared_file(int descriptor) {
    struct stat seen;
    return fstat(descriptor, &seen) == 0 ? (uint64_t)seen.st_ino : 0;
}

void *dmap__shared_map(long process, int descriptor, size_t size, uint64_t file, int *kept) {
    int fd = dmap__cross_memory_file(process, descriptor, size, O_RDONLY);
    if (fd < 0)
        return NULL;
    void *mapping = !file || dmap__shared_file(fd) == file ? map(fd, size, PROT_READ) : NULL;
    if (mapping && kept)
        *kept = fd;
    else
        close(fd);
    return mapping;
}

void dmap__shared_destroy(void *mapping, size_t size, int descriptor) {
    if (mapping)
        munmap(mapping, size);
    if (descriptor >= 0)
        close(descriptor);
}
