/* A damaged file: rows are read from the first on until one cannot be, then from the last back to there. Each has its
 * checksum. So a file that was cut, or of which a page was overwritten, loses the rows that were there. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keep/file.h"
#include "keep/record.h"

#define SEGMENT_COLUMNS "id, map, begin, end, rank, host, attempt, seconds, ended, sum, failed, hashes, results"

typedef struct table {
    const char *first_on, *last_back, *insert;
    int columns;
    bool has_sums;
} table;

static const table copied[] = {
    {"SELECT * FROM map WHERE id > ?1 ORDER BY id", "SELECT * FROM map WHERE id > ?1 ORDER BY id DESC",
     "INSERT OR IGNORE INTO map VALUES (?,?,?,?,?,?,?,?,?,?,?)", 11, false},
    {"SELECT " SEGMENT_COLUMNS " FROM segment WHERE id > ?1 ORDER BY id",
     "SELECT " SEGMENT_COLUMNS " FROM segment WHERE id > ?1 ORDER BY id DESC",
     "INSERT OR IGNORE INTO segment (" SEGMENT_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", 13, true},
    {"SELECT * FROM failure WHERE id > ?1 ORDER BY id", "SELECT * FROM failure WHERE id > ?1 ORDER BY id DESC",
     "INSERT OR IGNORE INTO failure VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", 12, false}};

static bool has_its_sum(sqlite3_stmt *row) {
    dmap__record record = {.begin = (uint64_t)sqlite3_column_int64(row, 2),
                           .end = (uint64_t)sqlite3_column_int64(row, 3)};
    dmap__file_part(row, 10, &record.failed, &record.failed_size);
    dmap__file_part(row, 11, &record.hashes, &record.hashes_size);
    dmap__file_part(row, 12, &record.results, &record.results_size);
    return dmap__record_sum(&record, sqlite3_column_int64(row, 1)) == sqlite3_column_int64(row, 9);
}

/* Copies rows with numbers above *last. Returns false if the new file cannot be written; an end by damage is none. */
static bool copy_rows(const dmap__file *from, const dmap__file *to, const table *t, const char *select, int64_t *last,
                      uint64_t *kept) {
    sqlite3_stmt *row = NULL, *insert = NULL;
    int64_t highest = *last;
    bool written = dmap__file_prepare(to, &insert, t->insert);
    if (written && dmap__file_prepare(from, &row, select)) {
        sqlite3_bind_int64(row, 1, *last);
        while (written && sqlite3_step(row) == SQLITE_ROW) {
            int64_t id = sqlite3_column_int64(row, 0);
            highest = id > highest ? id : highest;
            if (t->has_sums && !has_its_sum(row))
                continue;
            for (int i = 0; i < t->columns; i++)
                sqlite3_bind_value(insert, i + 1, sqlite3_column_value(row, i));
            sqlite3_step(insert);
            written = sqlite3_reset(insert) == SQLITE_OK || sqlite3_errcode(to->db) == SQLITE_CONSTRAINT;
            *kept += t->has_sums;
        }
    }
    sqlite3_finalize(row);
    sqlite3_finalize(insert);
    *last = highest;
    return written;
}

static bool copy_all(const dmap__file *from, const dmap__file *to, uint64_t *kept) {
    bool copied_all = dmap__file_run(to, "BEGIN");
    for (size_t i = 0; copied_all && i < sizeof copied / sizeof copied[0]; i++) {
        int64_t last = INT64_MIN;
        copied_all = copy_rows(from, to, &copied[i], copied[i].first_on, &last, kept) &&
                     copy_rows(from, to, &copied[i], copied[i].last_back, &last, kept);
    }
    return copied_all && dmap__file_run(to, "COMMIT");
}

static char *beside(const char *name, const char *suffix) {
    size_t size = strlen(name) + strlen(suffix) + 1;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s%s", name, suffix);
    return path;
}

/* The damaged one's rollback journal, if it has one, is not the new one's. */
static bool replace(const char *name, const char *damaged, const char *rollback, const char *made) {
    return !rename(name, damaged) && (!unlink(rollback) || errno == ENOENT) && !rename(made, name);
}

/* SQLite reads a file of fewer pages than its head says only to whoever may repair its tables. */
static dmap_status copy_good(dmap__file *file, const char *made, int page_size, uint64_t *kept, dmap__error *error) {
    dmap__file to;
    bool is_damaged;
    sqlite3_db_config(file->db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    if (!dmap__file_run(file, "PRAGMA writable_schema = ON") || dmap__file_look_at_tables(file) != DMAP__TABLES_OURS)
        return dmap__fail(error, DMAP_EIO,
                          "the journal \"%s\" is damaged from its beginning on: nothing of it can be "
                          "read; remove it to begin anew",
                          file->path);
    unlink(made);
    dmap_status status = dmap__file_open(&to, made, page_size, &is_damaged, error);
    if (status == DMAP_OK && !copy_all(file, &to, kept))
        status = dmap__file_fail(&to, "write what is left of", error);
    dmap__file_close(&to);
    return status;
}

dmap_status dmap__file_salvage(dmap__file *file, int page_size, uint64_t *kept, dmap__error *error) {
    const char *path = file->path;
    char *made = beside(file->name, ".new"), *damaged = beside(file->name, ".damaged");
    char *rollback = beside(file->name, "-journal"), *name = beside(file->name, "");
    bool is_damaged;
    *kept = 0;
    dmap_status status = made && damaged && rollback && name ? copy_good(file, made, page_size, kept, error)
                                                             : dmap__fail_memory(error, 1, "names of files");
    dmap__file_close(file);
    if (status == DMAP_OK && !replace(name, damaged, rollback, made))
        status = dmap__fail(error, DMAP_EIO, "cannot replace the damaged journal \"%s\": %s", path, strerror(errno));
    if (status == DMAP_OK)
        status = dmap__file_open(file, path, page_size, &is_damaged, error);
    else if (made)
        unlink(made);
    free(made);
    free(damaged);
    free(rollback);
    free(name);
    return status;
}
