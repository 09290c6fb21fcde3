/* The pages have no name: they end with the last rank that maps them. The others find them by process and descriptor,
 * and make sure by the mark, as what they see under that number may be another process of another container. */
#include "net/bells.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct pages {
    _Alignas(64) uint64_t mark;
    dmap__bell bells[];
} pages;

static size_t size_for(const dmap__host_place *place) {
    return sizeof(pages) + (size_t)place->size * sizeof(dmap__bell);
}

static bool map(dmap__bells *bells, int descriptor, size_t size) {
    void *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (mapping == MAP_FAILED)
        return false;
    bells->pages = mapping;
    bells->size = size;
    return true;
}

static void unmap(dmap__bells *bells) {
    if (bells->pages)
        munmap(bells->pages, bells->size);
    bells->pages = NULL;
}

void dmap__bells_init(dmap__bells *bells, const dmap__host_place *place, dmap__bells_offer *offer) {
    size_t size = size_for(place);
    *bells = (dmap__bells){.descriptor = -1};
    *offer = (dmap__bells_offer){.descriptor = -1};
    dmap__bell_init(&bells->own, false);
    if (place->size == 1 || place->rank > 0)
        return;
    bells->descriptor = memfd_create("dmap-bells", MFD_CLOEXEC);
    if (bells->descriptor < 0 || posix_fallocate(bells->descriptor, 0, (off_t)size) ||
        !map(bells, bells->descriptor, size) ||
        getrandom(&offer->mark, sizeof offer->mark, 0) != (ssize_t)sizeof offer->mark)
        return;
    pages *made = bells->pages;
    made->mark = offer->mark;
    for (int i = 0; i < place->size; i++)
        dmap__bell_init(&made->bells[i], true);
    offer->process = getpid();
    offer->descriptor = bells->descriptor;
}

static void find(dmap__bells *bells, const dmap__bells_offer *offer, size_t size) {
    char path[64];
    struct stat seen;
    snprintf(path, sizeof path, "/proc/%ld/fd/%d", offer->process, offer->descriptor);
    if (stat(path, &seen) != 0 || !S_ISREG(seen.st_mode) || seen.st_size != (off_t)size)
        return;
    int descriptor = open(path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0)
        return;
    map(bells, descriptor, size);
    close(descriptor);
    if (bells->pages && ((const pages *)bells->pages)->mark != offer->mark)
        unmap(bells);
}

bool dmap__bells_accept(dmap__bells *bells, const dmap__host_place *place, const dmap__bells_offer *offer) {
    if (offer->descriptor >= 0 && place->rank > 0)
        find(bells, offer, size_for(place));
    if (offer->descriptor >= 0 && bells->pages)
        bells->shared = ((pages *)bells->pages)->bells;
    return bells->shared != NULL;
}

void dmap__bells_end_offer(dmap__bells *bells) {
    if (bells->descriptor >= 0)
        close(bells->descriptor);
    bells->descriptor = -1;
}

void dmap__bells_fini(dmap__bells *bells) {
    dmap__bells_end_offer(bells);
    unmap(bells);
    bells->shared = NULL;
}
