/* Sources and sinks: what a program makes a call's arguments with. */
#include <dmap/dmap.h>

#include "job/source_kind.h"

dmap_source dmap_array(const void *items, size_t count) {
    return (dmap_source){.kind = DMAP__SOURCE_ARRAY, .data = items, .end = count};
}

dmap_source dmap_blobs(const dmap_blob *items, size_t count) {
    return (dmap_source){.kind = DMAP__SOURCE_BLOBS, .data = items, .end = count};
}

dmap_source dmap_range(uint64_t begin, uint64_t end) {
    return (dmap_source){.kind = DMAP__SOURCE_RANGE, .begin = begin, .end = end};
}

dmap_source dmap_pull(dmap_pull_fn *next, void *arg) {
    return (dmap_source){.kind = DMAP__SOURCE_PULL, .next = next, .arg = arg};
}

dmap_sink dmap_into(void *results) {
    return (dmap_sink){.kind = DMAP__SINK_INTO, .data = results};
}

dmap_sink dmap_collect(dmap_results **results) {
    return (dmap_sink){.kind = DMAP__SINK_COLLECT, .results = results};
}

dmap_sink dmap_each(dmap_each_fn *fn, void *arg) {
    return (dmap_sink){.kind = DMAP__SINK_EACH, .each = fn, .arg = arg};
}

dmap_sink dmap_fold(void *accumulator) {
    return (dmap_sink){.kind = DMAP__SINK_FOLD, .data = accumulator};
}

dmap_sink dmap_fold_blob(void **data, size_t *size) {
    return (dmap_sink){.kind = DMAP__SINK_FOLD_BLOB, .data = data, .arg = size};
}

dmap_sink dmap_discard(void) {
    return (dmap_sink){.kind = DMAP__SINK_DISCARD};
}
