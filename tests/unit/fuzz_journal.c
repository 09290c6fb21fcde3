/* Any bytes at all as a journal (libFuzzer): it is opened with what is whole of it, or refused in a sentence; what is
 * taken from it is sound; it can be written on. The first byte says what the rest is: of an even one the file, of an
 * odd one changes to a good journal (where: two bytes; how many: one; what). Runs by the script fuzz. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keep/keep.h"

#define MOST ((size_t)1 << 16)

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct {
    char folder[64], path[96];
    dmap_task task;
    dmap__bell bell;
    dmap__keeps keeps;
    unsigned char good[MOST];
    size_t good_size;
} world = {.task = {.name = "t", .item_size = 8, .result_size = DMAP_VARIABLE}};

static void must(bool good, const char *what) {
    if (good)
        return;
    fprintf(stderr, "fuzz_journal: %s\n", what);
    abort();
}

static void remove_files(void) {
    static const char *const suffixes[] = {"", "-journal", ".lock", ".lock.over", ".damaged", ".new", ".new-journal"};
    char path[128];
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        snprintf(path, sizeof path, "%s%s", world.path, suffixes[i]);
        unlink(path);
    }
}

static void clean_up(void) {
    remove_files();
    rmdir(world.folder);
}

static dmap_status begin(dmap__keep_map **map, dmap__error *error) {
    dmap__keep_request request = {.path = world.path,
                                  .name = "",
                                  .task = &world.task,
                                  .seed = 1,
                                  .shape = {DMAP__WANT_RESULTS, DMAP_VARIABLE, true},
                                  .count = 1000};
    return dmap__keep_open(&world.keeps, &request, map, error);
}

static void put(dmap__keep_map *map, uint64_t begin, uint64_t end) {
    size_t n = (size_t)(end - begin);
    dmap__record *row = dmap__record_create(begin, end, 8 * n, 0, 8 * n + 3 * n);
    must(row, "out of memory");
    row->host = "h";
    memset(row->hashes, 0, 8 * n);
    memset(row->results, 'r', 8 * n + 3 * n);
    for (size_t i = 0; i < n; i++)
        dmap__record_set_number(row->results, i, 3);
    must(dmap__keep_put(map, row), "out of memory");
}

static void end(dmap__keep_map *map) {
    for (;;) {
        uint32_t heard = dmap__bell_heard(&world.bell);
        if (dmap__keep_is_written(map))
            break;
        dmap__bell_wait(&world.bell, heard, 60);
    }
    dmap__keep_close(map);
}

static void take_all(dmap__keep_map *map) {
    const dmap__record_shape shape = {DMAP__WANT_RESULTS, DMAP_VARIABLE, true};
    const dmap__past *past = dmap__keep_past(map);
    uint64_t last = 0;
    for (size_t i = 0; i < past->n; i++) {
        dmap__record *row;
        for (uint32_t heard = dmap__bell_heard(&world.bell); !dmap__keep_take(map, &row);
             heard = dmap__bell_heard(&world.bell))
            dmap__bell_wait(&world.bell, heard, 60);
        must(past->ranges[i].begin >= last && past->ranges[i].begin < past->ranges[i].end, "ranges overlap");
        must(past->ranges[i].end <= 1000, "a range ends beyond the items");
        must(!row || (dmap__record_is_sound(row, &shape) && row->begin <= past->ranges[i].begin &&
                      past->ranges[i].end <= row->end),
             "a row is not sound");
        last = past->ranges[i].end;
        dmap__record_destroy(row);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    dmap__keep_map *map;
    dmap__error error;
    (void)argc, (void)argv;
    snprintf(world.folder, sizeof world.folder, "%s/fuzz.XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    must(mkdtemp(world.folder), "no folder");
    snprintf(world.path, sizeof world.path, "%s/j", world.folder);
    atexit(clean_up);
    dmap__bell_init(&world.bell, false);
    world.keeps.bell = &world.bell;
    must(begin(&map, &error) == DMAP_OK, "a new journal is refused");
    for (uint64_t i = 0; i < 300; i += 10)
        put(map, i, i + 10);
    end(map);
    FILE *file = fopen(world.path, "r");
    must(file, "the journal is gone");
    world.good_size = fread(world.good, 1, MOST, file);
    fclose(file);
    return 0;
}

/* Leaves the file in `bytes`, of MOST. Returns its size. */
static size_t make_file(unsigned char *bytes, const unsigned char *data, size_t size) {
    if (size == 0 || data[0] % 2 == 0) {
        size_t n = size > MOST ? MOST : size;
        memcpy(bytes, data, n);
        if (n)
            bytes[0] = 'S'; /* of "SQLite format 3": else it is refused at once */
        return n;
    }
    memcpy(bytes, world.good, world.good_size);
    for (size_t at = 1; at + 3 < size;) {
        size_t where = (size_t)(data[at] | data[at + 1] << 8) % world.good_size, n = data[at + 2] % 32 + 1u;
        for (at += 3; n && at < size && where < world.good_size; n--)
            bytes[where++] = data[at++];
    }
    return world.good_size;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
    static unsigned char bytes[MOST];
    size_t n = make_file(bytes, data, size);
    dmap__keep_map *map = NULL;
    dmap__error error;
    remove_files();
    FILE *file = fopen(world.path, "w");
    must(file && fwrite(bytes, 1, n, file) == n && !fclose(file), "the file cannot be written");
    if (begin(&map, &error) != DMAP_OK) {
        must(error.status != DMAP_OK && error.text[0], "it is refused without a sentence");
        return 0;
    }
    take_all(map);
    put(map, 500, 505);
    end(map);
    return 0;
}
