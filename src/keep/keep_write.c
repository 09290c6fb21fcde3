/* A commit: what came since the one before is one transaction, so that a crash leaves all of it or nothing. */
#include <stdlib.h>

#include "base/text.h"
#include "keep/keep_state.h"

#define PUSH_BYTES ((size_t)256 << 10) /* of a row */

void dmap__keep_free_entries(dmap__keep_entry *entries) {
    while (entries) {
        dmap__keep_entry *next = entries->next;
        dmap__record_destroy(entries->record);
        dmap__text_free(entries->failure.text);
        free(entries);
        entries = next;
    }
}

static void bind_part(sqlite3_stmt *insert, int column, const unsigned char *part, size_t size) {
    if (size)
        sqlite3_bind_blob64(insert, column, part, size, SQLITE_STATIC);
    else
        sqlite3_bind_null(insert, column);
}

static bool write_row(dmap__file *file, const dmap__keep_entry *entry) {
    const dmap__record *r = entry->record;
    if (!dmap__file_prepare(file, &file->insert,
                            "INSERT INTO segment (map, begin, end, rank, host, attempt, seconds, sum, failed, hashes, "
                            "results, ended) VALUES (?,?,?,?,?,?,?,?,?,?,?,datetime())"))
        return false;
    sqlite3_stmt *insert = file->insert;
    sqlite3_bind_int64(insert, 1, entry->map->id);
    sqlite3_bind_int64(insert, 2, (int64_t)r->begin);
    sqlite3_bind_int64(insert, 3, (int64_t)r->end);
    sqlite3_bind_int(insert, 4, r->rank);
    sqlite3_bind_text(insert, 5, r->host, -1, SQLITE_STATIC);
    sqlite3_bind_int(insert, 6, r->attempt);
    sqlite3_bind_double(insert, 7, r->seconds);
    sqlite3_bind_int64(insert, 8, dmap__record_sum(r, entry->map->id));
    bind_part(insert, 9, r->failed, r->failed_size);
    bind_part(insert, 10, r->hashes, r->hashes_size);
    bind_part(insert, 11, r->results, r->results_size);
    sqlite3_step(insert);
    bool written = sqlite3_reset(insert) == SQLITE_OK;
    if (r->results_size >= PUSH_BYTES)
        dmap__file_push(file);
    return written;
}

static bool write_failure(dmap__file *file, const dmap__keep_entry *entry) {
    const dmap__failure *f = &entry->failure;
    if (!dmap__file_prepare(file, &file->insert_failure,
                            "INSERT INTO failure (map, item, status, code, signal, attempt, rank, host, seconds, "
                            "sentence, ended) VALUES (?,?,?,?,?,?,?,?,?,?,datetime())"))
        return false;
    sqlite3_stmt *insert = file->insert_failure;
    sqlite3_bind_int64(insert, 1, entry->map->id);
    sqlite3_bind_int64(insert, 2, (int64_t)entry->index);
    sqlite3_bind_int(insert, 3, f->status);
    sqlite3_bind_int(insert, 4, f->code);
    sqlite3_bind_int(insert, 5, f->signal);
    sqlite3_bind_int(insert, 6, f->attempt);
    sqlite3_bind_int(insert, 7, entry->rank);
    sqlite3_bind_text(insert, 8, entry->host, -1, SQLITE_STATIC);
    sqlite3_bind_double(insert, 9, f->seconds);
    sqlite3_bind_text(insert, 10, f->text, -1, SQLITE_STATIC);
    sqlite3_step(insert);
    return sqlite3_reset(insert) == SQLITE_OK;
}

static bool run_one(const dmap__file *file, sqlite3_stmt **statement, const char *sql) {
    if (!dmap__file_prepare(file, statement, sql))
        return false;
    sqlite3_step(*statement);
    return sqlite3_reset(*statement) == SQLITE_OK;
}

static dmap_status roll_back(dmap__keep *keep, dmap__error *error) {
    dmap__file *file = &keep->file;
    dmap_status status = dmap__file_fail(file, "write", error);
    if (!sqlite3_get_autocommit(file->db))
        run_one(file, &file->rollback, "ROLLBACK");
    return status;
}

dmap_status dmap__keep_insert(dmap__keep *keep, const dmap__keep_entry *entries, dmap__error *error) {
    dmap__file *file = &keep->file;
    bool written = !sqlite3_get_autocommit(file->db) || run_one(file, &file->begin, "BEGIN IMMEDIATE");
    for (; written && entries; entries = entries->next)
        written = entries->record ? write_row(file, entries) : write_failure(file, entries);
    return written ? DMAP_OK : roll_back(keep, error);
}

dmap_status dmap__keep_commit(dmap__keep *keep, dmap__error *error) {
    return run_one(&keep->file, &keep->file.commit, "COMMIT") ? DMAP_OK : roll_back(keep, error);
}
