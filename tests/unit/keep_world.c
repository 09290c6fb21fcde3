#include "keep_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "unit.h"

uint64_t keep_world_value(uint64_t index, uint64_t version) {
    return (index + 1) * UINT64_C(0x9e3779b97f4a7c15) + version;
}

void keep_world_open(keep_world *world, dmap__want want, size_t result_size) {
    *world = (keep_world){.task = {.name = "square", .item_size = 8, .result_size = result_size}};
    snprintf(world->folder, sizeof world->folder, "%s/keep.XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(world->folder));
    snprintf(world->path, sizeof world->path, "%s/run.journal", world->folder);
    dmap__bell_init(&world->bell, false);
    world->keeps.bell = &world->bell;
    world->request = (dmap__keep_request){.path = world->path,
                                          .name = "",
                                          .task = &world->task,
                                          .seed = 7,
                                          .shape = {.want = want, .result_size = result_size, .has_hashes = true},
                                          .count = UINT64_MAX};
}

void keep_world_close(keep_world *world) {
    static const char *const suffixes[] = {"", "-journal", ".lock", ".lock.over", ".damaged", ".new", ".new-journal"};
    char path[128];
    dmap__keep_close(world->map);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        snprintf(path, sizeof path, "%s%s", world->path, suffixes[i]);
        unlink(path);
    }
    CU_ASSERT_EQUAL(rmdir(world->folder), 0); /* nothing else was left */
}

dmap_status keep_world_begin(keep_world *world) {
    return dmap__keep_open(&world->keeps, &world->request, &world->map, &world->error);
}

static void wait_for_bell(keep_world *world, uint32_t heard) {
    dmap__bell_wait(&world->bell, heard, 60);
}

void keep_world_end(keep_world *world) {
    for (;;) {
        uint32_t heard = dmap__bell_heard(&world->bell);
        if (dmap__keep_is_written(world->map))
            break;
        wait_for_bell(world, heard);
    }
    dmap__keep_close(world->map);
    world->map = NULL;
}

void keep_world_copy(const char *from, const char *to, size_t bytes) {
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    CU_ASSERT_FATAL(in && out);
    for (int c; bytes-- && (c = getc(in)) != EOF;)
        putc(c, out);
    fclose(in);
    fclose(out);
}

/* Of variable size, a result has as many bytes as the low bits of its index say. */
static size_t size_at(const keep_world *world, uint64_t index) {
    return world->task.result_size == DMAP_VARIABLE ? (size_t)(index % 40) : world->task.result_size;
}

static void fill(unsigned char *place, uint64_t index, uint64_t version, size_t size) {
    for (size_t i = 0; i < size; i++)
        place[i] = (unsigned char)(keep_world_value(index, version) >> (8 * (i % 8)));
}

void keep_world_put(keep_world *world, uint64_t begin, uint64_t end, uint64_t version) {
    bool is_variable = world->task.result_size == DMAP_VARIABLE;
    size_t n = (size_t)(end - begin), size = is_variable ? 8 * n : 0, at = size;
    bool has_results = world->request.shape.want == DMAP__WANT_RESULTS;
    for (uint64_t i = begin; has_results && i < end; i++)
        size += size_at(world, i);
    dmap__record *record = dmap__record_create(begin, end, 8 * n, 0, has_results ? size : 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    record->host = "here";
    record->rank = 1;
    record->attempt = 1;
    record->seconds = 0.5;
    for (uint64_t i = begin; i < end; i++) {
        uint64_t item = keep_world_value(i, version);
        dmap__record_set_number(record->hashes, i - begin, dmap__record_hash(&item, sizeof item));
        if (!has_results)
            continue;
        if (is_variable)
            dmap__record_set_number(record->results, i - begin, size_at(world, i));
        fill(record->results + at, i, version, size_at(world, i));
        at += size_at(world, i);
    }
    CU_ASSERT(dmap__record_is_sound(record, &world->request.shape));
    CU_ASSERT(dmap__keep_put(world->map, record));
}

static dmap__record *take_one(keep_world *world) {
    dmap__record *record;
    for (;;) {
        uint32_t heard = dmap__bell_heard(&world->bell);
        if (dmap__keep_take(world->map, &record))
            return record;
        wait_for_bell(world, heard);
    }
}

/* Which version the row is of; UINT64_MAX: of none. */
static uint64_t version_of(const keep_world *world, const dmap__record *record, uint64_t versions) {
    unsigned char expected[4096];
    size_t at = world->task.result_size == DMAP_VARIABLE ? 8 * (size_t)(record->end - record->begin) : 0;
    uint64_t version = 0;
    for (uint64_t item; version < versions; version++) {
        item = keep_world_value(record->begin, version);
        if (dmap__record_hash(&item, sizeof item) == dmap__record_number(record->hashes, 0))
            break;
    }
    for (uint64_t i = record->begin; world->request.shape.want == DMAP__WANT_RESULTS && i < record->end; i++) {
        size_t size = size_at(world, i);
        fill(expected, i, version, size);
        if (memcmp(expected, record->results + at, size) != 0)
            return UINT64_MAX;
        at += size;
    }
    return version < versions ? version : UINT64_MAX;
}

unsigned keep_world_take(keep_world *world, uint64_t versions, unsigned *seen, uint64_t count) {
    const dmap__past *past = dmap__keep_past(world->map);
    unsigned damaged = 0;
    for (size_t i = 0; i < past->n; i++) {
        dmap__record *record = take_one(world);
        const dmap__past_range *range = &past->ranges[i];
        damaged += record == NULL;
        CU_ASSERT(i == 0 || past->ranges[i - 1].end <= range->begin);
        if (!record)
            continue;
        CU_ASSERT(record->begin <= range->begin && range->end <= record->end && range->end <= count);
        CU_ASSERT(version_of(world, record, versions) != UINT64_MAX);
        for (uint64_t k = range->begin; k < range->end && k < count; k++)
            seen[k]++;
        dmap__record_destroy(record);
    }
    return damaged;
}
