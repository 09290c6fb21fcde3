/* The channel of a worker and its process, both sides in one process: what either side takes, both can write and read,
 * as it grows. Of its addresses no more may be touched than about what it has had, as tools look at all that may. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew/shm_channel.h"
#include "unit.h"

#define MARGIN ((size_t)16 << 20) /* that may be touched beyond what was taken */

static dmap__shm_channel rank, process;

/* Bytes of channels' addresses; of those that may be read, if `readable`. */
static size_t addresses(bool readable) {
    char line[512], *end;
    size_t bytes = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    CU_ASSERT_FATAL(maps != NULL);
    while (fgets(line, sizeof line, maps)) {
        size_t from = strtoull(line, &end, 16), to = strtoull(end + 1, &end, 16);
        if (strstr(line, DMAP__SHM_CHANNEL_NAME) && (!readable || end[1] == 'r'))
            bytes += to - from;
    }
    fclose(maps);
    return bytes;
}

static void open_both(void) {
    CU_ASSERT_FATAL(dmap__shm_channel_create(&rank));
    CU_ASSERT_FATAL(dmap__shm_channel_open(&process, fcntl(rank.descriptor, F_DUPFD_CLOEXEC, 0)));
    CU_ASSERT(process.mapped == rank.mapped && addresses(false) >= 2 * rank.mapped);
}

static void close_both(void) {
    dmap__shm_channel_destroy(&process);
    dmap__shm_channel_destroy(&rank);
    CU_ASSERT_EQUAL(addresses(false), 0);
}

static void fill(const dmap__shm_channel *side, uint64_t offset, uint64_t size, unsigned char with) {
    memset(dmap__shm_channel_at(side, offset), with, (size_t)size);
}

static bool is_filled(const dmap__shm_channel *side, uint64_t offset, uint64_t size, unsigned char with) {
    const unsigned char *bytes = dmap__shm_channel_at(side, offset);
    return bytes[0] == with && bytes[size - 1] == with && !memcmp(bytes, bytes + 1, (size_t)size - 1);
}

/* A request with items, and an answer for which the process takes more. */
static void exchange(uint64_t request, uint64_t answer) {
    unsigned char with = (unsigned char)(1 + unit_below(255));
    dmap__shm_channel_clear(&rank);
    uint64_t items = dmap__shm_channel_take(&rank, request);
    CU_ASSERT_FATAL(items != 0);
    fill(&rank, items, request, with);
    rank.head->size = rank.size;
    CU_ASSERT_FATAL(dmap__shm_channel_look(&process));
    CU_ASSERT(is_filled(&process, items, request, with));
    uint64_t results = dmap__shm_channel_take(&process, answer);
    CU_ASSERT_FATAL(results != 0);
    fill(&process, results, answer, (unsigned char)~with);
    CU_ASSERT_FATAL(dmap__shm_channel_holds(&rank, results, answer));
    CU_ASSERT(is_filled(&rank, results, answer, (unsigned char)~with));
}

static uint64_t any_size(void) {
    return 1 + (unit_random() >> (40 + unit_below(20)));
}

static void test_exchange(void) {
    uint64_t most = 0;
    open_both();
    for (unsigned round = unit_rounds(80); round; round--) {
        uint64_t request = any_size(), answer = any_size();
        exchange(request, answer);
        most = request + answer > most ? request + answer : most;
        if (unit_chance(5))
            dmap__shm_channel_trim(&rank, any_size());
    }
    size_t touched = addresses(true);
    CU_ASSERT(touched >= most && touched <= 2 * (2 * most + MARGIN));
    close_both();
}

static void test_fresh(void) {
    open_both();
    CU_ASSERT(addresses(true) <= MARGIN);
    CU_ASSERT(!dmap__shm_channel_holds(&rank, (uint64_t)MARGIN, 1) && !dmap__shm_channel_holds(&rank, 0, 1));
    CU_ASSERT(!dmap__shm_channel_holds(&rank, rank.mapped - 1, 2) && !dmap__shm_channel_take(&rank, rank.mapped));
    close_both();
}

int main(void) {
    CU_TestInfo tests[] = {
        {"requests and answers", test_exchange}, {"addresses of a new one", test_fresh}, CU_TEST_INFO_NULL};
    return unit_run("shm_channel", tests);
}
