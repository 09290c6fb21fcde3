/* Results item by item, and what is dropped. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"

/* A line: items [begin, end) of a map, and what they gave. */
typedef struct line {
    const char *map, *host, *ended;
    int64_t begin, end;
    int rank, attempt;
    double seconds;
    const unsigned char *result; /* NULL: none of its own */
    size_t size;
} line;

static void print_hex(const line *l) {
    for (size_t i = 0; l->result && i < l->size; i++)
        printf("%02x", l->result[i]);
}

/* Names and hosts may have anything in them. */
static void print_quoted(const char *text, bool is_json) {
    putchar('"');
    for (const char *c = text; *c; c++)
        if (is_json && (unsigned char)*c < 0x20)
            printf("\\u%04x", (unsigned)*c);
        else if (*c == '"' || (is_json && *c == '\\'))
            printf("%c%c", is_json ? '\\' : '"', *c);
        else
            putchar(*c);
    putchar('"');
}

static void print_line(const line *l, bool is_json) {
    fputs(is_json ? "{\"map\": " : "", stdout);
    print_quoted(l->map, is_json);
    printf(is_json ? ", \"begin\": %" PRId64 ", \"end\": %" PRId64 ", \"rank\": %d, \"host\": "
                   : ",%" PRId64 ",%" PRId64 ",%d,",
           l->begin, l->end, l->rank);
    print_quoted(l->host, is_json);
    printf(is_json ? ", \"attempt\": %d, \"seconds\": %.9g, \"ended\": \"%s\", \"result\": " : ",%d,%.9g,%s,",
           l->attempt, l->seconds, l->ended);
    fputs(is_json ? (l->result ? "\"" : "null") : "", stdout);
    print_hex(l);
    fputs(is_json ? (l->result ? "\"}\n" : "}\n") : "\n", stdout);
}

static const char *text_at(sqlite3_stmt *row, int column) {
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? text : "";
}

/* Of a row; the first seven are those that journal_has_sum wants. */
enum { BEGIN = 1, END, RESULTS = 6, RANK, HOST, ATTEMPT, SECONDS, ENDED };

/* Results of a row, one after the other. */
typedef struct walk {
    const unsigned char *results;
    size_t all, at;      /* bytes; those of the items before */
    int64_t n, next;     /* items */
    int64_t result_size; /* < 0: any */
} walk;

static walk walk_of(sqlite3_stmt *row, int64_t n, int64_t result_size) {
    walk w = {.all = (size_t)sqlite3_column_bytes(row, RESULTS), .n = n, .result_size = result_size};
    w.results = sqlite3_column_blob(row, RESULTS);
    bool has_table = result_size < 0 && n > 0 && (uint64_t)n <= w.all / 8;
    w.at = has_table ? (size_t)n * 8 : 0;
    if (!w.results || (result_size < 0 && !has_table))
        w.all = 0;
    return w;
}

/* The next result. False: the row is damaged. */
static bool step(walk *w, const unsigned char **result, size_t *size) {
    uint64_t one = w->result_size < 0 ? (w->all ? journal_number(w->results, (size_t)w->next) : UINT64_MAX - 1)
                                      : (uint64_t)w->result_size;
    *size = one == UINT64_MAX ? 0 : (size_t)one;
    if (*size > w->all - w->at)
        return false;
    *result = w->all ? w->results + w->at : (const unsigned char *)"";
    w->at += *size;
    w->next++;
    return true;
}

/* Of maps that keep each result a line an item, else one for the range. */
static void export_range(sqlite3_stmt *map, sqlite3_stmt *row, const journal_range *range, bool is_json) {
    int64_t begin = sqlite3_column_int64(row, BEGIN), end = sqlite3_column_int64(row, END);
    walk w = walk_of(row, end - begin, sqlite3_column_int64(map, 3));
    line l = {.map = text_at(map, 1),
              .begin = range->begin,
              .end = range->end,
              .rank = sqlite3_column_int(row, RANK),
              .host = text_at(row, HOST),
              .attempt = sqlite3_column_int(row, ATTEMPT),
              .seconds = sqlite3_column_double(row, SECONDS),
              .ended = text_at(row, ENDED)};
    if (strcmp(text_at(map, 2), "each") != 0) {
        print_line(&l, is_json);
        return;
    }
    for (int64_t i = begin; i < range->end && step(&w, &l.result, &l.size); i++) {
        l.begin = i;
        l.end = i + 1;
        if (i >= range->begin)
            print_line(&l, is_json);
    }
}

/* *left_out: items more that are in damaged rows. */
static bool export_map(journal_file *file, sqlite3_stmt *map, bool is_json, uint64_t *left_out) {
    journal_ranges list;
    sqlite3_stmt *row = journal_prepare(file, "SELECT map, begin, end, sum, failed, hashes, results, rank, host, "
                                              "attempt, seconds, ended FROM segment WHERE id = ?1");
    if (!row || !journal_list(file, sqlite3_column_int64(map, 0), &list)) {
        sqlite3_finalize(row);
        return false;
    }
    for (size_t i = 0; i < list.n; i++) {
        sqlite3_bind_int64(row, 1, list.ranges[i].row);
        if (sqlite3_step(row) == SQLITE_ROW && journal_has_sum(row))
            export_range(map, row, &list.ranges[i], is_json);
        else
            *left_out += (uint64_t)(list.ranges[i].end - list.ranges[i].begin);
        sqlite3_reset(row);
    }
    free(list.ranges);
    return sqlite3_finalize(row) == SQLITE_OK || journal_fail(file);
}

bool journal_export(journal_file *file, const char *path, const journal_options *options) {
    sqlite3_stmt *map = journal_prepare(file, "SELECT id, name, results, result_size FROM map ORDER BY id");
    bool good = map != NULL;
    uint64_t left_out = 0;
    (void)path;
    if (good && !options->jsonl)
        printf("map,begin,end,rank,host,attempt,seconds,ended,result\n");
    while (good && sqlite3_step(map) == SQLITE_ROW)
        good = export_map(file, map, options->jsonl, &left_out);
    if (!good || sqlite3_finalize(map) != SQLITE_OK)
        return good && journal_fail(file);
    if (left_out)
        snprintf(file->error, sizeof file->error,
                 "items in damaged segments are left out: %" PRIu64 "; the next run runs them again", left_out);
    return !left_out;
}

/* ---- prune ---- */

/* True if the lock file names a process that may still write. One of this host that is gone does not. */
static bool is_in_use(const char *path) {
    char name[4200], host[256] = "", here[256] = "";
    long process = 0;
    snprintf(name, sizeof name, "%s.lock", path);
    FILE *file = fopen(name, "r");
    if (!file)
        return false;
    int n = fscanf(file, "%255s %ld", host, &process);
    fclose(file);
    gethostname(here, sizeof here - 1);
    return n != 2 || strcmp(host, here) != 0 || kill((pid_t)process, 0) == 0 || errno != ESRCH;
}

static bool drop_rows(journal_file *file, int64_t map, const journal_ranges *list) {
    sqlite3_stmt *row =
        journal_prepare(file, "SELECT map, begin, end, sum, failed, hashes, results, id FROM segment WHERE map = ?1");
    sqlite3_stmt *drop = journal_prepare(file, "DELETE FROM segment WHERE id = ?1");
    bool good = row && drop;
    sqlite3_bind_int64(row, 1, map);
    while (good && sqlite3_step(row) == SQLITE_ROW) {
        bool counts = false;
        int64_t id = sqlite3_column_int64(row, 7), end = sqlite3_column_int64(row, 2);
        const journal_range *range = journal_find(list, sqlite3_column_int64(row, 1));
        if (!range)
            range = list->ranges;
        for (; !counts && range && range < list->ranges + list->n && range->begin < end; range++)
            counts = range->row == id;
        if (counts && journal_has_sum(row))
            continue;
        sqlite3_bind_int64(drop, 1, id);
        sqlite3_step(drop);
        good = sqlite3_reset(drop) == SQLITE_OK;
    }
    sqlite3_finalize(drop);
    return (sqlite3_finalize(row) == SQLITE_OK && good) || journal_fail(file);
}

static bool drop_failures(journal_file *file, int64_t map, const journal_ranges *list) {
    sqlite3_stmt *row = journal_prepare(file, "SELECT id, item FROM failure WHERE map = ?1");
    sqlite3_stmt *drop = journal_prepare(file, "DELETE FROM failure WHERE id = ?1");
    bool good = row && drop;
    sqlite3_bind_int64(row, 1, map);
    while (good && sqlite3_step(row) == SQLITE_ROW) {
        if (!journal_find(list, sqlite3_column_int64(row, 1)))
            continue;
        sqlite3_bind_int64(drop, 1, sqlite3_column_int64(row, 0));
        sqlite3_step(drop);
        good = sqlite3_reset(drop) == SQLITE_OK;
    }
    sqlite3_finalize(drop);
    return (sqlite3_finalize(row) == SQLITE_OK && good) || journal_fail(file);
}

bool journal_prune(journal_file *file, const char *path, const journal_options *options) {
    (void)options;
    if (is_in_use(path)) {
        snprintf(file->error, sizeof file->error, "a run has it: see %.300s.lock", path);
        return false;
    }
    sqlite3_stmt *map = journal_prepare(file, "SELECT id FROM map");
    bool good = map && sqlite3_exec(file->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
    while (good && sqlite3_step(map) == SQLITE_ROW) {
        journal_ranges list;
        int64_t id = sqlite3_column_int64(map, 0);
        good = journal_list(file, id, &list) && drop_rows(file, id, &list) && drop_failures(file, id, &list);
        free(list.ranges);
    }
    good = sqlite3_finalize(map) == SQLITE_OK && good;
    return (good && sqlite3_exec(file->db, "COMMIT; VACUUM", NULL, NULL, NULL) == SQLITE_OK) || journal_fail(file);
}
