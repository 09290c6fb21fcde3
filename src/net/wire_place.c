/* Places in a message: for each worker a head of fixed size, then its two texts, without zeros at their ends. Texts are
 * short as a rule and their room is not, so a place takes about a hundred bytes of what the public struct has. As
 * everywhere, a reader trusts no number. */
#include <stdlib.h>
#include <string.h>

#include "net/wire.h"

typedef struct head {
    int32_t core, pu, numa, socket;
    uint16_t cpus_size, why_size;
    uint32_t shared;
} head;

_Static_assert(sizeof(head) == 24, "no holes: it travels as it is");

bool dmap__wire_pack_places(const dmap_place *places, int n, dmap__packed *packed) {
    size_t size = 0;
    for (int i = 0; i < n; i++)
        size += sizeof(head) + strlen(places[i].cpus) + strlen(places[i].why);
    unsigned char *next = malloc(size ? size : 1);
    *packed = (dmap__packed){.meta = next, .meta_size = next ? size : 0};
    for (int i = 0; next && i < n; i++) {
        const dmap_place *p = &places[i];
        head h = {p->core, p->pu, p->numa, p->socket, (uint16_t)strlen(p->cpus), (uint16_t)strlen(p->why), p->shared};
        memcpy(next, &h, sizeof h);
        next += sizeof h;
        memcpy(next, p->cpus, h.cpus_size);
        next += h.cpus_size;
        memcpy(next, p->why, h.why_size);
        next += h.why_size;
    }
    return packed->meta != NULL;
}

/* Reads the head at *at and passes over the place. Returns false if there is no whole, sound one. */
static bool get_head(dmap_blob meta, size_t *at, head *h) {
    if (meta.size - *at < sizeof *h)
        return false;
    memcpy(h, (const unsigned char *)meta.data + *at, sizeof *h);
    size_t texts = (size_t)h->cpus_size + h->why_size;
    if (texts > meta.size - *at - sizeof *h)
        return false;
    *at += sizeof *h + texts;
    return h->cpus_size < sizeof((dmap_place *)0)->cpus && h->why_size < sizeof((dmap_place *)0)->why;
}

dmap_status dmap__wire_unpack_place(dmap_blob meta, int worker, dmap_place *place) {
    size_t at = 0;
    head h = {0};
    for (int i = 0; i <= worker; i++)
        if (!get_head(meta, &at, &h))
            return DMAP_EMPI;
    const char *why = (const char *)meta.data + at - h.why_size, *cpus = why - h.cpus_size;
    place->core = h.core;
    place->pu = h.pu;
    place->numa = h.numa;
    place->socket = h.socket;
    place->shared = h.shared != 0;
    memcpy(place->cpus, cpus, h.cpus_size);
    place->cpus[h.cpus_size] = '\0';
    memcpy(place->why, why, h.why_size);
    place->why[h.why_size] = '\0';
    return DMAP_OK;
}
