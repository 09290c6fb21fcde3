/* The file of a journal: SQLite, opened so that it can be trusted on the file system where it lies, and nothing in it
 * has to be. Each function is called by the journal's own thread. */
#ifndef DMAP_KEEP_FILE_H
#define DMAP_KEEP_FILE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct dmap__file {
    const char *path; /* as it was given; borrowed */
    char *name;       /* for SQLite */
    sqlite3 *db;
    int fd; /* the same file, for dmap__file_push; -1: none. It is closed last, as that drops SQLite's locks */
    bool is_lockless; /* locks fail there: a lock file alone keeps others out */
    sqlite3_stmt *begin, *commit, *rollback, *insert, *insert_failure, *load;
} dmap__file;

/** Opens the file, or makes one of pages of that size. Returns DMAP_OK; DMAP_EIO or DMAP_ENOMEM with a sentence.
 *  *is_damaged: it is a journal, of which a part cannot be read */
dmap_status dmap__file_open(dmap__file *file, const char *path, int page_size, bool *is_damaged, dmap__error *error);
/** Does nothing to one that is not open. */
void dmap__file_close(dmap__file *file);

/* ---- sql.c ---- */

/** The status and sentence for what SQLite said last: "cannot WHAT the journal "…": why". */
dmap_status dmap__file_fail(const dmap__file *file, const char *what, dmap__error *error);
/** True if that was that the file is damaged. */
bool dmap__file_is_damaged(const dmap__file *file);
/** Runs statements without results. */
bool dmap__file_run(const dmap__file *file, const char *sql);
/** Prepares a statement, once. */
bool dmap__file_prepare(const dmap__file *file, sqlite3_stmt **statement, const char *sql);

/** Has the kernel begin to write what the file has been given so far; does not wait for it. */
void dmap__file_push(const dmap__file *file);
/** A column of a row as bytes: whatever it is, valid until the next row; (NULL, 0) if it is NULL, or memory is out. */
void dmap__file_part(sqlite3_stmt *row, int column, unsigned char **part, size_t *size);

/* ---- file_salvage.c ---- */

/** Of a damaged file: copies what can be read and is right into a new one, which takes its place; the old one stays
 *  beside it as "….damaged". The file is open afterwards. *kept: rows that were copied */
dmap_status dmap__file_salvage(dmap__file *file, int page_size, uint64_t *kept, dmap__error *error);

/* ---- file_schema.c ---- */

/** Makes the tables of a new file. */
bool dmap__file_make_tables(const dmap__file *file);
typedef enum dmap__tables {
    DMAP__TABLES_OURS = 0, /* as we make them, and nothing else */
    DMAP__TABLES_NONE = 1, /* a new file */
    DMAP__TABLES_OTHER = 2,
    DMAP__TABLES_UNREADABLE = 3 /* SQLite says why */
} dmap__tables;

dmap__tables dmap__file_look_at_tables(const dmap__file *file);

#endif
