/* What the `kind` of a dmap_source and of a dmap_sink says. 0 is neither: a value that no function made. */
#ifndef DMAP_CALL_SOURCE_KIND_H
#define DMAP_CALL_SOURCE_KIND_H

enum { DMAP__SOURCE_ARRAY = 1, DMAP__SOURCE_BLOBS = 2, DMAP__SOURCE_RANGE = 3, DMAP__SOURCE_PULL = 4 };
enum {
    DMAP__SINK_INTO = 1,
    DMAP__SINK_COLLECT = 2,
    DMAP__SINK_EACH = 3,
    DMAP__SINK_FOLD = 4,
    DMAP__SINK_DISCARD = 5,
    DMAP__SINK_FOLD_BLOB = 6
};

#endif
