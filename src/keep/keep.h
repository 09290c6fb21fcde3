/* Journals: what has ended of a map is kept in a file, and a later run is told of it. A journal has a thread of its
 * own, which alone touches the file: the loop hands rows over and goes on. Unless a comment says otherwise, functions
 * are called by the loop's thread and do not wait.
 *
 *   keep.c          maps and their journals; what the loop hands over and takes
 *   keep_thread.c   the thread: when rows are written, when rows are read ahead
 *   keep_write.c    a commit
 *   keep_read.c     what a file has of a map
 *   record.c        a row    past.c  which rows count
 *   file.c          the file: file_schema.c its tables, file_salvage.c when it is damaged
 *   lock_file.c     one program at a time */
#ifndef DMAP_KEEP_KEEP_H
#define DMAP_KEEP_KEEP_H

#include "base/bell.h"
#include "base/error.h"
#include "base/outcome.h"
#include "keep/past.h"
#include "keep/record.h"

/** The journals that are open. All zeros but for the bell. */
typedef struct dmap__keeps {
    struct dmap__keep *first;
    dmap__bell *bell; /* rings when a row was read, there is room again, all is written, or something failed */
} dmap__keeps;

/** A map in a journal. */
typedef struct dmap__keep_map dmap__keep_map;

typedef struct dmap__keep_request {
    const char *path, *name; /* name: of the map, among those of the journal */
    const dmap_task *task;
    uint64_t seed;
    dmap__record_shape shape;
    uint64_t first; /* number of the first item; of a range */
    uint64_t count; /* of items; UINT64_MAX: nobody knows */
    /** The hash of an item, of those that lie in memory; NULL: their hashes are looked at as they come. */
    uint64_t (*hash)(const void *arg, uint64_t index);
    const void *arg;
} dmap__keep_request;

/** Opens the map of a journal, which is made if there is none. Returns DMAP_OK; DMAP_EIO (the file cannot be read or
 *  written, or is in use), DMAP_EINVAL (it is of another map, or this one is open), DMAP_ENOMEM.
 *  Blocks: until the file was looked through */
dmap_status dmap__keep_open(dmap__keeps *keeps, const dmap__keep_request *request, dmap__keep_map **map,
                            dmap__error *error);
/** What was not written is dropped, after what is being written. map may be NULL. */
void dmap__keep_close(dmap__keep_map *map);

/* ---- what was kept ---- */

/** What the journal has: in order; each range is to be taken. */
const dmap__past *dmap__keep_past(const dmap__keep_map *map);
/** The row of the next range, if it was read by now: *record, to be given back; NULL: it is damaged, and its items are
 *  to be run. False: not yet, the bell will ring. */
bool dmap__keep_take(dmap__keep_map *map, dmap__record **record);

/* ---- what is to be kept ---- */

/** Takes the record over, which is to be written. False if memory is out. */
bool dmap__keep_put(dmap__keep_map *map, dmap__record *record);
/** An item has failed for good. host: borrowed until the journal is closed. False if memory is out. */
bool dmap__keep_put_failure(dmap__keep_map *map, uint64_t index, const dmap__failure *failure, int rank,
                            const char *host);
/** More waits to be written than is to be held. The bell will ring. Any thread. */
bool dmap__keep_is_full(const dmap__keep_map *map);
/** True once all is written, or nothing can be. Has it written at once. */
bool dmap__keep_is_written(dmap__keep_map *map);
/** What has failed, if anything has: nothing is written any more. Cheap. */
dmap_status dmap__keep_status(const dmap__keep_map *map, dmap__error *error);

#endif
