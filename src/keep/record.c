/* Rows: made, checked, summed. What comes from a file may be anything: no size in it is believed before it was held
 * against the bytes that are there. */
#include "keep/record.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/fold.h"
#include "base/memory.h"

#define WORD sizeof(uint64_t)

dmap__record *dmap__record_create(uint64_t begin, uint64_t end, size_t hashes_size, size_t failed_size,
                                  size_t results_size) {
    size_t head = dmap__memory_pad(sizeof(dmap__record));
    if (hashes_size > SIZE_MAX / 8 || failed_size > SIZE_MAX / 8 || results_size > SIZE_MAX / 8)
        return NULL;
    dmap__record *record = malloc(head + hashes_size + failed_size + results_size);
    if (!record)
        return NULL;
    *record = (dmap__record){.begin = begin, .end = end};
    record->hashes = (unsigned char *)record + head;
    record->failed = record->hashes + hashes_size;
    record->results = record->failed + failed_size;
    record->hashes_size = hashes_size;
    record->failed_size = failed_size;
    record->results_size = results_size;
    return record;
}

void dmap__record_destroy(dmap__record *record) {
    free(record);
}

size_t dmap__record_bytes(const dmap__record *record) {
    return sizeof *record + record->hashes_size + record->failed_size + record->results_size;
}

int64_t dmap__record_sum(const dmap__record *record, int64_t map) {
    uint64_t sums[6] = {(uint64_t)map,
                        record->begin,
                        record->end,
                        XXH3_64bits(record->hashes, record->hashes_size),
                        XXH3_64bits(record->failed, record->failed_size),
                        XXH3_64bits(record->results, record->results_size)};
    return (int64_t)XXH3_64bits(sums, sizeof sums);
}

uint64_t dmap__record_hash(const void *data, size_t size) {
    return XXH3_64bits(data, size);
}

uint64_t dmap__record_number(const unsigned char *part, uint64_t at) {
    uint64_t value;
    memcpy(&value, part + at * WORD, WORD);
    return value;
}

void dmap__record_set_number(unsigned char *part, uint64_t at, uint64_t value) {
    memcpy(part + at * WORD, &value, WORD);
}

/* ---- checks ---- */

static bool is_failed_sound(const dmap__record *record, uint64_t n) {
    uint64_t count = record->failed_size / WORD, next = 0;
    if (record->failed_size % WORD)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t offset = dmap__record_number(record->failed, i);
        if (offset < next || offset >= n)
            return false;
        next = offset + 1;
    }
    return true;
}

static bool is_table_sound(const dmap__record *record, uint64_t n) {
    if (n > record->results_size / WORD)
        return false;
    size_t left = record->results_size - (size_t)n * WORD;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t size = dmap__record_number(record->results, i);
        if (size == DMAP__RECORD_NONE)
            continue;
        if (size > left)
            return false;
        left -= (size_t)size;
    }
    return left == 0;
}

static bool are_nodes_sound(const dmap__record *record, size_t result_size) {
    size_t at = 0;
    for (uint64_t next = record->begin; next < record->end;) {
        if (record->results_size - at < WORD)
            return false;
        uint64_t size = dmap__record_number(record->results + at, 0);
        at += WORD;
        if (size != DMAP__RECORD_NONE) {
            if (size > record->results_size - at || (result_size != DMAP_VARIABLE && size != result_size))
                return false;
            at += (size_t)size;
        }
        next += UINT64_C(1) << dmap__fold_level(next, record->end);
    }
    return at == record->results_size;
}

bool dmap__record_is_sound(const dmap__record *record, const dmap__record_shape *shape) {
    if (record->begin >= record->end || record->end > INT64_MAX)
        return false;
    uint64_t n = record->end - record->begin;
    if (shape->has_hashes ? record->hashes_size / WORD != n || record->hashes_size % WORD : record->hashes_size != 0)
        return false;
    if (!is_failed_sound(record, n))
        return false;
    if (shape->want == DMAP__WANT_NOTHING)
        return record->results_size == 0;
    if (shape->want == DMAP__WANT_FOLD)
        return are_nodes_sound(record, shape->result_size);
    if (shape->result_size == DMAP_VARIABLE)
        return is_table_sound(record, n);
    return shape->result_size
               ? n == record->results_size / shape->result_size && record->results_size % shape->result_size == 0
               : record->results_size == 0;
}
