/* Statuses and errors: one table, whose values never change; a sentence that is cut rather than too long; errno is
 * kept. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "unit.h"

/* Written out here once more on purpose: a value that changes breaks programs. */
static void test_values(void) {
    static const struct {
        dmap_status status;
        int value;
        const char *name;
    } all[] = {{DMAP_OK, 0, "DMAP_OK"},
               {DMAP_EINVAL, 1, "DMAP_EINVAL"},
               {DMAP_ENOMEM, 2, "DMAP_ENOMEM"},
               {DMAP_EMPI, 3, "DMAP_EMPI"},
               {DMAP_EMISMATCH, 4, "DMAP_EMISMATCH"},
               {DMAP_EITEM, 5, "DMAP_EITEM"},
               {DMAP_ETIMEOUT, 6, "DMAP_ETIMEOUT"},
               {DMAP_ECANCELLED, 7, "DMAP_ECANCELLED"},
               {DMAP_ELOST, 8, "DMAP_ELOST"},
               {DMAP_EIO, 9, "DMAP_EIO"},
               {DMAP_EUNSUPPORTED, 10, "DMAP_EUNSUPPORTED"},
               {DMAP_END, 11, "DMAP_END"},
               {DMAP_PENDING, 12, "DMAP_PENDING"}};
    for (int i = 0; i < (int)(sizeof all / sizeof all[0]); i++) {
        CU_ASSERT_EQUAL((int)all[i].status, all[i].value);
        CU_ASSERT_STRING_EQUAL(dmap_status_name(all[i].status), all[i].name);
        CU_ASSERT(strlen(dmap_status_text(all[i].status)) > 3);
        for (int k = 0; k < i; k++)
            CU_ASSERT_STRING_NOT_EQUAL(dmap_status_text(all[i].status), dmap_status_text(all[k].status));
    }
}

static void test_unknown(void) {
    const int values[] = {-1, 13, 99999};
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_STRING_EQUAL(dmap_status_name((dmap_status)values[i]), "DMAP_?");
        CU_ASSERT_STRING_EQUAL(dmap_status_text((dmap_status)values[i]), "unknown status");
    }
}

static void test_error(void) {
    static char longest[5000];
    dmap__error error;
    memset(longest, 'x', sizeof longest - 1);
    errno = 77;
    CU_ASSERT_EQUAL(dmap__fail(&error, DMAP_EIO, "%s", longest), DMAP_EIO);
    CU_ASSERT_EQUAL(errno, 77);
    CU_ASSERT_EQUAL(strlen(error.text), sizeof error.text - 1);
    dmap__fail(&error, DMAP_EIO, "%ls", L"\x1F600"); /* printf sets errno: no such character in the C locale */
    CU_ASSERT_EQUAL(errno, 77);
    CU_ASSERT_EQUAL(dmap__fail(NULL, DMAP_EINVAL, "%d", 1), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap__fail_memory(&error, 12, "soup"), DMAP_ENOMEM);
    CU_ASSERT_STRING_EQUAL(error.text, "out of memory for 12 bytes of soup");
    dmap__error_clear(&error);
    CU_ASSERT(error.status == DMAP_OK && error.text[0] == '\0');
}

/* Sizes are multiplied and rounded without overflow; an array that could not grow is as it was. */
static void test_memory(void) {
    int *numbers = NULL;
    size_t capacity = 0;
    CU_ASSERT(dmap__memory_grow(&numbers, &capacity, 1, sizeof *numbers));
    CU_ASSERT(capacity >= 1);
    int *before = numbers;
    size_t had = capacity;
    CU_ASSERT(!dmap__memory_grow(&numbers, &capacity, SIZE_MAX, sizeof *numbers));
    CU_ASSERT(!dmap__memory_grow(&numbers, &capacity, SIZE_MAX / 4, sizeof *numbers));
    CU_ASSERT(!dmap__memory_grow(&numbers, &capacity, SIZE_MAX / sizeof *numbers + 2, sizeof *numbers));
    CU_ASSERT(numbers == before && capacity == had);
    CU_ASSERT(dmap__memory_grow(&numbers, &capacity, 1000, sizeof *numbers));
    numbers[999] = 1;
    CU_ASSERT_PTR_NULL(dmap__memory_array(UINT64_MAX, 2));
    CU_ASSERT_PTR_NULL(dmap__memory_array(UINT64_C(1) << 63, 1));
    CU_ASSERT_EQUAL(dmap__memory_pad(0), 0);
    CU_ASSERT_EQUAL(dmap__memory_pad(1), DMAP__ALIGNMENT);
    CU_ASSERT_EQUAL(dmap__memory_pad(DMAP__ALIGNMENT), DMAP__ALIGNMENT);
    CU_ASSERT_EQUAL(dmap__memory_pad(SIZE_MAX), 0);
    free(numbers);
}

int main(void) {
    CU_TestInfo tests[] = {{"values", test_values},
                           {"unknown values", test_unknown},
                           {"errors", test_error},
                           {"memory", test_memory},
                           CU_TEST_INFO_NULL};
    return unit_run("status", tests);
}
