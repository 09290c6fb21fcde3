/* A list of sums, as sha256sum prints them, read back line by line. */
#ifndef CHECKSUM_LIST_H
#define CHECKSUM_LIST_H

#include <stdint.h>
#include <stdio.h>

#include "entry.h"

/* Of lines that begin with the sum. */
typedef enum list_form { LIST_UNKNOWN = 0, LIST_TWO_SPACES, LIST_ONE_SPACE } list_form;

typedef struct list {
    FILE *file; /* the caller's */
    char *line;
    size_t line_size;
    list_form form; /* that of the first such line holds for all */
    entry_room room;
    uint64_t files, malformed; /* lines of either kind so far; comments and empty ones are neither */
} list;

/** The next file, with the sum it should have: 1, valid until the next; 0 at the end, or if reading failed (ferror);
 *  -1 if memory is out. */
int list_next(list *l, const entry **file, size_t *size);
void list_end(list *l);

#endif
