/* One source of values: the words of :::, or a file. */
#ifndef DMAP_APPS_RUN_FEED_H
#define DMAP_APPS_RUN_FEED_H

#include "records.h"
#include "text.h"

typedef struct run_feed {
    const run_source *source;
    run_records records; /* of a file */
    int next_word;       /* of words */
    bool skip_empty;
    bool keeps; /* what was read stays, as it will be asked for again */
    bool ended;
    uint64_t n_read;
    const char *data; /* the last value read; while it is not kept, valid until the next one is */
    size_t size;
    run_text kept;
    size_t *ends; /* of the values in kept */
    size_t room;  /* of ends */
} run_feed;

/** Returns false with a sentence. */
bool run_feed_open(run_feed *feed, const run_source *source, bool keeps, const run_options *options, char *error,
                   size_t size);
void run_feed_close(run_feed *feed);
/** The next value, which is not counted or kept (the header's). Returns one of RUN_INPUT_. */
int run_feed_read(run_feed *feed, const char **data, size_t *data_size, char *error, size_t size);
/** Value number i: any that was read before and kept, the last one read, or the next. Of an empty source, number 0 is
 *  an empty value. Returns one of RUN_INPUT_. */
int run_feed_at(run_feed *feed, uint64_t i, const char **data, size_t *data_size, char *error, size_t size);
/** Values not read yet, if that can be found out: a regular file is read for it. UINT64_MAX: it cannot. */
uint64_t run_feed_count(const run_feed *feed);

#endif
