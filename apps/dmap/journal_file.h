/* A journal as a file that SQLite reads: its maps, and which row counts for which items. See dmap-journal(1) for the
 * tables. */
#ifndef DMAP_APPS_JOURNAL_FILE_H
#define DMAP_APPS_JOURNAL_FILE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct journal_file {
    sqlite3 *db;
    char error[512]; /* a sentence */
} journal_file;

/** Items [begin, end) that have ended well, by that row: where rows overlap the latest counts. */
typedef struct journal_range {
    int64_t begin, end, row;
} journal_range;

typedef struct journal_ranges {
    journal_range *ranges;
    size_t n, capacity;
} journal_ranges;

/** Opens an existing file. Returns false with a sentence in file->error. */
bool journal_open(journal_file *file, const char *path);
void journal_close(journal_file *file);
/** Prepares a statement. Returns NULL with a sentence in file->error. */
sqlite3_stmt *journal_prepare(journal_file *file, const char *sql);
/** Leaves SQLite's sentence in file->error. Returns false. */
bool journal_fail(journal_file *file);

/** What has ended well of a map, in order and disjoint. Returns false with a sentence. Free with free(list->ranges). */
bool journal_list(journal_file *file, int64_t map, journal_ranges *list);
uint64_t journal_items(const journal_ranges *list);
/** The range that has the item; NULL: none. */
const journal_range *journal_find(const journal_ranges *list, int64_t item);

/** A 64-bit number of a blob. */
uint64_t journal_number(const void *blob, size_t at);
/** True if the row, of the columns map, begin, end, sum, failed, hashes, results, has its checksum. */
bool journal_has_sum(sqlite3_stmt *row);

#endif
