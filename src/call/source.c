/* The kinds of sources, by the number in a dmap_source. */
#include "call/source.h"

static const dmap__source_ops *const kinds[] = {[DMAP__SOURCE_ARRAY] = &dmap__source_array,
                                                [DMAP__SOURCE_BLOBS] = &dmap__source_blobs,
                                                [DMAP__SOURCE_RANGE] = &dmap__source_range,
                                                [DMAP__SOURCE_PULL] = &dmap__source_pull};

const dmap__source_ops *dmap__source_ops_of(int kind) {
    return kind > 0 && (size_t)kind < sizeof kinds / sizeof kinds[0] ? kinds[kind] : NULL;
}
