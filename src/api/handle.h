/* Handles of calls. A program holds no handle but its name, as a dmap_call or dmap_stream pointer which points nowhere.
 * No two handles ever had the same, so one that was freed, or never was one, can be told from one that is good. */
#ifndef DMAP_API_HANDLE_H
#define DMAP_API_HANDLE_H

#include <stdatomic.h>

#include <dmap/call.h>

#include "call/call.h"

#define DMAP__HANDLE_SMALL 64 /* bytes of an item, or a result, that lie in the handle itself */

typedef enum dmap__handle_kind {
    DMAP__HANDLE_MAP = 0,
    DMAP__HANDLE_ITEM = 1,
    DMAP__HANDLE_STREAM = 2
} dmap__handle_kind;

struct dmap__submits;

typedef struct dmap__handle {
    _Atomic uint64_t name; /* 0: it is free */
    uint64_t uses;         /* so far */
    uint32_t number;       /* among all handles */
    dmap__handle_kind kind;
    _Atomic uint32_t status; /* a dmap_status */
    dmap_pool *pool;         /* NULL: it was closed */
    dmap__call *call;        /* of a map and a stream, until it is freed; its own when the pool was closed */
    dmap_done_fn *on_done;   /* NULL: nobody is to be told, or was */
    void *on_done_arg;
    struct dmap__handle *next,
        *previous; /* in the list that it is in: free ones, ended ones to be told of, queued items */
    bool is_due;   /* it is among those to be told of */
    /* Of an item. */
    struct dmap__submits *submits;
    _Atomic bool is_cancelled, is_dropped; /* dropped: nobody holds it any more */
    double submitted_s;
    void *data; /* the item while it is queued, its result when it has ended well: small, or of malloc's */
    size_t size;
    char *error; /* a sentence; NULL: none */
    unsigned char small[DMAP__HANDLE_SMALL];
} dmap__handle;

/** A new handle. Returns NULL if memory is out. Any thread. */
dmap__handle *dmap__handle_create(dmap__handle_kind kind, dmap_pool *pool);
/** What the program is to hold: a dmap_call, or of a stream a dmap_stream. */
void *dmap__handle_name(const dmap__handle *handle);
/** The handle in use of that name: NULL if there is none. Any thread. */
dmap__handle *dmap__handle_find(const void *name);
/** The program has freed it, and it is still needed: nobody finds it any more. */
void dmap__handle_hide(dmap__handle *handle);
/** Gives the handle, with what it holds of its own, back. Any thread. */
void dmap__handle_free(dmap__handle *handle);
/** Calls visit for each handle of the pool in use. */
void dmap__handle_each(const dmap_pool *pool, void (*visit)(dmap__handle *handle));
/** Memory for so many bytes in the handle, in place of what it had; NULL if it is out. */
void *dmap__handle_room(dmap__handle *handle, size_t size);

#endif
