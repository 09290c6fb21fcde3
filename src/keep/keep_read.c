/* What a file has of a map: whether it is the same map, which items have ended well, and their rows. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "keep/keep_state.h"

#define LAYOUT_VERSION "1"
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LAYOUT LAYOUT_VERSION ", little-endian"
#else
#define LAYOUT LAYOUT_VERSION ", big-endian"
#endif

/* ---- opening ---- */

static dmap_status salvage(dmap__keep *keep, dmap__error *error) {
    uint64_t kept;
    dmap_status status = dmap__file_salvage(&keep->file, keep->page_size, &kept, error);
    if (status == DMAP_OK)
        fprintf(stderr,
                "dmap: the journal \"%s\" was damaged: %" PRIu64 " segments of it are kept, what it was is in "
                "\"%s.damaged\"\n",
                keep->path, kept, keep->path);
    return status;
}

dmap_status dmap__keep_open_file(dmap__keep *keep, dmap__keep_map *map, dmap__error *error) {
    bool is_damaged;
    (void)map;
    dmap_status status = dmap__lock_file_take(&keep->held, keep->path, error);
    if (status != DMAP_OK)
        return status;
    status = dmap__file_open(&keep->file, keep->path, keep->page_size, &is_damaged, error);
    return status != DMAP_OK && is_damaged ? salvage(keep, error) : status;
}

/* ---- the same map ---- */

static const char *results_of(const dmap__record_shape *shape) {
    return shape->want == DMAP__WANT_FOLD ? "fold" : shape->want == DMAP__WANT_RESULTS ? "each" : "nothing";
}

static int64_t size_of(size_t size) {
    return size == DMAP_VARIABLE ? -1 : (int64_t)size;
}

static void describe(const dmap__keep_request *request, char *seed, char *source, size_t size) {
    snprintf(seed, size, "%" PRIu64, request->seed);
    if (request->shape.has_hashes)
        snprintf(source, size, "items");
    else
        snprintf(source, size, "range from %" PRIu64, request->first);
}

static dmap_status differ(const dmap__keep_map *map, const char *what, const char *theirs, const char *ours,
                          dmap__error *error) {
    return dmap__fail(error, DMAP_EINVAL, "the journal \"%s\" is of another map%s%s%s: its %s is %s, this one's is %s",
                      map->keep->path, map->name[0] ? " \"" : "", map->name, map->name[0] ? "\"" : "", what, theirs,
                      ours);
}

static dmap_status differ_in_size(const dmap__keep_map *map, const char *what, int64_t theirs, int64_t ours,
                                  dmap__error *error) {
    char a[32], b[32];
    snprintf(a, sizeof a, theirs < 0 ? "any" : "%" PRId64, theirs);
    snprintf(b, sizeof b, ours < 0 ? "any" : "%" PRId64, ours);
    return differ(map, what, a, b, error);
}

static const char *text_at(sqlite3_stmt *row, int column) {
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? text : "";
}

static dmap_status compare(const dmap__keep_map *map, sqlite3_stmt *row, dmap__error *error) {
    const dmap__keep_request *r = &map->request;
    char seed[64], source[64];
    describe(r, seed, source, sizeof seed);
    const struct {
        const char *what, *ours;
    } texts[] = {{"task", r->task->name},
                 {"seed", seed},
                 {"kind of results", results_of(&r->shape)},
                 {"source", source},
                 {"layout", LAYOUT}};
    for (int i = 0; i < 5; i++)
        if (strcmp(text_at(row, i + 1), texts[i].ours) != 0)
            return differ(map, texts[i].what, text_at(row, i + 1), texts[i].ours, error);
    if (sqlite3_column_int64(row, 6) != size_of(r->task->item_size))
        return differ_in_size(map, "item size", sqlite3_column_int64(row, 6), size_of(r->task->item_size), error);
    if (sqlite3_column_int64(row, 7) != size_of(r->task->result_size))
        return differ_in_size(map, "result size", sqlite3_column_int64(row, 7), size_of(r->task->result_size), error);
    return DMAP_OK;
}

static bool insert_map(dmap__keep *keep, dmap__keep_map *map) {
    const dmap__keep_request *r = &map->request;
    sqlite3_stmt *insert = NULL;
    char seed[64], source[64];
    describe(r, seed, source, sizeof seed);
    if (!dmap__file_prepare(
            &keep->file, &insert,
            "INSERT INTO map (name, task, item_size, result_size, seed, results, source, layout, items, "
            "made) VALUES (?,?,?,?,?,?,?,?,?,datetime())"))
        return false;
    sqlite3_bind_text(insert, 1, map->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 2, r->task->name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 3, size_of(r->task->item_size));
    sqlite3_bind_int64(insert, 4, size_of(r->task->result_size));
    sqlite3_bind_text(insert, 5, seed, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 6, results_of(&r->shape), -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 7, source, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 8, LAYOUT, -1, SQLITE_STATIC);
    if (r->count < INT64_MAX)
        sqlite3_bind_int64(insert, 9, (int64_t)r->count);
    sqlite3_step(insert);
    bool done = sqlite3_finalize(insert) == SQLITE_OK;
    map->id = sqlite3_last_insert_rowid(keep->file.db);
    return done;
}

/* *is_new: it has no rows */
static dmap_status identify(dmap__keep *keep, dmap__keep_map *map, bool *is_new, dmap__error *error) {
    sqlite3_stmt *row = NULL;
    if (!dmap__file_prepare(&keep->file, &row,
                            "SELECT id, task, seed, results, source, layout, item_size, result_size FROM map WHERE "
                            "name = ?1"))
        return dmap__file_fail(&keep->file, "read", error);
    sqlite3_bind_text(row, 1, map->name, -1, SQLITE_STATIC);
    int code = sqlite3_step(row);
    dmap_status status = code == SQLITE_ROW ? compare(map, row, error) : DMAP_OK;
    if (code == SQLITE_ROW)
        map->id = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    *is_new = code == SQLITE_DONE;
    if (code != SQLITE_ROW && (code != SQLITE_DONE || !insert_map(keep, map)))
        return dmap__file_fail(&keep->file, code == SQLITE_DONE ? "write" : "read", error);
    return status;
}

/* ---- what has ended well ---- */

/* The first item at or after `from` that is to be run, of a row of which all else counts; its end if there is none. */
static uint64_t next_bad(const dmap__keep_request *request, const dmap__record *row, uint64_t from) {
    uint64_t limit = row->end < request->count ? row->end : request->count;
    for (uint64_t i = 0; i < row->failed_size / sizeof(uint64_t); i++) {
        uint64_t failed = row->begin + dmap__record_number(row->failed, i);
        if (failed >= from) {
            limit = failed < limit ? failed : limit;
            break;
        }
    }
    if (request->hash && row->hashes_size)
        for (uint64_t i = from; i < limit; i++)
            if (request->hash(request->arg, i) != dmap__record_number(row->hashes, i - row->begin))
                return i;
    return limit;
}

/* Of a fold, items that were combined with one that is to be run have to be, too: the node that holds it. */
static void widen(const dmap__keep_request *request, const dmap__record *row, uint64_t bad, uint64_t *begin,
                  uint64_t *end) {
    *begin = bad;
    *end = bad + 1;
    if (request->shape.want != DMAP__WANT_FOLD)
        return;
    for (*end = row->begin; *end <= bad;) {
        *begin = *end;
        *end += UINT64_C(1) << dmap__fold_level(*end, row->end);
    }
}

static bool add_good(dmap__keep_map *map, const dmap__record *row, int64_t id) {
    const dmap__keep_request *request = &map->request;
    uint64_t at = row->begin;
    while (at < row->end && at < request->count) {
        uint64_t bad = next_bad(request, row, at), begin = bad, end = bad;
        if (bad < row->end)
            widen(request, row, bad, &begin, &end);
        if (begin > at && !dmap__past_add(&map->past, at, begin, id))
            return false;
        if (bad == row->end)
            break;
        at = end;
    }
    return true;
}

/* The row's range, and what says which of its items count. It is believed once it was loaded. */
static bool look_at_row(dmap__keep_map *map, sqlite3_stmt *row) {
    dmap__record r = {.begin = (uint64_t)sqlite3_column_int64(row, 1), .end = (uint64_t)sqlite3_column_int64(row, 2)};
    dmap__file_part(row, 3, &r.failed, &r.failed_size);
    dmap__file_part(row, 4, &r.hashes, &r.hashes_size);
    bool has_range = r.begin < r.end && r.end <= INT64_MAX;
    bool has_hashes = map->request.shape.has_hashes;
    if (!has_range || r.failed_size % sizeof(uint64_t) ||
        (has_hashes && r.hashes_size != (r.end - r.begin) * sizeof(uint64_t)) || (!has_hashes && r.hashes_size))
        return true;
    return add_good(map, &r, sqlite3_column_int64(row, 0));
}

static dmap_status list(dmap__keep *keep, dmap__keep_map *map, bool *is_damaged, dmap__error *error) {
    sqlite3_stmt *row = NULL;
    int code = SQLITE_ERROR;
    bool has_room = true;
    dmap__past_fini(&map->past);
    if (dmap__file_prepare(&keep->file, &row,
                           "SELECT id, begin, end, failed, hashes FROM segment WHERE map = ?1 ORDER BY id")) {
        sqlite3_bind_int64(row, 1, map->id);
        while (has_room && (code = sqlite3_step(row)) == SQLITE_ROW)
            has_room = look_at_row(map, row);
    }
    sqlite3_finalize(row);
    *is_damaged = has_room && code != SQLITE_DONE && dmap__file_is_damaged(&keep->file);
    if (has_room && code != SQLITE_DONE)
        return dmap__file_fail(&keep->file, "read", error);
    if (!has_room || !dmap__past_settle(&map->past, map->request.shape.want == DMAP__WANT_FOLD))
        return dmap__fail(error, DMAP_ENOMEM, "out of memory for what the journal \"%s\" has", keep->path);
    return DMAP_OK;
}

static dmap_status find(dmap__keep *keep, dmap__keep_map *map, bool *is_damaged, dmap__error *error) {
    bool is_new = false;
    dmap_status status = identify(keep, map, &is_new, error);
    *is_damaged = status == DMAP_EIO && dmap__file_is_damaged(&keep->file);
    return status == DMAP_OK && !is_new ? list(keep, map, is_damaged, error) : status;
}

dmap_status dmap__keep_find_map(dmap__keep *keep, dmap__keep_map *map, dmap__error *error) {
    bool is_damaged;
    dmap_status status = find(keep, map, &is_damaged, error);
    if (status == DMAP_OK || !is_damaged)
        return status;
    status = salvage(keep, error);
    return status == DMAP_OK ? find(keep, map, &is_damaged, error) : status;
}

/* ---- a row ---- */

static void copy_part(unsigned char *to, const unsigned char *from, size_t size) {
    if (size)
        memcpy(to, from, size);
}

static dmap__record *record_of(sqlite3_stmt *row) {
    unsigned char *failed, *hashes, *results;
    size_t failed_size, hashes_size, results_size;
    dmap__file_part(row, 6, &failed, &failed_size);
    dmap__file_part(row, 7, &hashes, &hashes_size);
    dmap__file_part(row, 8, &results, &results_size);
    dmap__record *r =
        dmap__record_create((uint64_t)sqlite3_column_int64(row, 0), (uint64_t)sqlite3_column_int64(row, 1), hashes_size,
                            failed_size, results_size);
    if (!r)
        return NULL;
    r->rank = sqlite3_column_int(row, 2);
    r->attempt = sqlite3_column_int(row, 3);
    r->seconds = sqlite3_column_double(row, 4);
    r->sum = sqlite3_column_int64(row, 5);
    copy_part(r->failed, failed, failed_size);
    copy_part(r->hashes, hashes, hashes_size);
    copy_part(r->results, results, results_size);
    return r;
}

dmap__record *dmap__keep_load(dmap__keep *keep, const dmap__keep_map *map, const dmap__past_range *range) {
    dmap__file *file = &keep->file;
    dmap__record *record = NULL;
    if (!dmap__file_prepare(
            file, &file->load,
            "SELECT begin, end, rank, attempt, seconds, sum, failed, hashes, results FROM segment WHERE "
            "id = ?1"))
        return NULL;
    sqlite3_bind_int64(file->load, 1, range->row);
    if (sqlite3_step(file->load) == SQLITE_ROW)
        record = record_of(file->load);
    sqlite3_reset(file->load);
    bool is_good = record && dmap__record_sum(record, map->id) == record->sum &&
                   dmap__record_is_sound(record, &map->request.shape) && record->begin <= range->begin &&
                   range->end <= record->end;
    if (!is_good) {
        dmap__record_destroy(record);
        return NULL;
    }
    return record;
}
