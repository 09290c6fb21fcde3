/* A look into a folder. An item is its path, ended by a 0: then its names are read, and what they stand for is looked
 * at. Of a folder of many names, parts are handed on: then names follow the path, each ended by a 0, and only what
 * these stand for is looked at. Links are not followed. */
#ifndef WALK_FOLDER_H
#define WALK_FOLDER_H

#include "finding.h"

enum { FOLDER_NAMES = 1000 }; /* that are looked at in one go */

/** Takes a further item. Returns 0, or -1 to give up. */
typedef int folder_left_fn(void *arg, const void *item, size_t size);

/** Looks into what the item names, and hands on the folders below it, and parts of itself.
 *  most:     of the largest files are noted
 *  Returns:  0; -1 if memory is out, or left gave up */
int folder_look(const char *item, size_t size, size_t most, finding *found, folder_left_fn *left, void *arg);
/** Looks at the path that the walk begins with, and hands it on if it is a folder. Returns as folder_look does. */
int folder_begin(const char *path, finding *found, folder_left_fn *left, void *arg);

#endif
