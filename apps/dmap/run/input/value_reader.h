/* One source of values: the words of :::, or a file. */
#ifndef DMAP_APPS_RUN_INPUT_VALUE_READER_H
#define DMAP_APPS_RUN_INPUT_VALUE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/base/text.h"
#include "run/input/records.h"

typedef struct run_value_reader {
    const run_source *source;
    run_records records; /* of a file */
    int next_word;       /* of words */
    bool skip_empty;
    bool skips;             /* the next record is left out */
    const char *end;        /* the value that ends the source, or NULL */
    bool stopped;           /* it was read */
    bool joins;             /* a value whose end is a blank goes on in the next record */
    run_text joined;        /* the records of such a value so far */
    bool keeps;             /* what was read stays, as it will be asked for again */
    bool depends, is_first; /* --depends: "---" is a barrier, in the first source only */
    bool barrier;           /* there was one before the last value read; to be reset by who looks */
    bool ended;
    bool empty; /* it ended before its first value */
    uint64_t n_read;
    const char *data; /* the last value read; while it is not kept, valid until the next one is */
    size_t size;
    run_text kept;
    size_t *ends; /* of the values in kept */
    size_t room;  /* of ends */
} run_value_reader;

/** Returns false with a sentence. */
bool run_value_reader_open(run_value_reader *reader, const run_source *source, bool is_first, bool keeps,
                           const run_options *options, char *error, size_t size);
void run_value_reader_close(run_value_reader *reader);
/** The next value, which is not counted or kept (the header's). Returns one of RUN_INPUT_. */
int run_value_reader_read(run_value_reader *reader, const char **data, size_t *data_size, char *error, size_t size);
/** Value number i: any that was read before and kept, the last one read, or the next. Of an empty source, number 0 is
 *  an empty value. Returns one of RUN_INPUT_. */
int run_value_reader_at(run_value_reader *reader, uint64_t i, const char **data, size_t *data_size, char *error,
                        size_t size);
/** Values not read yet, if that can be found out: a regular file is read for it. UINT64_MAX: it cannot. */
uint64_t run_value_reader_count(const run_value_reader *reader);

#endif
