/* What a job writes: read from two pipes, kept while it is little, else sent ahead of the job's result. */
#ifndef DMAP_APPS_RUN_JOB_CAPTURE_H
#define DMAP_APPS_RUN_JOB_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/dmap.h>

#include "run/options/options.h"

enum { RUN_KEEP = 64 * 1024 }; /* bytes kept of a stream */

typedef struct run_stream {
    int fd;     /* the end that is read; -1: closed */
    int theirs; /* the end that is written, kept open: a job that ends wakes its worker by its report only */
    char *data; /* data[0] is the stream's number, for dmap_emit; what is kept follows */
    size_t size;
} run_stream;

typedef struct run_capture {
    dmap_context *ctx;
    run_output output;     /* when it is sent: at the end, whole lines as they come, or all as it comes */
    bool failed;           /* nobody takes what is sent: the rest is read and dropped */
    bool sent_ahead;       /* some of this job's output has left */
    uint64_t received;     /* of standard output, as GNU parallel counts it */
    run_stream streams[2]; /* standard output, standard error */
} run_capture;

/** Once a worker. Returns false if memory is out. */
bool run_capture_init(run_capture *capture, run_output output);
void run_capture_fini(run_capture *capture);
/** A job begins: makes its pipes. Returns false with errno. */
bool run_capture_begin(run_capture *capture, dmap_context *ctx);
/** Puts bytes before what the job writes to standard output; they do not count as received. */
void run_capture_add(run_capture *capture, const char *data, size_t size);
/** Reads what is there, once. Returns how much that was. */
size_t run_capture_read(run_capture *capture, int stream);
/** The job has ended: reads what is there still, and closes. What a child that it left behind writes later is lost. */
void run_capture_end(run_capture *capture);

#endif
