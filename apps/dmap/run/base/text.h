/* A growable run of bytes. */
#ifndef DMAP_APPS_RUN_BASE_TEXT_H
#define DMAP_APPS_RUN_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct run_text {
    char *data; /* ended by a NUL that is not counted; NULL while nothing was ever added */
    size_t size, room;
    bool broken; /* memory ran out: what was added since is not there */
} run_text;

void run_text_add(run_text *text, const void *data, size_t size);
void run_text_add_string(run_text *text, const char *string);
void run_text_clear(run_text *text); /* keeps the room */
void run_text_free(run_text *text);

#endif
