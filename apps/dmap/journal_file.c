#include "journal_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define WORD    sizeof(uint64_t)
#define BUSY_MS 10000 /* that a run may write meanwhile */

bool journal_fail(journal_file *file) {
    snprintf(file->error, sizeof file->error, "%s", sqlite3_errmsg(file->db));
    return false;
}

static bool has_tables(journal_file *file) {
    sqlite3_stmt *rows = journal_prepare(
        file, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('map', 'segment', 'failure')");
    if (!rows)
        return false;
    int code = sqlite3_step(rows);
    bool has_all = code == SQLITE_ROW && sqlite3_column_int(rows, 0) == 3;
    if (code != SQLITE_ROW)
        journal_fail(file);
    else if (!has_all)
        snprintf(file->error, sizeof file->error, "this is no journal of dmap");
    sqlite3_finalize(rows);
    return has_all;
}

/* "file:…" is a file's name here, as any other. */
bool journal_open(journal_file *file, const char *path) {
    char name[4200];
    *file = (journal_file){0};
    snprintf(name, sizeof name, "%s%s", path[0] == '/' ? "" : "./", path);
    if (access(name, R_OK)) {
        snprintf(file->error, sizeof file->error, "there is no such file, or it may not be read");
        return false;
    }
    if (sqlite3_open_v2(name, &file->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        return journal_fail(file);
    sqlite3_busy_timeout(file->db, BUSY_MS);
    sqlite3_db_config(file->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(file->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(file->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_exec(file->db, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON", NULL, NULL, NULL);
    return has_tables(file);
}

void journal_close(journal_file *file) {
    sqlite3_close(file->db);
}

sqlite3_stmt *journal_prepare(journal_file *file, const char *sql) {
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(file->db, sql, -1, &statement, NULL) != SQLITE_OK)
        journal_fail(file);
    return statement;
}

uint64_t journal_number(const void *blob, size_t at) {
    uint64_t value;
    memcpy(&value, (const unsigned char *)blob + at * WORD, WORD);
    return value;
}

static uint64_t hash_of(sqlite3_stmt *row, int column) {
    size_t size = (size_t)sqlite3_column_bytes(row, column);
    const void *blob = sqlite3_column_blob(row, column);
    return XXH3_64bits(blob ? blob : "", blob ? size : 0);
}

bool journal_has_sum(sqlite3_stmt *row) {
    uint64_t sums[6] = {(uint64_t)sqlite3_column_int64(row, 0),
                        (uint64_t)sqlite3_column_int64(row, 1),
                        (uint64_t)sqlite3_column_int64(row, 2),
                        hash_of(row, 5),
                        hash_of(row, 4),
                        hash_of(row, 6)};
    return (int64_t)XXH3_64bits(sums, sizeof sums) == sqlite3_column_int64(row, 3);
}

/* ---- what counts ---- */

static bool add(journal_ranges *list, int64_t begin, int64_t end, int64_t row) {
    if (begin >= end)
        return true;
    if (list->n == list->capacity) {
        size_t wider = list->capacity ? 2 * list->capacity : 64;
        journal_range *ranges = realloc(list->ranges, wider * sizeof *ranges);
        if (!ranges)
            return false;
        list->ranges = ranges;
        list->capacity = wider;
    }
    list->ranges[list->n++] = (journal_range){begin, end, row};
    return true;
}

/* The row's range, less what has failed in it. */
static bool add_row(journal_ranges *list, sqlite3_stmt *row) {
    int64_t id = sqlite3_column_int64(row, 0), begin = sqlite3_column_int64(row, 1), end = sqlite3_column_int64(row, 2);
    size_t failed = (size_t)sqlite3_column_bytes(row, 3) / WORD;
    const void *blob = sqlite3_column_blob(row, 3);
    int64_t at = begin;
    for (size_t i = 0; blob && i < failed && at < end; i++) {
        uint64_t offset = journal_number(blob, i);
        if (offset >= (uint64_t)end - (uint64_t)begin || begin + (int64_t)offset < at)
            return true; /* damaged */
        if (!add(list, at, begin + (int64_t)offset, id))
            return false;
        at = begin + (int64_t)offset + 1;
    }
    return add(list, at, end, id);
}

static int by_begin(const void *a, const void *b) {
    const journal_range *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->row < y->row) - (x->row > y->row);
}

/* Cuts what later rows have out of the range at i; what is left of it goes to `to`. */
static bool cut_out(const journal_ranges *from, size_t i, size_t first, journal_ranges *to) {
    const journal_range *range = &from->ranges[i];
    int64_t at = range->begin;
    for (size_t k = first; k < from->n && from->ranges[k].begin < range->end && at < range->end; k++) {
        const journal_range *other = &from->ranges[k];
        if (other->row <= range->row || other->end <= at)
            continue;
        if (!add(to, at, other->begin < range->end ? other->begin : range->end, range->row))
            return false;
        at = other->end;
    }
    return add(to, at, range->end, range->row);
}

/* Rows overlap where items were run again: few do. */
static bool flatten(journal_ranges *list) {
    journal_ranges flat = {0};
    bool done = true;
    size_t first = 0; /* all before end where the range begins, or earlier */
    int64_t highest = INT64_MIN;
    for (size_t i = 0; done && i < list->n; i++) {
        if (highest <= list->ranges[i].begin)
            first = i;
        highest = list->ranges[i].end > highest ? list->ranges[i].end : highest;
        done = cut_out(list, i, first, &flat);
    }
    free(list->ranges);
    *list = flat;
    if (flat.n)
        qsort(list->ranges, list->n, sizeof *list->ranges, by_begin);
    return done;
}

bool journal_list(journal_file *file, int64_t map, journal_ranges *list) {
    sqlite3_stmt *row = journal_prepare(file, "SELECT id, begin, end, failed FROM segment WHERE map = ?1");
    bool has_room = true;
    *list = (journal_ranges){0};
    if (!row)
        return false;
    sqlite3_bind_int64(row, 1, map);
    while (has_room && sqlite3_step(row) == SQLITE_ROW)
        has_room = add_row(list, row);
    if (sqlite3_finalize(row) != SQLITE_OK)
        return journal_fail(file);
    if (list->n)
        qsort(list->ranges, list->n, sizeof *list->ranges, by_begin);
    if (!has_room || !flatten(list)) {
        snprintf(file->error, sizeof file->error, "out of memory");
        return false;
    }
    return true;
}

uint64_t journal_items(const journal_ranges *list) {
    uint64_t items = 0;
    for (size_t i = 0; i < list->n; i++)
        items += (uint64_t)(list->ranges[i].end - list->ranges[i].begin);
    return items;
}

const journal_range *journal_find(const journal_ranges *list, int64_t item) {
    size_t low = 0, high = list->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->ranges[middle].end <= item)
            low = middle + 1;
        else
            high = middle;
    }
    return low < list->n && list->ranges[low].begin <= item ? &list->ranges[low] : NULL;
}
