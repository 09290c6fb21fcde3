/* Text that is cut off ends with a whole character, wherever the cut falls. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "unit.h"

static const char *const characters[] = {"e", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};

/* Whole characters, each as above, and nothing more. */
static bool is_whole(const char *text, const char *character) {
    size_t n = strlen(text), step = strlen(character);
    for (size_t i = 0; i < n; i += step)
        if (strncmp(text + i, character, step) != 0)
            return false;
    return n % step == 0;
}

static void test_cut(void) {
    for (size_t c = 0; c < 4; c++) {
        char all[64] = "", text[64];
        size_t step = strlen(characters[c]);
        for (int i = 0; i < 12; i++)
            strcat(all, characters[c]);
        for (size_t size = 1; size < 60; size++) {
            errno = 17;
            dmap__text_print(text, size, "%s", all);
            CU_ASSERT_EQUAL(errno, 17);
            CU_ASSERT(is_whole(text, characters[c]));
            size_t room = size - 1 < strlen(all) ? size - 1 : strlen(all);
            CU_ASSERT_EQUAL(strlen(text), room - room % step);
        }
    }
}

/* What is no UTF-8 loses no more than the longest character has. */
static void test_other_bytes(void) {
    static const char *const texts[] = {"", "\x80", "\x80\x80\x80\x80\x80\x80", "abc\xff", "\xc3", "ab\xe2\x82"};
    static const size_t left[] = {0, 1, 6, 3, 0, 2};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[16];
        snprintf(text, sizeof text, "%s", texts[i]);
        dmap__text_trim(text);
        CU_ASSERT_EQUAL(strlen(text), left[i]);
    }
}

static void test_error(void) {
    dmap__error error;
    char all[2001] = "";
    for (int i = 0; i < 1000; i++)
        memcpy(all + 2 * i, characters[1], 3);
    for (int ahead = 0; ahead < 2; ahead++) {
        dmap__fail(&error, DMAP_EIO, "%.*s%s", ahead, "x", all);
        CU_ASSERT(is_whole(error.text + ahead, characters[1]));
        CU_ASSERT(strlen(error.text) >= sizeof error.text - 3);
    }
}

int main(void) {
    CU_TestInfo tests[] = {
        {"cut", test_cut}, {"other bytes", test_other_bytes}, {"error", test_error}, CU_TEST_INFO_NULL};
    return unit_run("text", tests);
}
