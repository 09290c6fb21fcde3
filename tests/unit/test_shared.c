/* Shared data: what a process made, another maps, if it is what it was told of: not another file of the same number,
 * not one of another size, and not a pipe, which would keep whoever opens it waiting. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew/shared.h"
#include "unit.h"

#define SIZE ((size_t)10000)

static void fill(unsigned char *data) {
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (unsigned char)unit_below(256);
}

static int look(long process, int descriptor, uint64_t file, const unsigned char *data) {
    void *mapping = dmap__shared_map(process, descriptor, SIZE, file, NULL);
    if (!mapping)
        return 2;
    int code = memcmp(mapping, data, SIZE) != 0;
    dmap__shared_destroy(mapping, SIZE, -1);
    return code;
}

static void test_found(void) {
    unsigned char data[SIZE];
    int descriptor = -1, status = -1;
    fill(data);
    void *made = dmap__shared_create(data, SIZE, &descriptor);
    CU_ASSERT_PTR_NOT_NULL_FATAL(made);
    CU_ASSERT_EQUAL(memcmp(made, data, SIZE), 0);
    uint64_t file = dmap__shared_file(descriptor);
    CU_ASSERT(file != 0);
    long parent = getpid();
    pid_t child = fork();
    if (child == 0)
        _exit(look(parent, descriptor, file, data));
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL(look(parent, descriptor, 0, data), 0);
    dmap__shared_destroy(made, SIZE, descriptor);
    CU_ASSERT_EQUAL(dmap__shared_file(descriptor), 0);
    CU_ASSERT_EQUAL(look(parent, descriptor, file, data), 2);
}

static void test_not_it(void) {
    unsigned char data[SIZE];
    int descriptor = -1, other = -1, ends[2];
    fill(data);
    void *made = dmap__shared_create(data, SIZE, &descriptor), *twin = dmap__shared_create(data, SIZE, &other);
    CU_ASSERT_FATAL(made && twin && pipe2(ends, O_CLOEXEC) == 0);
    uint64_t file = dmap__shared_file(descriptor);
    CU_ASSERT_EQUAL(look(getpid(), other, file, data), 2);
    CU_ASSERT_EQUAL(look(getpid(), ends[0], 0, data), 2);
    CU_ASSERT_EQUAL(look(getpid(), ends[0], dmap__shared_file(ends[0]), data), 2);
    CU_ASSERT_PTR_NULL(dmap__shared_map(getpid(), descriptor, SIZE + 1, file, NULL));
    CU_ASSERT_EQUAL(look(0, descriptor, file, data), 2);
    close(ends[0]);
    close(ends[1]);
    dmap__shared_destroy(made, SIZE, descriptor);
    dmap__shared_destroy(twin, SIZE, other);
}

int main(void) {
    CU_TestInfo tests[] = {{"found", test_found}, {"not it", test_not_it}, CU_TEST_INFO_NULL};
    return unit_run("shared", tests);
}
