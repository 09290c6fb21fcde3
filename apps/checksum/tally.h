/* What was said of all files: printed, counted, and remembered by a hash, so that two runs can be compared. */
#ifndef CHECKSUM_TALLY_H
#define CHECKSUM_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "hasher.h"

typedef struct tally {
    bool prints;                    /* false: only counts and remembers */
    bool failed;                    /* the exit status is 1 */
    uint64_t files;                 /* that were hashed */
    uint64_t hash;                  /* of all bytes for stdout */
    uint64_t unreadable, differing; /* of the list that is read */
} tally;

/** Prints an answer. Returns 0, or -1 if stdout takes no more. */
int tally_add(tally *t, const answer *a);
/** Two runs printed the same. */
bool tally_is_same(const tally *a, const tally *b);

/** A list of sums begins, and ends: its warnings, as sha256sum -c has them. */
void tally_begin_list(tally *t);
void tally_end_list(tally *t, const char *path, uint64_t files, uint64_t malformed);

#endif
