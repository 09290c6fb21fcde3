/* --colsep: a value split into columns. */
#ifndef DMAP_APPS_RUN_INPUT_COLUMNS_H
#define DMAP_APPS_RUN_INPUT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "run/input/fields.h"

typedef struct run_columns run_columns;

/** regex: as Perl has them. trim: RUN_TRIM_, the blanks of columns that are taken off. Returns NULL with a sentence. */
run_columns *run_columns_create(const char *regex, unsigned trim, char *error, size_t size);
void run_columns_free(run_columns *columns);
/** Adds the columns of a value. Returns false if the expression is too hard for it. */
bool run_columns_split(run_columns *columns, const char *data, size_t size, run_fields *fields);

#endif
