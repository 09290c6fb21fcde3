/* All sequences and how they are to be compared, in one piece of memory: what is shared. */
#ifndef ALIGN_DATABASE_H
#define ALIGN_DATABASE_H

#include <stddef.h>
#include <stdint.h>

#include "proteins.h"

typedef struct rules {
    int32_t open, extend; /* a gap of n residues costs open + (n - 1) * extend; extend <= open */
    int32_t score;        /* the least that counts as a hit */
} rules;

typedef struct database {
    rules rules;
    uint32_t count;
    uint64_t begin[]; /* where the residues of each are, behind this table; one more for the end of the last */
} database;

/** Returns NULL if memory is out; else free() it. */
database *database_make(const proteins *p, const rules *r, size_t *size);
/** The residues of a sequence. */
const char *database_at(const database *d, uint32_t number, int *length);

#endif
