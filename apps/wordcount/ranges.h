/* The items: files cut into ranges of bytes. */
#ifndef WORDCOUNT_RANGES_H
#define WORDCOUNT_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct range {
    uint64_t path; /* where it is in what is shared */
    uint64_t begin, end;
} range;

typedef struct ranges {
    range *ranges;
    size_t count, capacity;
    char *shared; /* a byte that says if case is kept; the paths, each ended by a 0 */
    size_t shared_size;
} ranges;

/** Cuts files into ranges of `block` bytes and less. Returns 0, or -1 with a sentence in error: nothing is to be freed
 *  then. */
int ranges_make(ranges *r, char *const *paths, int n_paths, uint64_t block, bool keep_case, char *error, size_t size);
void ranges_free(ranges *r);

#endif
