#include "base/spawn_record.h"

#include <string.h>

dmap__spawn_record *dmap__spawn_record_add(dmap__block **blocks, dmap__spawn_record_kind kind, size_t size) {
    size_t bytes = dmap__spawn_record_bytes(size);
    dmap__spawn_record *record = bytes ? dmap__block_take(blocks, bytes) : NULL;
    if (!record)
        return NULL;
    memset(record, 0, sizeof *record);
    record->kind = (uint8_t)kind;
    record->size = size;
    return record;
}

static const dmap__spawn_record *record_at(const unsigned char *data, size_t left) {
    const dmap__spawn_record *record = (const dmap__spawn_record *)(const void *)data;
    if (left < sizeof *record)
        return NULL;
    size_t bytes = dmap__spawn_record_bytes((size_t)record->size);
    return bytes && bytes <= left ? record : NULL;
}

const dmap__spawn_record *dmap__spawn_record_next(dmap__spawn_record_cursor *cursor) {
    while (cursor->block && cursor->at == cursor->block->used) {
        cursor->block = cursor->block->next;
        cursor->at = 0;
    }
    if (!cursor->block)
        return NULL;
    const unsigned char *data = dmap__block_data(cursor->block);
    const dmap__spawn_record *record = record_at(data + cursor->at, cursor->block->used - cursor->at);
    if (record)
        cursor->at += dmap__spawn_record_bytes((size_t)record->size);
    return record;
}

bool dmap__spawn_records_are_sound(const void *data, size_t size) {
    const unsigned char *next = data;
    while (size) {
        const dmap__spawn_record *record = record_at(next, size);
        if (!record || record->kind < DMAP__RECORD_ITEM || record->kind > DMAP__RECORD_RAN)
            return false;
        size_t bytes = dmap__spawn_record_bytes((size_t)record->size);
        next += bytes;
        size -= bytes;
    }
    return true;
}

size_t dmap__spawn_records_bytes(const dmap__block *blocks) {
    size_t bytes = 0;
    for (; blocks; blocks = blocks->next)
        bytes += blocks->used;
    return bytes;
}
