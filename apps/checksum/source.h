/* Where the files come from: a walk, or a list of sums. */
#ifndef CHECKSUM_SOURCE_H
#define CHECKSUM_SOURCE_H

#include "list.h"
#include "tally.h"
#include "walk.h"

typedef struct source {
    walk *walk; /* NULL: a list */
    list list;
    const char *path; /* of the list */
    tally *tally;     /* told of what cannot be read */
} source;

/** A walk over n paths. Returns 0, or -1 if memory is out. */
int source_open_walk(source *s, char *const *paths, int n, tally *t);
/** The list at `path`; "-" is standard input. Returns 0, or -1 if it cannot be opened: that has been said. */
int source_open_list(source *s, const char *path, tally *t);
/** True if standard input is among the n lists: also if there are none. */
bool source_is_stdin(char *const *paths, int n);
/** The next file: as walk_next and list_next. */
int source_next(source *s, const entry **file, size_t *size);
/** Hashes all of it in a plain loop. Returns 0, or an exit status. */
int source_hash_serially(source *s, tally *t);
/** Ends it; after a list that was read to its end, gives the warnings of sha256sum -c. */
void source_close(source *s);

#endif
