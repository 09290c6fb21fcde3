/* Who steps aside for workers is moved where it may go, and is bound afterwards as before. */
#include <stdio.h>
#include <string.h>

#include "cpu/aside.h"
#include "unit.h"

/* The system, as it is played. */
static int on_cpu, n_bound;
static cpu_set_t allowed, bound[4];
static bool refuses;

int __wrap_sched_getcpu(void);
int __wrap_sched_getaffinity(pid_t thread, size_t size, cpu_set_t *set);
int __wrap_sched_setaffinity(pid_t thread, size_t size, const cpu_set_t *set);

int __wrap_sched_getcpu(void) {
    return on_cpu;
}

int __wrap_sched_getaffinity(pid_t thread, size_t size, cpu_set_t *set) {
    (void)thread, (void)size;
    *set = allowed;
    return 0;
}

int __wrap_sched_setaffinity(pid_t thread, size_t size, const cpu_set_t *set) {
    (void)thread, (void)size;
    bound[n_bound++ % 4] = *set;
    return refuses ? -1 : 0;
}

static cpu_set_t cpus(size_t begin, size_t end) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (size_t cpu = begin; cpu < end; cpu++)
        CPU_SET(cpu, &set);
    return set;
}

/* Two workers, bound to those. */
static dmap__aside aside_of(const char *first, const char *second) {
    dmap__place places[2];
    dmap__aside aside;
    memset(places, 0, sizeof places);
    snprintf(places[0].cpus, sizeof places[0].cpus, "%s", first);
    snprintf(places[1].cpus, sizeof places[1].cpus, "%s", second);
    dmap__aside_init(&aside, places, 2);
    return aside;
}

static int steps(const char *first, const char *second) {
    dmap__aside aside = aside_of(first, second);
    n_bound = 0;
    dmap__aside_step(&aside);
    return n_bound;
}

static void test_moves(void) {
    on_cpu = 3;
    allowed = cpus(0, 8);
    CU_ASSERT_EQUAL(steps("0-3", "5"), 2);
    cpu_set_t others = cpus(4, 8);
    CPU_CLR(5, &others);
    CU_ASSERT_TRUE(CPU_EQUAL(&bound[0], &others));
    CU_ASSERT_TRUE(CPU_EQUAL(&bound[1], &allowed));
    refuses = true;
    CU_ASSERT_EQUAL(steps("0-3", "5"), 1);
    refuses = false;
}

static void test_stays(void) {
    on_cpu = 3;
    allowed = cpus(0, 8);
    CU_ASSERT_EQUAL(steps("0-2", "5"), 0); /* it is on none of theirs */
    CU_ASSERT_EQUAL(steps("0-3", ""), 0);  /* one is not bound */
    allowed = cpus(2, 4);
    CU_ASSERT_EQUAL(steps("0-3", "5"), 0); /* there is no other */
    on_cpu = -1;
    CU_ASSERT_EQUAL(steps("0-3", "5"), 0);
}

static void test_other_texts(void) {
    static const char *const texts[] = {"3,...", "3-", "x", "3-2", "3 4", "3,99999", "0-18446744073709551615"};
    on_cpu = 3;
    allowed = cpus(0, 8);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CU_ASSERT_EQUAL(steps("3", texts[i]), 0);
}

int main(void) {
    CU_TestInfo tests[] = {
        {"it moves", test_moves}, {"it stays", test_stays}, {"other texts", test_other_texts}, CU_TEST_INFO_NULL};
    return unit_run("aside", tests);
}
