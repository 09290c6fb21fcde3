/* --regexp: where records end, if that is said by regular expressions, as Perl has them. */
#ifndef DMAP_APPS_RUN_INPUT_RECORD_REGEX_H
#define DMAP_APPS_RUN_INPUT_RECORD_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/options/options.h"

typedef struct run_record_regex run_record_regex;

/** records: that are looked for together; 0: none are. Returns NULL with a sentence. */
run_record_regex *run_record_regex_create(const run_options *options, uint64_t records, char *error, size_t size);
void run_record_regex_free(run_record_regex *regex);

/* They return where in the data it is; 0: nowhere, as more of it may be needed. */

/** The end of the last record that another one follows. */
size_t run_record_regex_last(run_record_regex *regex, const char *data, size_t size);
/** The end of so many records that another one follows. At first, what is before the beginning of a record is one. */
size_t run_record_regex_count(run_record_regex *regex, const char *data, size_t size);
/** The end of the first record that ends behind so many bytes, and that another one follows. */
size_t run_record_regex_after(run_record_regex *regex, const char *data, size_t size, size_t from);
/** True if an expression was too hard for the data, so that nothing is known. */
bool run_record_regex_failed(const run_record_regex *regex);

/** --rrs: takes the ends and beginnings of records out of blocks. */
typedef struct run_separators run_separators;

/** Returns NULL with a sentence. */
run_separators *run_separators_create(const run_options *options, char *error, size_t size);
void run_separators_free(run_separators *separators);
/** What is left of a block: *data, valid until the next call. Returns false if that cannot be done. */
bool run_separators_remove(run_separators *separators, const char **data, size_t *size);

#endif
