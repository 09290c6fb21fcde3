/* What was found in all folders. */
#ifndef WALK_TOTAL_H
#define WALK_TOTAL_H

#include "finding.h"

typedef struct total {
    counts counts;
    finding large, links; /* notes: the largest files, and all names of what has several */
    size_t most;          /* of the largest files are wanted */
    uint64_t errors;
    bool is_silent; /* errors are counted, and not told */
} total;

/** Adds a finding: its notes' bytes. Tells errors on stderr. Returns 0; -1 if memory is out. */
int total_add(total *t, const counts *c, const void *notes, size_t size);
/** Counts what has several names, once. To be called at the end. Returns 0; -1 if memory is out. */
int total_end(total *t);
bool total_is_same(const total *a, const total *b);
void total_print(const total *t);
void total_free(total *t);

#endif
