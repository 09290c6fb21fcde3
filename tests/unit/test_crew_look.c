/* Workers that wait for their processes look up when items of the call were cancelled that these are at; others do not,
 * nor does a process. */
#include <string.h>

#include "crew/crew_state.h"
#include "unit.h"

enum { CHANNELS = 4 };

static _Atomic uint32_t *woken[CHANNELS];
static int n_woken;

void __wrap_dmap__futex_wake_shared(_Atomic uint32_t *word, int n);

void __wrap_dmap__futex_wake_shared(_Atomic uint32_t *word, int n) {
    CU_ASSERT_EQUAL(n, 1);
    woken[n_woken++ % CHANNELS] = word;
}

static void set(dmap__shm_channel_head *head, uint64_t call, dmap__owner owner) {
    memset(head, 0, sizeof *head);
    atomic_store(&head->call, call);
    atomic_store(&head->owner, (uint32_t)owner);
}

static void test_look_up(void) {
    static dmap__shm_channel_head heads[CHANNELS];
    dmap__shm_channel_head *channels[CHANNELS] = {&heads[0], &heads[1], &heads[2], &heads[3]};
    dmap__crew_state crew = {.channels = channels, .n_channels = CHANNELS};
    dmap__crew_call call = {.id = 7};
    set(&heads[0], 7, DMAP__OWNER_RANK);
    set(&heads[1], 7, DMAP__OWNER_PROCESS);
    set(&heads[2], 8, DMAP__OWNER_PROCESS);
    set(&heads[3], 7, DMAP__OWNER_ENDED);
    dmap__crew_look_up(&crew, &call);
    CU_ASSERT_EQUAL(n_woken, 1);
    CU_ASSERT_PTR_EQUAL(woken[0], &heads[1].owner);
    dmap__crew_look_up(&(dmap__crew_state){0}, &call); /* threads */
    CU_ASSERT_EQUAL(n_woken, 1);
}

int main(void) {
    CU_TestInfo tests[] = {{"look up", test_look_up}, CU_TEST_INFO_NULL};
    return unit_run("crew look", tests);
}
