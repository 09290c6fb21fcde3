/* The queue of emissions: it is bounded, and who waits for room goes on when there is some, or when the item is not
 * wanted any more, whatever happens to the date meanwhile (the linker sends the library's calls here, --wrap). */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "crew/emission.h"
#include "unit.h"

#define BOUND_S 60     /* against hanging */
#define BACK_S  100000 /* so far the date is set back while somebody waits */

enum { FITS = 32 }; /* emissions of the largest size */

static struct world {
    dmap__emissions *emissions;
    _Atomic uint64_t limit;
    _Atomic int put, ended;
} world;

static const unsigned char data[DMAP__EMISSION_MOST];

int __real_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);

int __wrap_clock_gettime(clockid_t clock, struct timespec *t) {
    int code = __real_clock_gettime(clock, t);
    if (clock == CLOCK_REALTIME)
        t->tv_sec += BACK_S;
    return code;
}

static void *emit(void *arg) {
    (void)arg;
    while (dmap__emissions_put(world.emissions, 1, 7, 1, (dmap_blob){data, sizeof data}, &world.limit))
        atomic_fetch_add(&world.put, 1);
    atomic_store(&world.ended, 1);
    return NULL;
}

static bool reaches(const _Atomic int *number, int wanted) {
    for (double until = dmap__clock_now() + BOUND_S; atomic_load(number) < wanted; dmap__clock_sleep(1e-3))
        if (dmap__clock_now() > until)
            return false;
    return true;
}

static void test_bounded(void) {
    pthread_t thread;
    world.emissions = dmap__emissions_create(true);
    atomic_store(&world.limit, UINT64_MAX);
    CU_ASSERT_FATAL(world.emissions != NULL && !pthread_create(&thread, NULL, emit, NULL));
    CU_ASSERT(reaches(&world.put, FITS));
    dmap__emission *e = dmap__emissions_take(world.emissions);
    CU_ASSERT_FATAL(e && e->index == 7 && e->attempt == 1 && e->size == sizeof data);
    CU_ASSERT_EQUAL(atomic_load(&world.put), FITS); /* it is taken, but not gone */
    dmap__emissions_gone(world.emissions, e->size);
    free(e);
    CU_ASSERT(reaches(&world.put, FITS + 1));
    atomic_store(&world.limit, 7); /* nobody is woken for that */
    bool ended = reaches(&world.ended, 1);
    CU_ASSERT(ended);
    if (!ended)
        dmap__emissions_gone(world.emissions, SIZE_MAX);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(atomic_load(&world.put), FITS + 1);
    dmap__emissions_destroy(world.emissions);
}

int main(void) {
    CU_TestInfo tests[] = {{"bounded, and by no date", test_bounded}, CU_TEST_INFO_NULL};
    return unit_run("emission", tests);
}
