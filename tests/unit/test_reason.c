/* Reasons: what led to a place, and the sentence that tells it. That the facts are right is tests/cli/info's. */
#include "cpu/reason.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static const struct {
    dmap__reason reason;
    const char *text;
} cases[] = {
    {{.all_cores = 1, .ranks = 1, .cores = 1, .workers = 1}, "the node's 1 core"},
    {{.all_cores = 8, .ranks = 1, .cores = 8, .workers = 8}, "the node's 8 cores"},
    {{.all_cores = 8, .ranks = 2, .cores = 4, .workers = 4}, "the node's 8 cores, shared out among 2 ranks"},
    {{.narrowed = true, .all_cores = 2, .ranks = 1, .cores = 2, .workers = 2},
     "bound by default by mpirun: widened to the node's 2 cores"},
    {{.narrowed = true, .keep = true, .all_cores = 3, .ranks = 1, .cores = 3, .workers = 3},
     "kept the binding that was asked for: 3 cores"},
    {{.keep = true, .all_cores = 3, .ranks = 1, .cores = 3, .workers = 3}, "the node's 3 cores"},
    {{.all_cores = 2, .ranks = 1, .cores = 2, .workers = 4, .shared = true},
     "the node's 2 cores; shares its core: 4 workers on 2 cores"},
    {{.all_cores = 8, .ranks = 2, .cores = 4, .workers = 5, .shared = true},
     "the node's 8 cores, shared out among 2 ranks; shares its core: 5 workers on 4 cores"},
    {{.all_cores = 2, .ranks = 3, .cores = 1, .workers = 2, .shared = true},
     "the node's 2 cores, shared out among 3 ranks; shares its core: 6 workers on 2 cores"},
    {{.all_cores = 8, .ranks = 1, .cores = 8, .workers = 1, .quota_n = 1.5},
     "the node's 8 cores; quota of the cgroup: 1.5 CPUs"},
    {{.all_cores = 8, .ranks = 1, .cores = 8, .workers = 1, .quota_n = 1},
     "the node's 8 cores; quota of the cgroup: 1 CPU"},
    {{.bind = DMAP_BIND_NONE, .all_cores = 8, .ranks = 2, .cores = 4, .workers = 4}, "not bound: DMAP_BIND=none"},
    {{.bind = DMAP_BIND_NONE, .narrowed = true, .all_cores = 8, .ranks = 1, .cores = 8, .workers = 8},
     "not bound: DMAP_BIND=none, the default binding of mpirun is lifted"},
    {{.bind = DMAP_BIND_NONE, .narrowed = true, .keep = true, .all_cores = 1, .ranks = 1, .cores = 1, .workers = 1},
     "not bound: DMAP_BIND=none, within the binding that was asked for"},
};

static void test_sentences(void) {
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        dmap__reason_write(&cases[i].reason, text, sizeof text);
        if (strcmp(text, cases[i].text) != 0)
            printf("\n  got  %s\n  want %s\n", text, cases[i].text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
    }
}

/* However long, it ends within its room; and the longest there is fits into a dmap_place. */
static void test_room(void) {
    const dmap__reason longest = {.narrowed = true,
                                  .keep = true,
                                  .all_cores = INT32_MAX,
                                  .ranks = INT32_MAX,
                                  .cores = INT32_MAX,
                                  .workers = INT32_MAX,
                                  .shared = true,
                                  .quota_n = 123456.789};
    char whole[1000];
    dmap__reason_write(&longest, whole, sizeof whole);
    CU_ASSERT(strlen(whole) < 256);
    for (size_t size = 1; size < 100; size++) {
        char text[100];
        memset(text, 'x', sizeof text);
        dmap__reason_write(&longest, text, size);
        CU_ASSERT_EQUAL(strlen(text), size - 1);
        CU_ASSERT_EQUAL(strncmp(text, whole, size - 1), 0);
    }
}

int main(void) {
    CU_TestInfo tests[] = {{"sentences", test_sentences}, {"room", test_room}, CU_TEST_INFO_NULL};
    return unit_run("reason", tests);
}
