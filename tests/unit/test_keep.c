/* Journals: what was written is there when it is opened again, of whatever kind; who has another map is refused by
 * name; one program at a time has a journal, whatever the file system can do, and a dead one loses it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keep_world.h"
#include "unit.h"

#define MOST 600

/* The program's own fcntl comes before the C library's, for SQLite too: so locks can fail. */
static bool locks_fail;
static int locks_asked;

static int locked(int fd, int command, void *arg) {
    bool is_lock = command == F_SETLK || command == F_SETLKW || command == F_GETLK;
    locks_asked += is_lock;
    if (is_lock && locks_fail) {
        errno = ENOLCK;
        return -1;
    }
    return (int)syscall(SYS_fcntl, fd, command, arg);
}

__attribute__((visibility("default"))) int fcntl(int fd, int command, ...) {
    va_list args;
    va_start(args, command);
    void *arg = va_arg(args, void *);
    va_end(args);
    return locked(fd, command, arg);
}

__attribute__((visibility("default"))) int fcntl64(int fd, int command, ...) {
    va_list args;
    va_start(args, command);
    void *arg = va_arg(args, void *);
    va_end(args);
    return locked(fd, command, arg);
}

/* ---- rows ---- */

/* Rows of random ranges, over several runs; at the end each item is there once, of the version written last. */
static void write_and_read(dmap__want want, size_t result_size) {
    keep_world world;
    uint64_t last[MOST] = {0};
    unsigned seen[MOST] = {0};
    keep_world_open(&world, want, result_size);
    for (uint64_t version = 1; version <= 4; version++) {
        CU_ASSERT_EQUAL_FATAL(keep_world_begin(&world), DMAP_OK);
        for (int i = 0; i < 20; i++) {
            uint64_t begin = unit_below(MOST - 1), end = begin + 1 + unit_below(MOST - begin < 50 ? MOST - begin : 50);
            keep_world_put(&world, begin, end, version);
            for (uint64_t k = begin; k < end; k++)
                last[k] = version;
        }
        keep_world_end(&world);
    }
    CU_ASSERT_EQUAL_FATAL(keep_world_begin(&world), DMAP_OK);
    CU_ASSERT_EQUAL(keep_world_take(&world, 5, seen, MOST), 0);
    for (uint64_t i = 0; i < MOST; i++)
        CU_ASSERT_EQUAL(seen[i], last[i] ? 1 : 0);
    keep_world_end(&world);
    keep_world_close(&world);
}

static void test_rows(void) {
    write_and_read(DMAP__WANT_RESULTS, 8);
    write_and_read(DMAP__WANT_RESULTS, 100);
    write_and_read(DMAP__WANT_RESULTS, DMAP_VARIABLE);
    write_and_read(DMAP__WANT_NOTHING, 0);
}

static uint64_t hash_now(const void *arg, uint64_t index) {
    const uint64_t *changed = arg;
    uint64_t item = keep_world_value(index, index == *changed ? 2 : 1);
    return dmap__record_hash(&item, sizeof item);
}

/* An item whose bytes are others now is not there; nor is one beyond the count, nor one that has failed. */
static void test_changed(void) {
    keep_world world;
    uint64_t changed = 5;
    unsigned seen[40] = {0};
    keep_world_open(&world, DMAP__WANT_RESULTS, 8);
    CU_ASSERT_EQUAL_FATAL(keep_world_begin(&world), DMAP_OK);
    keep_world_put(&world, 0, 40, 1);
    dmap__failure failure = {.position = 3, .status = DMAP_ITEM_FAILED, .code = 4, .attempt = 2, .text = (char *)"why"};
    CU_ASSERT(dmap__keep_put_failure(world.map, 3, &failure, 1, "here"));
    keep_world_end(&world);
    world.request.hash = hash_now;
    world.request.arg = &changed;
    world.request.count = 30;
    CU_ASSERT_EQUAL_FATAL(keep_world_begin(&world), DMAP_OK);
    CU_ASSERT_EQUAL(dmap__keep_past(world.map)->items, 29);
    CU_ASSERT_EQUAL(keep_world_take(&world, 3, seen, 40), 0);
    for (unsigned i = 0; i < 40; i++)
        CU_ASSERT_EQUAL(seen[i], i == 5 || i >= 30 ? 0 : 1);
    keep_world_end(&world);
    keep_world_close(&world);
}

/* ---- ranges ---- */

static void test_ranges(void) {
    for (unsigned round = 0; round < unit_rounds(400); round++) {
        dmap__past past = {0};
        int64_t latest[64] = {0};
        for (int64_t row = 1; row <= (int64_t)(1 + unit_below(12)); row++) {
            uint64_t begin = unit_below(63), end = begin + 1 + unit_below(63 - begin);
            CU_ASSERT(dmap__past_add(&past, begin, end, row));
            for (uint64_t i = begin; i < end; i++)
                latest[i] = row;
        }
        CU_ASSERT(dmap__past_settle(&past, false));
        uint64_t items = 0;
        for (size_t k = 0; k < past.n; k++)
            for (uint64_t i = past.ranges[k].begin; i < past.ranges[k].end; i++, items++)
                CU_ASSERT_EQUAL(latest[i], past.ranges[k].row);
        for (int i = 0; i < 64; i++)
            items -= latest[i] != 0;
        CU_ASSERT_EQUAL(items, 0);
        dmap__past_fini(&past);
    }
}

/* ---- refusals ---- */

static void expect_refusal(keep_world *world, dmap_status status, const char *word) {
    CU_ASSERT_EQUAL(keep_world_begin(world), status);
    if (!strstr(world->error.text, word)) {
        printf("not in it: %s: %s\n", word, world->error.text);
        CU_FAIL("the sentence names what is wrong");
    }
}

static void test_another_map(void) {
    keep_world world;
    keep_world_open(&world, DMAP__WANT_RESULTS, 8);
    CU_ASSERT_EQUAL_FATAL(keep_world_begin(&world), DMAP_OK);
    keep_world_put(&world, 0, 4, 1);
    dmap__keep_map *twice;
    CU_ASSERT_EQUAL(dmap__keep_open(&world.keeps, &world.request, &twice, &world.error), DMAP_EINVAL);
    keep_world_end(&world);
    dmap__keep_request kept = world.request;
    dmap_task task = world.task;
    world.task.name = "cube";
    expect_refusal(&world, DMAP_EINVAL, "its task is square, this one's is cube");
    world.task = task;
    world.task.item_size = 4;
    expect_refusal(&world, DMAP_EINVAL, "its item size is 8, this one's is 4");
    world.task = task;
    world.task.result_size = DMAP_VARIABLE;
    expect_refusal(&world, DMAP_EINVAL, "its result size is 8, this one's is any");
    world.task = task;
    world.request.seed = 8;
    expect_refusal(&world, DMAP_EINVAL, "its seed is 7, this one's is 8");
    world.request = kept;
    world.request.shape.want = DMAP__WANT_FOLD;
    expect_refusal(&world, DMAP_EINVAL, "kind of results is each, this one's is fold");
    world.request = kept;
    world.request.shape.has_hashes = false;
    expect_refusal(&world, DMAP_EINVAL, "its source is items, this one's is range from 0");
    world.request = kept;
    world.request.name = "another"; /* a map of its own */
    CU_ASSERT_EQUAL_FATAL(keep_world_begin(&world), DMAP_OK);
    CU_ASSERT_EQUAL(dmap__keep_past(world.map)->items, 0);
    keep_world_end(&world);
    keep_world_close(&world);
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void test_no_journal(void) {
    keep_world world;
    keep_world_open(&world, DMAP__WANT_RESULTS, 8);
    write_text(world.path, "Some text that somebody needs.\n");
    expect_refusal(&world, DMAP_EIO, "is no journal of dmap");
    unlink(world.path);
    CU_ASSERT_EQUAL(mkdir(world.path, 0700), 0);
    expect_refusal(&world, DMAP_EIO, "cannot open the journal");
    rmdir(world.path);
    world.request.path = "/dev/null/run.journal";
    expect_refusal(&world, DMAP_EIO, "/dev/null/run.journal");
    keep_world_close(&world);
}

/* ---- a slow disk ---- */

/* While somebody else has the file, rows wait in memory, but not too many; when it is free they are written. */
static void test_full(void) {
    keep_world world;
    sqlite3 *other;
    keep_world_open(&world, DMAP__WANT_RESULTS, 4096);
    CU_ASSERT_EQUAL_FATAL(keep_world_begin(&world), DMAP_OK);
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(world.path, &other), SQLITE_OK);
    CU_ASSERT_EQUAL_FATAL(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    keep_world_put(&world, 0, 256, 1); /* a MiB */
    CU_ASSERT_FALSE(dmap__keep_is_full(world.map));
    uint64_t i = 1;
    for (; i < 200 && !dmap__keep_is_full(world.map); i++)
        keep_world_put(&world, i * 256, (i + 1) * 256, 1);
    CU_ASSERT(i > 50 && i < 200);
    CU_ASSERT_EQUAL(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    for (uint32_t heard = dmap__bell_heard(&world.bell); dmap__keep_is_full(world.map);
         heard = dmap__bell_heard(&world.bell))
        dmap__bell_wait(&world.bell, heard, 60);
    keep_world_end(&world);
    CU_ASSERT_EQUAL_FATAL(keep_world_begin(&world), DMAP_OK);
    CU_ASSERT_EQUAL(dmap__keep_past(world.map)->items, i * 256);
    keep_world_end(&world);
    keep_world_close(&world);
}

/* ---- one program at a time ---- */

/* Another process has the journal until it is killed. */
static pid_t hold(keep_world *world) {
    int ends[2];
    char ready = 0;
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        bool begun = keep_world_begin(world) == DMAP_OK;
        if (begun)
            keep_world_put(world, 0, 8, 1);
        while (begun && !dmap__keep_is_written(world->map))
            usleep(100);
        if (write(ends[1], begun ? "y" : "n", 1) == 1)
            pause();
        _exit(1);
    }
    close(ends[1]);
    CU_ASSERT(read(ends[0], &ready, 1) == 1 && ready == 'y');
    close(ends[0]);
    return child;
}

static void test_in_use(void) {
    for (int lockless = 0; lockless < 2; lockless++) {
        keep_world world;
        char name[64];
        unsigned seen[8] = {0};
        locks_fail = lockless;
        keep_world_open(&world, DMAP__WANT_RESULTS, 8);
        pid_t child = hold(&world);
        snprintf(name, sizeof name, "in use by process %ld on ", (long)child);
        expect_refusal(&world, DMAP_EIO, name);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        locks_asked = 0;
        CU_ASSERT_EQUAL_FATAL(keep_world_begin(&world), DMAP_OK); /* a dead one loses it */
        CU_ASSERT_EQUAL(keep_world_take(&world, 2, seen, 8), 0);
        CU_ASSERT(seen[0] && seen[7]);
        keep_world_put(&world, 8, 9, 1);
        keep_world_end(&world);
        CU_ASSERT(lockless ? locks_asked == 1 : locks_asked > 1); /* SQLite takes none where they fail */
        locks_fail = false;
        keep_world_close(&world);
    }
}

static void test_other_host(void) {
    keep_world world;
    char lock[128];
    keep_world_open(&world, DMAP__WANT_RESULTS, 8);
    snprintf(lock, sizeof lock, "%s.lock", world.path);
    write_text(lock, "elsewhere 17 1234 another-boot/pid:[1] 0\n");
    expect_refusal(&world, DMAP_EIO, "in use by process 17 on elsewhere");
    const struct timespec old[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = 1000}};
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, lock, old, 0), 0);
    CU_ASSERT_EQUAL_FATAL(keep_world_begin(&world), DMAP_OK);
    keep_world_end(&world);
    CU_ASSERT(access(lock, F_OK) != 0);
    keep_world_close(&world);
}

int main(void) {
    CU_TestInfo tests[] = {{"rows", test_rows},
                           {"changed items", test_changed},
                           {"ranges", test_ranges},
                           {"another map", test_another_map},
                           {"no journal", test_no_journal},
                           {"a slow disk", test_full},
                           {"in use", test_in_use},
                           {"another host", test_other_host},
                           CU_TEST_INFO_NULL};
    return unit_run("keep", tests);
}
