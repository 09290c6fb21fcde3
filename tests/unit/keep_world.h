/* A journal in a folder of its own, and maps of it as the loop would have them: what tests of src/keep share. */
#ifndef DMAP_KEEP_WORLD_H
#define DMAP_KEEP_WORLD_H

#include "keep/keep.h"

typedef struct keep_world {
    char folder[64], path[96];
    dmap__bell bell;
    dmap__keeps keeps;
    dmap_task task;
    dmap__keep_request request;
    dmap__keep_map *map;
    dmap__error error;
} keep_world;

/** Makes the folder, on the memory's own file system if there is one; the map has results of fixed size. */
void keep_world_open(keep_world *world, dmap__want want, size_t result_size);
/** Removes it, and the map. */
void keep_world_close(keep_world *world);
/** Opens the map; waits until all is written, and closes it. */
dmap_status keep_world_begin(keep_world *world);
void keep_world_end(keep_world *world);
/** Copies so many bytes of a file; SIZE_MAX: all. */
void keep_world_copy(const char *from, const char *to, size_t bytes);
/** Puts items [begin, end), whose results and hashes are those of keep_world_result of a version. */
void keep_world_put(keep_world *world, uint64_t begin, uint64_t end, uint64_t version);
/** Takes all that the journal has: checks each row against versions below n, and counts the items of each index in
 *  seen (of `count`). Returns how many rows were damaged. */
unsigned keep_world_take(keep_world *world, uint64_t versions, unsigned *seen, uint64_t count);

uint64_t keep_world_value(uint64_t index, uint64_t version);

#endif
