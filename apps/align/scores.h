/* Local alignment with affine gaps (Smith and Waterman, 1981; Gotoh, 1982), by BLOSUM62: with vectors, by parasail, and
 * plainly, to check that. Only scores: where an alignment ends is a matter of taste if several are best. */
#ifndef ALIGN_SCORES_H
#define ALIGN_SCORES_H

#include <stddef.h>
#include <stdint.h>

#include "database.h"

typedef struct hit {
    uint32_t target;
    int32_t score;
} hit;

/** Aligns a sequence with all of the database from number `first` on. hits has room for all of them. Returns how many
 *  there are, in the order of their numbers; -1 if memory is out. */
long scores_find(const database *d, const char *query, int length, uint32_t first, hit *hits);
/** Aligns all with all, one after the other, and forgets the hits. Returns 0, or -1 if memory is out. */
int scores_find_all(const database *d);
/** The score of two sequences, by the definition; -1 if memory is out. */
int scores_plain(const rules *r, const char *a, int a_length, const char *b, int b_length);

#endif
