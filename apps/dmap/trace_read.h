/* A trace that DMAP_TRACE has written, read back: which worker ran what, and when. */
#ifndef DMAP_APPS_TRACE_READ_H
#define DMAP_APPS_TRACE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct trace_slice {
    double begin_s, end_s; /* since the first slice of all began */
    uint64_t items;
    const char *name; /* of name_size bytes, which end without a 0: "task [0, 10)" */
    size_t name_size;
} trace_slice;

/** A worker, or the rank that it is of. */
typedef struct trace_track {
    uint64_t uuid, parent;
    const char *name; /* of name_size bytes */
    size_t name_size;
    bool is_rank, is_worker;
    trace_slice *slices; /* sorted, none is in another */
    size_t n_slices, capacity;
    uint64_t begun_ns; /* a slice that has not ended; 0: none */
    trace_slice open;
} trace_track;

typedef struct trace {
    unsigned char *bytes; /* the file, into which names point */
    size_t size;
    trace_track *tracks; /* ranks first, each followed by its workers */
    size_t n_tracks, capacity;
    size_t n_workers;
    double seconds; /* from the first slice's begin to the last one's end */
} trace;

/** Reads a file; one that was cut off, up to there. Returns false, with a sentence. To be freed in any case. */
bool trace_read(trace *t, const char *file, char *error, size_t error_size);
void trace_free(trace *t);
/** Time of a track in slices between two moments, in seconds. */
double trace_busy_s(const trace_track *track, double from_s, double to_s);

#endif
