/* The values of one job while they are gathered: bytes in one block. */
#ifndef DMAP_APPS_RUN_INPUT_FIELDS_H
#define DMAP_APPS_RUN_INPUT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "run/base/text.h"
#include "run/input/values.h"

typedef struct run_fields {
    run_text bytes; /* each value with a NUL behind it */
    size_t *size;   /* of each */
    char **value;   /* set by run_fields_values */
    int count, room;
    bool broken; /* memory ran out */
} run_fields;

void run_fields_add(run_fields *fields, const char *data, size_t size);
/** trim: RUN_TRIM_, the blanks that are taken off before. */
void run_fields_add_trimmed(run_fields *fields, unsigned trim, const char *data, size_t size);
void run_fields_clear(run_fields *fields);
/** What was added, valid until the fields change. Returns false if memory ran out. */
bool run_fields_values(run_fields *fields, run_values *values);
void run_fields_free(run_fields *fields);

#endif
