/* Reading a file record by record without ever blocking. */
#ifndef DMAP_APPS_RUN_INPUT_RECORDS_H
#define DMAP_APPS_RUN_INPUT_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "run/input/input_file.h"
#include "run/input/values.h"
#include "run/options/options.h"

typedef struct run_records {
    run_file file;
    bool ended;
    off_t offset; /* of a regular file: its next byte that is not in the buffer */
    const char *delimiter;
    size_t delimiter_size;
    char *buffer;
    size_t begin, end, room; /* what is in the buffer and not handed out: [begin, end) */
    size_t scanned;          /* bytes from begin on that have no delimiter */
    uint64_t count;          /* records handed out */
} run_records;

/** path: "-" is standard input. Returns false with a sentence. */
bool run_records_open(run_records *records, const char *path, const run_options *options, char *error, size_t size);
/** True if it can be read once more from where it is now; then *again reads it. */
bool run_records_again(const run_records *records, run_records *again);
void run_records_close(run_records *records);
/** The next record, without its delimiter, valid until the next call. Returns one of RUN_INPUT_. */
int run_records_next(run_records *records, const char **data, size_t *data_size, char *error, size_t size);

#endif
