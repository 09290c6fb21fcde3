/* What is printed of a journal. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"

static const char *text_at(sqlite3_stmt *row, int column) {
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? text : "";
}

/* ---- show ---- */

static bool count_failed(journal_file *file, int64_t map, const journal_ranges *list, uint64_t *n) {
    sqlite3_stmt *row = journal_prepare(file, "SELECT DISTINCT item FROM failure WHERE map = ?1");
    *n = 0;
    if (!row)
        return false;
    sqlite3_bind_int64(row, 1, map);
    while (sqlite3_step(row) == SQLITE_ROW)
        *n += !journal_find(list, sqlite3_column_int64(row, 0));
    return sqlite3_finalize(row) == SQLITE_OK || journal_fail(file);
}

static bool show_map(journal_file *file, sqlite3_stmt *map) {
    journal_ranges list;
    uint64_t failed;
    char of[32] = "?";
    if (!journal_list(file, sqlite3_column_int64(map, 0), &list))
        return false;
    bool counted = count_failed(file, sqlite3_column_int64(map, 0), &list, &failed);
    if (sqlite3_column_type(map, 5) == SQLITE_INTEGER)
        snprintf(of, sizeof of, "%" PRId64, (int64_t)sqlite3_column_int64(map, 5));
    if (counted)
        printf("%-12s %-16s %-8s %12" PRIu64 " %12s %9" PRIu64 " %9s  %s\n", text_at(map, 1)[0] ? text_at(map, 1) : "-",
               text_at(map, 2), text_at(map, 3), journal_items(&list), of, failed, text_at(map, 6), text_at(map, 7));
    free(list.ranges);
    return counted;
}

bool journal_show(journal_file *file, const char *path, const journal_options *options) {
    sqlite3_stmt *map =
        journal_prepare(file, "SELECT id, name, task, results, source, items, (SELECT count(*) FROM segment "
                              "WHERE map = m.id), (SELECT max(ended) FROM segment WHERE map = m.id) "
                              "FROM map m ORDER BY id");
    (void)path, (void)options;
    if (!map)
        return false;
    bool shown = true;
    printf("%-12s %-16s %-8s %12s %12s %9s %9s  %s\n", "map", "task", "results", "done", "of", "failed", "segments",
           "last written (UTC)");
    while (shown && sqlite3_step(map) == SQLITE_ROW)
        shown = show_map(file, map);
    return (sqlite3_finalize(map) == SQLITE_OK || journal_fail(file)) && shown;
}

/* ---- failed ---- */

/* The last failure of each item. */
bool journal_failed(journal_file *file, const char *path, const journal_options *options) {
    sqlite3_stmt *row = journal_prepare(
        file,
        "SELECT m.id, m.name, f.item, f.attempt, f.rank, f.host, f.seconds, f.sentence, f.code FROM failure f JOIN "
        "map m ON m.id = f.map WHERE f.id IN (SELECT max(id) FROM failure GROUP BY map, item) ORDER BY m.id, "
        "f.item");
    journal_ranges list = {0};
    int64_t listed = -1;
    bool good = row != NULL;
    (void)path, (void)options;
    while (good && sqlite3_step(row) == SQLITE_ROW) {
        int64_t map = sqlite3_column_int64(row, 0);
        if (map != listed) {
            free(list.ranges);
            good = journal_list(file, map, &list);
            listed = map;
        }
        if (!good || journal_find(&list, sqlite3_column_int64(row, 2)))
            continue;
        char said[64];
        snprintf(said, sizeof said, "the task returned %d", sqlite3_column_int(row, 8));
        printf("%s%sitem %s (attempt %s): %s (on %s, rank %s, after %.3g s)\n", text_at(row, 1),
               text_at(row, 1)[0] ? ": " : "", text_at(row, 2), text_at(row, 3),
               text_at(row, 7)[0] ? text_at(row, 7) : said, text_at(row, 5), text_at(row, 4),
               sqlite3_column_double(row, 6));
    }
    free(list.ranges);
    return good && (sqlite3_finalize(row) == SQLITE_OK || journal_fail(file));
}

/* ---- verify ---- */

bool journal_verify(journal_file *file, const char *path, const journal_options *options) {
    sqlite3_stmt *row = journal_prepare(file, "PRAGMA integrity_check(1)");
    uint64_t n = 0, bad = 0;
    (void)path, (void)options;
    if (!row || sqlite3_step(row) != SQLITE_ROW || strcmp(text_at(row, 0), "ok") != 0) {
        snprintf(file->error, sizeof file->error, "it is damaged: %s",
                 row && sqlite3_column_count(row) ? text_at(row, 0) : sqlite3_errmsg(file->db));
        sqlite3_finalize(row);
        return false;
    }
    sqlite3_finalize(row);
    row = journal_prepare(file, "SELECT map, begin, end, sum, failed, hashes, results FROM segment");
    for (; row && sqlite3_step(row) == SQLITE_ROW; n++)
        bad += !journal_has_sum(row);
    if (sqlite3_finalize(row) != SQLITE_OK)
        return journal_fail(file);
    if (bad)
        snprintf(file->error, sizeof file->error,
                 "%" PRIu64 " of %" PRIu64 " segments are damaged: their items will be run again", bad, n);
    else
        printf("%" PRIu64 " segments, each as it was written\n", n);
    return !bad;
}
