/* The pages have no name: they end with the last rank that maps them. The others find them by process and descriptor,
 * and make sure by the mark, as what they see under that number may be another process of another container. Whether
 * a rank may write to the memory of the first shows by its doing so, once: the rules for that are the system's. */
#include "net/neighbours.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory_file.h"

#define CLOSE_S 10 /* a write takes milliseconds, unless its process was stopped within it */

typedef struct pages {
    _Alignas(64) uint64_t mark;
    _Alignas(64) unsigned char both[]; /* bells, and then gates */
} pages;

static size_t size_for(const dmap__host_place *place) {
    return sizeof(pages) + (size_t)place->size * (sizeof(dmap__bell) + sizeof(dmap__gate));
}

static bool map(dmap__neighbours *neighbours, int descriptor, size_t size) {
    void *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (mapping == MAP_FAILED)
        return false;
    neighbours->pages = mapping;
    neighbours->size = size;
    return true;
}

static void unmap(dmap__neighbours *neighbours) {
    if (neighbours->pages)
        munmap(neighbours->pages, neighbours->size);
    neighbours->pages = NULL;
}

void dmap__neighbours_init(dmap__neighbours *neighbours, const dmap__host_place *place, dmap__neighbours_offer *offer) {
    size_t size = size_for(place);
    *neighbours = (dmap__neighbours){.descriptor = -1, .n = place->size};
    *offer = (dmap__neighbours_offer){.descriptor = -1};
    dmap__bell_init(&neighbours->own, false);
    if (place->size == 1 || place->rank > 0)
        return;
    neighbours->is_first = true;
    neighbours->descriptor = dmap__memory_file("dmap-neighbours", NULL);
    if (neighbours->descriptor < 0 || dmap__memory_file_reserve(neighbours->descriptor, 0, size) ||
        !map(neighbours, neighbours->descriptor, size) ||
        getrandom(&offer->mark, sizeof offer->mark, 0) != (ssize_t)sizeof offer->mark)
        return;
    pages *made = neighbours->pages;
    made->mark = offer->mark;
    for (int i = 0; i < place->size; i++)
        dmap__bell_init(&((dmap__bell *)(void *)made->both)[i], true);
    offer->process = getpid();
    offer->descriptor = neighbours->descriptor;
    offer->probe = (uint64_t)(uintptr_t)&neighbours->probe;
    offer->pages = (uint64_t)(uintptr_t)made;
}

static void find(dmap__neighbours *neighbours, const dmap__neighbours_offer *offer, size_t size) {
    int descriptor = dmap__reach_file(offer->process, offer->descriptor, size, O_RDWR);
    if (descriptor < 0)
        return;
    map(neighbours, descriptor, size);
    close(descriptor);
    if (neighbours->pages && ((const pages *)neighbours->pages)->mark != offer->mark)
        unmap(neighbours);
}

/* The number of a process means the same in /proc and to system calls, unless that /proc is another container's: so
 * nothing is written before the mark was read where it should be. */
static bool reach(dmap__neighbours *neighbours, const dmap__host_place *place, const dmap__neighbours_offer *offer) {
    dmap__reach there = {offer->process, &neighbours->gates[place->rank]};
    uint64_t mark = 0;
    if (dmap__reach_read(&there, offer->pages, &mark, sizeof mark) || mark != offer->mark)
        return false;
    atomic_store(&there.gate->writer, getpid());
    if (dmap__reach_write(&there, offer->probe, &offer->mark, sizeof offer->mark))
        return false;
    neighbours->reach = there;
    return true;
}

dmap__neighbours_reached dmap__neighbours_accept(dmap__neighbours *neighbours, const dmap__host_place *place,
                                                 const dmap__neighbours_offer *offer) {
    dmap__neighbours_reached reached = {false, false};
    if (offer->descriptor >= 0 && place->rank > 0)
        find(neighbours, offer, size_for(place));
    if (offer->descriptor < 0 || !neighbours->pages)
        return reached;
    unsigned char *both = ((pages *)neighbours->pages)->both;
    neighbours->bells = (dmap__bell *)(void *)both;
    neighbours->gates = (dmap__gate *)(void *)(both + (size_t)place->size * sizeof(dmap__bell));
    reached.pages = true;
    reached.memory = place->rank > 0 && reach(neighbours, place, offer);
    return reached;
}

void dmap__neighbours_end_offer(dmap__neighbours *neighbours) {
    if (neighbours->descriptor >= 0)
        close(neighbours->descriptor);
    neighbours->descriptor = -1;
}

bool dmap__neighbours_was_written(const dmap__neighbours *neighbours) {
    const volatile uint64_t *probe = &neighbours->probe; /* written behind the compiler's back */
    return neighbours->pages && *probe == ((const pages *)neighbours->pages)->mark;
}

static void close_until(dmap__neighbours *neighbours, double until) {
    for (int i = 0; i < neighbours->n; i++)
        dmap__gate_close(&neighbours->gates[i], until - dmap__clock_now());
}

/* All are closed before one is waited for, and who was waited for once is not again. */
void dmap__neighbours_close_gates(dmap__neighbours *neighbours) {
    if (!neighbours->is_first || !neighbours->gates || neighbours->are_closed)
        return;
    neighbours->are_closed = true;
    double now = dmap__clock_now();
    close_until(neighbours, now);
    close_until(neighbours, now + CLOSE_S);
}

void dmap__neighbours_fini(dmap__neighbours *neighbours) {
    dmap__neighbours_close_gates(neighbours);
    dmap__neighbours_end_offer(neighbours);
    unmap(neighbours);
    neighbours->bells = NULL;
    neighbours->gates = NULL;
    neighbours->reach = (dmap__reach){0};
}
