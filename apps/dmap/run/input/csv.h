/* --csv: a line split as spreadsheets write it. */
#ifndef DMAP_APPS_RUN_INPUT_CSV_H
#define DMAP_APPS_RUN_INPUT_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "run/input/fields.h"

/** Adds the columns of a line: separated by one text, each as it is or in double quotes, in which two of them are one.
 *  Returns false if it is no such line: a quote inside a column, or one that is not closed. */
bool run_csv_split(const char *separator, const char *data, size_t size, run_fields *fields);

#endif
