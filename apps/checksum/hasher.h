/* Reads a file, hashes it, and says in sha256sum's words what came of it. */
#ifndef CHECKSUM_HASHER_H
#define CHECKSUM_HASHER_H

#include <stdint.h>

#include "entry.h"

typedef enum verdict {
    VERDICT_FINE = 0,
    VERDICT_NONE = 1, /* not a regular file any more: nothing is to be said */
    VERDICT_UNREADABLE = 2,
    VERDICT_DIFFERS = 3 /* from the sum in the list */
} verdict;

/** What there is to be said of a file: bytes for stdout, then bytes for stderr. */
typedef struct answer {
    uint32_t verdict;
    uint32_t out_size, error_size;
    char text[];
} answer;

typedef struct hasher hasher;

/** Returns NULL if memory is out, or libcrypto has no SHA-256. */
hasher *hasher_create(void);
/** h may be NULL. */
void hasher_destroy(hasher *h);

/** Hashes the file. Returns the answer, of *size bytes, valid until the next; NULL if memory is out. */
const answer *hasher_answer(hasher *h, const entry *file, size_t *size);

#endif
