/* The pages have no name: they end with the last rank that maps them. The others find them by process and descriptor,
 * and make sure by the mark, as what they see under that number may be another process of another container. Whether
 * a rank may write to the memory of the first shows by its doing so, once: the rules for that are the system's. */
#include "net/node_shm.h"

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

static bool map(dmap__node_shm *node, int descriptor, size_t size) {
    void *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (mapping == MAP_FAILED)
        return false;
    node->pages = mapping;
    node->size = size;
    return true;
}

static void unmap(dmap__node_shm *node) {
    if (node->pages)
        munmap(node->pages, node->size);
    node->pages = NULL;
}

void dmap__node_shm_init(dmap__node_shm *node, const dmap__host_place *place, dmap__node_shm_offer *offer) {
    size_t size = size_for(place);
    *node = (dmap__node_shm){.descriptor = -1, .n = place->size};
    *offer = (dmap__node_shm_offer){.descriptor = -1};
    dmap__bell_init(&node->own, false);
    if (place->size == 1 || place->rank > 0)
        return;
    node->is_first = true;
    node->descriptor = dmap__memory_file("dmap-node", NULL);
    if (node->descriptor < 0 || dmap__memory_file_reserve(node->descriptor, 0, size) ||
        !map(node, node->descriptor, size) ||
        getrandom(&offer->mark, sizeof offer->mark, 0) != (ssize_t)sizeof offer->mark)
        return;
    pages *made = node->pages;
    made->mark = offer->mark;
    for (int i = 0; i < place->size; i++)
        dmap__bell_init(&((dmap__bell *)(void *)made->both)[i], true);
    offer->process = getpid();
    offer->descriptor = node->descriptor;
    offer->probe = (uint64_t)(uintptr_t)&node->probe;
    offer->pages = (uint64_t)(uintptr_t)made;
}

static void find(dmap__node_shm *node, const dmap__node_shm_offer *offer, size_t size) {
    int descriptor = dmap__cross_memory_file(offer->process, offer->descriptor, size, O_RDWR);
    if (descriptor < 0)
        return;
    map(node, descriptor, size);
    close(descriptor);
    if (node->pages && ((const pages *)node->pages)->mark != offer->mark)
        unmap(node);
}

/* The number of a process means the same in /proc and to system calls, unless that /proc is another container's: so
 * nothing is written before the mark was read where it should be. */
static bool reach(dmap__node_shm *node, const dmap__host_place *place, const dmap__node_shm_offer *offer) {
    dmap__cross_memory there = {offer->process, &node->gates[place->rank]};
    uint64_t mark = 0;
    if (dmap__cross_memory_read(&there, offer->pages, &mark, sizeof mark) || mark != offer->mark)
        return false;
    atomic_store(&there.gate->writer, getpid());
    if (dmap__cross_memory_write(&there, offer->probe, &offer->mark, sizeof offer->mark))
        return false;
    node->reach = there;
    return true;
}

dmap__node_shm_reached dmap__node_shm_accept(dmap__node_shm *node, const dmap__host_place *place,
                                             const dmap__node_shm_offer *offer) {
    dmap__node_shm_reached reached = {.pages = false};
    if (offer->descriptor >= 0 && place->rank > 0)
        find(node, offer, size_for(place));
    if (offer->descriptor < 0 || !node->pages)
        return reached;
    unsigned char *both = ((pages *)node->pages)->both;
    node->bells = (dmap__bell *)(void *)both;
    node->gates = (dmap__gate *)(void *)(both + (size_t)place->size * sizeof(dmap__bell));
    reached.pages = true;
    reached.process = getpid();
    reached.memory = place->rank > 0 && reach(node, place, offer);
    return reached;
}

void dmap__node_shm_end_offer(dmap__node_shm *node) {
    if (node->descriptor >= 0)
        close(node->descriptor);
    node->descriptor = -1;
}

bool dmap__node_shm_was_written(const dmap__node_shm *node) {
    const volatile uint64_t *probe = &node->probe; /* written behind the compiler's back */
    return node->pages && *probe == ((const pages *)node->pages)->mark;
}

bool dmap__node_shm_close_gate(dmap__node_shm *node, int place, double timeout_s) {
    return !node->is_first || !node->gates || dmap__gate_close(&node->gates[place], timeout_s);
}

static void close_until(dmap__node_shm *node, double until) {
    for (int i = 0; i < node->n; i++)
        dmap__gate_close(&node->gates[i], until - dmap__clock_now());
}

/* All are closed before one is waited for, and who was waited for once is not again. */
void dmap__node_shm_close_gates(dmap__node_shm *node) {
    if (!node->is_first || !node->gates || node->are_closed)
        return;
    node->are_closed = true;
    double now = dmap__clock_now();
    close_until(node, now);
    close_until(node, now + CLOSE_S);
}

void dmap__node_shm_fini(dmap__node_shm *node) {
    dmap__node_shm_close_gates(node);
    dmap__node_shm_end_offer(node);
    unmap(node);
    node->bells = NULL;
    node->gates = NULL;
    node->reach = (dmap__cross_memory){0};
}
