/* Records are gathered until the command line is full. Each adds what a second one of its kind would: so the whole line
 * is measured never, and a record costs two short ones. When the input has ended before the line was full, what is left
 * is dealt out evenly, so that all slots have some. */
#include "run/input/pack.h"

#include <stdio.h>
#include <stdlib.h>

void run_pack_free(run_pack *pack) {
    run_fields_free(&pack->fields);
    free(pack->ends);
    *pack = (run_pack){0};
}

static bool note_record(run_pack *pack) {
    if (pack->count == pack->room) {
        size_t room = pack->room ? 2 * pack->room : 64;
        size_t *ends = realloc(pack->ends, room * sizeof *ends);
        if (!ends)
            return false;
        pack->ends = ends;
        pack->room = room;
    }
    pack->ends[pack->count++] = (size_t)pack->fields.count;
    return true;
}

static size_t begin_of(const run_pack *pack, size_t record) {
    return record > 0 ? pack->ends[record - 1] : 0;
}

/* Records [first, end). */
static run_values records(const run_pack *pack, const run_values *all, size_t first, size_t end) {
    size_t begin = begin_of(pack, first);
    return (run_values){
        .value = all->value + begin, .size = all->size + begin, .count = (int)(begin_of(pack, end) - begin)};
}

/* What the last record adds to the command line. */
static bool measure_last(run_pack *pack, size_t *bytes) {
    run_values all, one;
    run_fields twice = {0};
    if (!run_fields_values(&pack->fields, &all))
        return false;
    one = records(pack, &all, pack->count - 1, pack->count);
    *bytes = pack->measure(pack->arg, &one);
    if (pack->count - pack->next == 1)
        return true;
    for (int i = 0; i < 2 * one.count; i++)
        run_fields_add(&twice, one.value[i % one.count], one.size[i % one.count]);
    bool good = run_fields_values(&twice, &all);
    *bytes = good ? pack->measure(pack->arg, &all) - *bytes : 0;
    run_fields_free(&twice);
    return good;
}

/* Does away with what was handed out. */
static bool drop_handed_out(run_pack *pack) {
    run_fields kept = {0};
    run_values all = {0};
    if (pack->next == 0)
        return true;
    size_t begin = begin_of(pack, pack->next), left = pack->count - pack->next;
    bool good = run_fields_values(&pack->fields, &all);
    for (int i = (int)begin; good && i < all.count; i++)
        run_fields_add(&kept, all.value[i], all.size[i]);
    for (size_t i = 0; i < left; i++)
        pack->ends[i] = pack->ends[pack->next + i] - begin;
    run_fields_free(&pack->fields);
    pack->fields = kept;
    pack->count = left;
    pack->next = 0;
    return good && !kept.broken && !kept.bytes.broken;
}

static int out_of_memory(char *error, size_t size) {
    snprintf(error, size, "out of memory");
    return RUN_INPUT_ERROR;
}

/* As many records as a job may have; and one more where the last are spread: it tells whether these are. */
static bool has_enough(const run_pack *pack) {
    return pack->most_records > 0 && pack->count >= pack->most_records + (pack->slots > 0);
}

/* Gathers until the line is full (*end: the record that it is full before), or the input has ended. */
static int gather(run_pack *pack, run_cross *cross, size_t *end, char *error, size_t size) {
    size_t bytes;
    while (!pack->ended && !has_enough(pack)) {
        int got = run_cross_next(cross, &pack->fields, error, size);
        if (got != RUN_INPUT_JOB && got != RUN_INPUT_END)
            return got;
        if ((pack->ended = got == RUN_INPUT_END))
            break;
        if (!note_record(pack) || !measure_last(pack, &bytes))
            return out_of_memory(error, size);
        pack->bytes += bytes;
        if (pack->bytes < pack->most_bytes)
            continue;
        *end = pack->count - 1;
        if (*end > 0)
            return RUN_INPUT_JOB;
        snprintf(error, size, "a command line of %zu bytes is too long: -s allows fewer than %zu", pack->bytes,
                 pack->most_bytes);
        return RUN_INPUT_ERROR;
    }
    *end = pack->most_records > 0 && pack->count > pack->most_records ? pack->most_records : pack->count;
    return RUN_INPUT_JOB;
}

int run_pack_next(run_pack *pack, run_cross *cross, run_values *values, char *error, size_t size) {
    size_t end = 0, bytes = 0;
    run_values all;
    if (pack->next > 0) {
        if (!drop_handed_out(pack) || (pack->count > 0 && !measure_last(pack, &bytes)))
            return out_of_memory(error, size);
        pack->bytes = bytes; /* the line that was full left one record, unless the input has ended */
    }
    int got = gather(pack, cross, &end, error, size);
    if (got != RUN_INPUT_JOB)
        return got;
    if (pack->ended && end > 1 && pack->slots > 0) {
        pack->most_records = (pack->count + (size_t)pack->slots - 1) / (size_t)pack->slots;
        pack->slots = 0;
        end = pack->most_records;
    }
    if (end == 0)
        return RUN_INPUT_END;
    if (!run_fields_values(&pack->fields, &all))
        return out_of_memory(error, size);
    *values = records(pack, &all, 0, end);
    pack->next = end;
    return RUN_INPUT_JOB;
}
