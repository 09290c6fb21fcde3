/* Damaged journals: cut, overwritten, hostile, or on a disk that is full. Whatever the file, it is opened with all rows
 * that are whole, or refused in a sentence; no row that was not written is ever taken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keep_world.h"
#include "unit.h"

#define ITEMS 400

static bool is_long(void) {
    const char *value = getenv("DMAP_TEST_LONG");
    return value && !strcmp(value, "1");
}

/* A small journal, kept beside as "whole". Returns its size. */
static size_t make_small(keep_world *world, char *whole, size_t size) {
    struct stat info;
    snprintf(whole, size, "%s.whole", world->path);
    CU_ASSERT_EQUAL_FATAL(keep_world_begin(world), DMAP_OK);
    for (uint64_t i = 0; i < ITEMS; i += 10)
        keep_world_put(world, i, i + 10, 1);
    keep_world_end(world);
    keep_world_copy(world->path, whole, SIZE_MAX);
    CU_ASSERT_EQUAL_FATAL(stat(whole, &info), 0);
    return (size_t)info.st_size;
}

/* Opens what is there now. Returns how many items it has; -1: it was refused. */
static int items_in(keep_world *world) {
    unsigned seen[ITEMS] = {0};
    int items = 0;
    if (keep_world_begin(world) != DMAP_OK) {
        CU_ASSERT(strstr(world->error.text, "run.journal") && strlen(world->error.text) < 1000);
        return -1;
    }
    keep_world_take(world, 2, seen, ITEMS);
    for (int i = 0; i < ITEMS; i++) {
        CU_ASSERT(seen[i] <= 1);
        items += seen[i] == 1;
    }
    keep_world_put(world, 0, 1, 1); /* it may be written on */
    keep_world_end(world);
    return items;
}

/* No page that is whole is lost, whatever became of the next one; the whole has all. */
static void test_cut(void) {
    keep_world world;
    char whole[128];
    keep_world_open(&world, DMAP__WANT_RESULTS, 8);
    size_t size = make_small(&world, whole, sizeof whole), step = is_long() ? 1 : size / unit_rounds(300);
    int had = -1, most = -1; /* with fewer pages; with as many, too */
    size_t page = 0;
    for (size_t cut = 1 + unit_below(step); cut < size; cut += is_long() ? 1 : 1 + unit_below(2 * step)) {
        keep_world_copy(whole, world.path, cut);
        int items = items_in(&world);
        if (cut / 4096 != page)
            had = most;
        page = cut / 4096;
        CU_ASSERT(items >= had || had == 0); /* refused, or nothing: the same */
        most = items > most ? items : most;
    }
    CU_ASSERT(most > ITEMS / 4); /* some of it was recovered */
    keep_world_copy(whole, world.path, SIZE_MAX);
    CU_ASSERT_EQUAL(items_in(&world), ITEMS);
    unlink(whole);
    keep_world_close(&world);
}

/* Bytes anywhere are others; some are made to look like numbers of pages and cells. */
static void overwrite(const char *path, size_t size) {
    FILE *file = fopen(path, "r+");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (uint64_t n = 1 + unit_below(8); n--;) {
        uint64_t at = unit_chance(3) ? unit_below(size / 4096) * 4096 + unit_below(64) : unit_below(size);
        fseek(file, (long)(unit_chance(8) ? at % 100 : at), SEEK_SET);
        for (uint64_t k = 1 + unit_below(4); k--;)
            putc((int)(unit_chance(2) ? unit_below(256) : unit_chance(2) ? 0 : 255), file);
    }
    fclose(file);
}

static void test_overwritten(void) {
    keep_world world;
    char whole[128];
    keep_world_open(&world, DMAP__WANT_RESULTS, 8);
    size_t size = make_small(&world, whole, sizeof whole);
    for (unsigned round = 0, n = unit_rounds(is_long() ? 100000 : 500); round < n; round++) {
        keep_world_copy(whole, world.path, SIZE_MAX);
        overwrite(world.path, size);
        items_in(&world);
    }
    unlink(whole);
    keep_world_close(&world);
}

/* Of one page in the midst, the rows there are lost: those before and after it are not. */
static void test_page(void) {
    keep_world world;
    char whole[128];
    keep_world_open(&world, DMAP__WANT_RESULTS, 8);
    size_t size = make_small(&world, whole, sizeof whole);
    FILE *file = fopen(world.path, "r+");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fseek(file, (long)(size / 4096 - 2) * 4096, SEEK_SET);
    for (int i = 0; i < 4096; i++)
        putc(0x5a, file);
    fclose(file);
    int items = items_in(&world);
    CU_ASSERT(items > ITEMS / 4 && items < ITEMS);
    unlink(whole);
    keep_world_close(&world);
}

/* ---- a disk that is full ---- */

static void limit_files(rlim_t bytes) {
    struct rlimit limit;
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* What was committed before stays; the sentence says why. */
static void test_full(void) {
    keep_world world;
    dmap__error error;
    keep_world_open(&world, DMAP__WANT_RESULTS, 1000);
    CU_ASSERT_EQUAL_FATAL(keep_world_begin(&world), DMAP_OK);
    keep_world_put(&world, 0, 10, 1);
    keep_world_end(&world);
    CU_ASSERT_EQUAL_FATAL(keep_world_begin(&world), DMAP_OK);
    limit_files(65536);
    for (uint64_t i = 10; i < ITEMS; i += 10)
        keep_world_put(&world, i, i + 10, 1);
    while (!dmap__keep_is_written(world.map))
        dmap__bell_wait(&world.bell, dmap__bell_heard(&world.bell), 0.01);
    CU_ASSERT_EQUAL(dmap__keep_status(world.map, &error), DMAP_EIO);
    CU_ASSERT(strstr(error.text, "cannot write the journal") && strstr(error.text, "ulimit -f"));
    keep_world_end(&world);
    limit_files(RLIM_INFINITY);
    CU_ASSERT(items_in(&world) >= 10);
    keep_world_close(&world);
}

int main(void) {
    CU_TestInfo tests[] = {{"cut", test_cut},
                           {"overwritten", test_overwritten},
                           {"a page overwritten", test_page},
                           {"a full disk", test_full},
                           CU_TEST_INFO_NULL};
    return unit_run("damaged journals", tests);
}
