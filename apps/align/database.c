#include "database.h"

#include <stdlib.h>
#include <string.h>

database *database_make(const proteins *p, const rules *r, size_t *size) {
    size_t table = sizeof(database) + (p->count + 1) * sizeof(uint64_t), residues = 0;
    for (size_t i = 0; i < p->count; i++)
        residues += p->all[i].length;
    *size = table + residues;
    database *d = malloc(*size);
    if (!d)
        return NULL;
    *d = (database){.rules = *r, .count = (uint32_t)p->count};
    uint64_t at = table;
    for (size_t i = 0; i < p->count; i++) {
        d->begin[i] = at;
        memcpy((char *)d + at, p->all[i].residues, p->all[i].length);
        at += p->all[i].length;
    }
    d->begin[p->count] = at;
    return d;
}

const char *database_at(const database *d, uint32_t number, int *length) {
    *length = (int)(d->begin[number + 1] - d->begin[number]);
    return (const char *)d + d->begin[number];
}
