/* A walk over files and the trees below directories, a step at a time. */
#ifndef CHECKSUM_WALK_H
#define CHECKSUM_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "entry.h"

typedef struct walk walk;

/** Begins a walk over paths, borrowed, in their order. Below a directory, names come in the order of their bytes, what
 *  is below a directory in its place; links in there are not followed, and only directories and regular files are seen.
 *  complain:  told of each directory that cannot be read: errno and its path
 *  Returns:   NULL if memory is out */
walk *walk_begin(char *const *paths, size_t n_paths, void (*complain)(void *arg, int error, const char *path),
                 void *arg);
/** The next file: 1, with *file valid until the next step; 0 at the end; -1 if memory is out. */
int walk_next(walk *w, const entry **file, size_t *size);
/** w may be NULL. */
void walk_end(walk *w);

#endif
