#include "crew/shared.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *map(int descriptor, size_t size, int protection) {
    void *mapping = mmap(NULL, size, protection, MAP_SHARED, descriptor, 0);
    return mapping == MAP_FAILED ? NULL : mapping;
}

void *dmap__shared_create(const void *data, size_t size, int *descriptor) {
    int fd = memfd_create("dmap-shared", MFD_CLOEXEC);
    if (fd < 0)
        return NULL;
    /* Allocated now: memory that is out shows here, not as a SIGBUS later. */
    void *mapping = posix_fallocate(fd, 0, (off_t)size) ? NULL : map(fd, size, PROT_READ | PROT_WRITE);
    if (!mapping) {
        close(fd);
        return NULL;
    }
    memcpy(mapping, data, size);
    mprotect(mapping, size, PROT_READ);
    *descriptor = fd;
    return mapping;
}

void *dmap__shared_map(long process, int descriptor, size_t size) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/fd/%d", process, descriptor);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    void *mapping = map(fd, size, PROT_READ);
    close(fd);
    return mapping;
}

void dmap__shared_destroy(void *mapping, size_t size, int descriptor) {
    if (mapping)
        munmap(mapping, size);
    if (descriptor >= 0)
        close(descriptor);
}
