/* What all files that speak to SQLite have in common. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "keep/file.h"

bool dmap__file_is_damaged(const dmap__file *file) {
    int code = sqlite3_errcode(file->db) & 0xff, more = sqlite3_extended_errcode(file->db);
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || more == SQLITE_IOERR_SHORT_READ;
}

/* SQLite's sentence, and the system's where that says more. */
dmap_status dmap__file_fail(const dmap__file *file, const char *what, dmap__error *error) {
    int code = sqlite3_errcode(file->db) & 0xff, number = sqlite3_system_errno(file->db);
    if (!number)
        sqlite3_file_control(file->db, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
    char reason[128] = "";
    bool says_more = number && (code == SQLITE_IOERR || code == SQLITE_CANTOPEN || code == SQLITE_FULL);
    if (says_more)
        snprintf(reason, sizeof reason, " (%s%s)", strerror(number), number == EFBIG ? ", see ulimit -f" : "");
    return dmap__fail(error, code == SQLITE_NOMEM ? DMAP_ENOMEM : DMAP_EIO, "cannot %s the journal \"%s\": %s%s", what,
                      file->path, sqlite3_errmsg(file->db), reason);
}

bool dmap__file_run(const dmap__file *file, const char *sql) {
    return sqlite3_exec(file->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

bool dmap__file_prepare(const dmap__file *file, sqlite3_stmt **statement, const char *sql) {
    return *statement || sqlite3_prepare_v3(file->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) == SQLITE_OK;
}

/* Else the disk would have nothing to do until the commit, which waits for it. */
void dmap__file_push(const dmap__file *file) {
    if (file->fd >= 0)
        sync_file_range(file->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

/* The size first: to tell it SQLite may convert what is no blob. */
void dmap__file_part(sqlite3_stmt *row, int column, unsigned char **part, size_t *size) {
    *size = (size_t)sqlite3_column_bytes(row, column);
    *part = (unsigned char *)sqlite3_column_blob(row, column);
    if (!*part)
        *size = 0;
}
