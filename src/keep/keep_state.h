/* What the files of journals share. */
#ifndef DMAP_KEEP_KEEP_STATE_H
#define DMAP_KEEP_KEEP_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "keep/file.h"
#include "keep/keep.h"
#include "keep/lock_file.h"

#define DMAP__KEEP_COMMIT_S     0.1                /* a row waits no longer than that, */
#define DMAP__KEEP_COMMIT_BYTES ((size_t)32 << 20) /* or until there are so many */
#define DMAP__KEEP_INSERT_BYTES ((size_t)4 << 20)  /* so many go into the file at once, ahead of the commit */
#define DMAP__KEEP_MOST_BYTES   ((size_t)96 << 20) /* that wait or are being written */
#define DMAP__KEEP_AHEAD_BYTES  ((size_t)8 << 20)  /* of rows that were read and not taken */

/** What waits to be written: a row, or a failure. */
typedef struct dmap__keep_entry {
    struct dmap__keep_entry *next;
    dmap__keep_map *map;
    dmap__record *record; /* NULL: a failure */
    size_t bytes;
    uint64_t index;
    int rank;
    const char *host;
    dmap__failure failure; /* its text is the entry's own */
} dmap__keep_entry;

/** A row that was read. */
typedef struct dmap__keep_ahead {
    struct dmap__keep_ahead *next;
    dmap__record *record; /* NULL: damaged */
    size_t bytes;
} dmap__keep_ahead;

struct dmap__keep_map {
    struct dmap__keep *keep;
    dmap__keep_map *next;
    char *name;
    dmap__keep_request request; /* of which path, task and arg are looked at only while it is opened */
    int64_t id;                 /* in the file */
    dmap__past past;
    size_t taken;                   /* ranges; the loop's */
    size_t read;                    /* ranges; the thread's */
    _Atomic size_t ahead_bytes;     /* of those read and not taken */
    _Atomic uint64_t unwritten;     /* entries that wait, or are being written */
    dmap__keep_ahead *first, *last; /* those, under the lock */
};

/** Something that the thread is to do while the loop waits. */
typedef struct dmap__keep_job {
    dmap_status (*run)(struct dmap__keep *keep, dmap__keep_map *map, dmap__error *error);
    dmap__keep_map *map;
    dmap__error *error;
    dmap_status status;
    bool is_done;
} dmap__keep_job;

typedef struct dmap__keep {
    struct dmap__keep *next;
    dmap__keeps *keeps;
    char *path;
    int page_size;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows, up to the next comment */
    pthread_cond_t done;  /* a job is */
    dmap__keep_job *job;
    dmap__keep_map *maps;
    dmap__keep_entry *first, *last; /* wait to be written */
    size_t waiting_bytes;
    double oldest_s; /* the first of them came */
    bool ends;
    dmap__error error; /* once has_failed is set, it stays as it is */
    /* Read without the lock. */
    dmap__bell bell;         /* wakes the thread */
    _Atomic size_t bytes;    /* that wait, or are being written */
    _Atomic bool is_hurried; /* what waits is to be written at once */
    _Atomic bool has_failed;
    /* The thread's own. */
    dmap__file file;
    dmap__lock_file held;
    double renewed_s;
    dmap__keep_entry *inserted; /* in the file, and not committed yet */
    size_t inserted_bytes;
    double inserted_s; /* the oldest of them came */
} dmap__keep;

/* ---- keep_thread.c ---- */

/** The thread. Opens the file first: the loop waits for that as for a job. */
void *dmap__keep_run(void *keep);
/** Has the thread do something, and waits for it. */
dmap_status dmap__keep_have(dmap__keep *keep, dmap__keep_job *job);

/* ---- keep_write.c ---- */

/** Inserts entries; the first begin what the next commit ends. Return DMAP_OK, or why all since the last commit is not
 *  written. */
dmap_status dmap__keep_insert(dmap__keep *keep, const dmap__keep_entry *entries, dmap__error *error);
dmap_status dmap__keep_commit(dmap__keep *keep, dmap__error *error);
void dmap__keep_free_entries(dmap__keep_entry *entries);

/* ---- keep_read.c ---- */

/** Finds or makes the map in the file, and lists what it has. */
dmap_status dmap__keep_find_map(dmap__keep *keep, dmap__keep_map *map, dmap__error *error);
/** Opens the file. */
dmap_status dmap__keep_open_file(dmap__keep *keep, dmap__keep_map *map, dmap__error *error);
/** Reads the row of a range: a new record, or NULL if it is not as it should be. */
dmap__record *dmap__keep_load(dmap__keep *keep, const dmap__keep_map *map, const dmap__past_range *range);

#endif
