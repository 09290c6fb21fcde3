/* What the processes of a host share by a descriptor (dmap/channel.h): a file of memory with a head that says what it
 * is, mapped as long as its handle is open. */
#ifndef DMAP_PROC_SHARED_OBJECT_H
#define DMAP_PROC_SHARED_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef enum dmap__shared_kind {
    DMAP__SHARED_CHANNEL = 1,
    DMAP__SHARED_LOCK = 2,
    DMAP__SHARED_EVENT = 3,
    DMAP__SHARED_BARRIER = 4,
    DMAP__SHARED_COUNTER = 5,
    DMAP__SHARED_MEMORY = 6
} dmap__shared_kind;

typedef struct dmap__shared_object {
    void *body; /* after the head, aligned to a page */
    size_t size;
    int descriptor;
    unsigned generation; /* of the process that made the handle */
} dmap__shared_object;

/** Makes one, all zero. Its descriptor is close-on-exec. */
dmap_status dmap__shared_make(dmap__shared_object *object, dmap__shared_kind kind, size_t size, dmap__error *error);
/** Maps the one that the descriptor names, and takes that over on success. */
dmap_status dmap__shared_take(dmap__shared_object *object, dmap__shared_kind kind, int descriptor, dmap__error *error);
/** Unmaps it and closes its descriptor. */
void dmap__shared_close(dmap__shared_object *object);

/** The same for a handle of `size` bytes, all zero but for the object that it begins with, as all handles of
 *  dmap/channel.h do. *handle is untouched on failure. */
dmap_status dmap__shared_make_handle(void **handle, size_t size, dmap__shared_kind kind, size_t body_size,
                                     dmap__error *error);
dmap_status dmap__shared_take_handle(void **handle, size_t size, dmap__shared_kind kind, int descriptor,
                                     dmap__error *error);
/** Closes its object and frees it; NULL is let pass. */
void dmap__shared_close_handle(void *handle);

/** Opens the file anew: a description of its own, which locks of its own hang on. -1, with errno, on failure. */
int dmap__shared_reopen(const dmap__shared_object *object, int flags);
/** Says that whoever has a copy of this description lives, by a byte of the file: any number of descriptions may say it
 *  of one byte. Returns false, with errno, on failure. The kernel takes it back when the last copy is closed, however
 *  that comes. */
bool dmap__shared_hold(int descriptor, int byte);
/** True if another description than this one's holds that byte. */
bool dmap__shared_is_held(int descriptor, int byte);

/** Holds a byte alone: false, with errno, if another description holds it, too. */
bool dmap__shared_seize(int descriptor, int byte);
void dmap__shared_let_go(int descriptor, int byte);

/** False in a child of dmap_process for what its parent has opened: its descriptors are closed. */
bool dmap__shared_is_own(const dmap__shared_object *object);
/** In a child: what its parent has opened is not its own. */
void dmap__shared_forget(void);
/** How often this process has become another by a plain fork(), since something was shared first: then a handle makes
 *  anew what it holds of its process alone. */
unsigned dmap__shared_copies(void);

#endif
