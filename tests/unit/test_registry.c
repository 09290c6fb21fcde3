/* The registry and the table of statuses: names that are wrong are refused, two descriptions differ where the tasks do.
 * What is registered here stays: so tests go from good to bad, in this order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/registry.h"
#include "unit.h"

static int run(dmap_context *ctx, const void *item, void *result) {
    (void)ctx, (void)item, (void)result;
    return 0;
}

static void combine(void *into, const void *from) {
    (void)into, (void)from;
}

DMAP_TASK(pear, .run = run, .item_size = 8, .result_size = 8);
DMAP_TASK(apple, .run = run, .item_size = DMAP_VARIABLE, .result_size = 0, .combine = combine);
DMAP_TASK(apple_pie, .run = run, .item_size = 1, .result_size = 2);

static void test_sorted(void) {
    dmap__registry registry;
    dmap__error error = {0};
    CU_ASSERT_EQUAL_FATAL(dmap__registry_get(&registry, &error), DMAP_OK);
    CU_ASSERT_EQUAL_FATAL(registry.count, 3);
    CU_ASSERT_STRING_EQUAL(registry.tasks[0]->name, "apple");
    CU_ASSERT_STRING_EQUAL(registry.tasks[1]->name, "apple_pie");
    CU_ASSERT_PTR_EQUAL(registry.tasks[2], &pear);
    char *text = dmap__registry_describe(&registry);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "apple\t18446744073709551615\t0\t1010\napple_pie\t1\t2\t1000\npear\t"));
    free(text);
    char *none = dmap__registry_describe(&(dmap__registry){0});
    CU_ASSERT_PTR_NOT_NULL_FATAL(none);
    CU_ASSERT_STRING_EQUAL(none, "");
    free(none);
    static const dmap_task never = {.name = "never", .run = run};
    CU_ASSERT(dmap__registry_is_known(&pear) && !dmap__registry_is_known(&never));
    dmap__registry_drop(&registry);
    CU_ASSERT(registry.count == 0 && !registry.tasks);
}

/* ---- two ranks' tables ---- */

#define MOST 12

typedef struct made {
    char names[MOST][16];
    dmap_task tasks[MOST];
    const dmap_task *table[MOST];
    size_t n;
} made;

static int by_name(const void *a, const void *b) {
    return strcmp((*(const dmap_task *const *)a)->name, (*(const dmap_task *const *)b)->name);
}

/* Names that are each other's beginnings, so that the order matters. */
static void make(made *m) {
    m->n = (size_t)unit_below(MOST);
    for (size_t i = 0; i < m->n; i++) {
        size_t length = 1 + (size_t)unit_below(4);
        for (size_t k = 0; k < length; k++)
            m->names[i][k] = "ab_Z0"[unit_below(5)];
        snprintf(m->names[i] + length, sizeof m->names[i] - length, "%s", unit_chance(2) ? "x" : "");
        m->tasks[i] = (dmap_task){.name = m->names[i], .run = run, .item_size = (size_t)unit_below(3)};
        m->table[i] = &m->tasks[i];
    }
    qsort(m->table, m->n, sizeof m->table[0], by_name);
    size_t kept = 0;
    for (size_t i = 0; i < m->n; i++)
        if (!kept || strcmp(m->table[kept - 1]->name, m->table[i]->name) != 0)
            m->table[kept++] = m->table[i];
    m->n = kept;
}

static const dmap_task *find(const made *m, const char *name) {
    for (size_t i = 0; i < m->n; i++)
        if (!strcmp(m->table[i]->name, name))
            return m->table[i];
    return NULL;
}

/* The first task, by name, that one of the two does not have, or has otherwise; NULL: none. */
static const char *first_difference(const made *mine, const made *masters, const char **why) {
    const char *first = NULL;
    for (int side = 0; side < 2; side++) {
        const made *a = side ? masters : mine, *b = side ? mine : masters;
        for (size_t i = 0; i < a->n; i++) {
            const dmap_task *other = find(b, a->table[i]->name);
            bool same = other && other->item_size == a->table[i]->item_size;
            if (!same && (!first || strcmp(a->table[i]->name, first) < 0)) {
                first = a->table[i]->name;
                *why = other ? "has other sizes" : side ? "is missing" : "is unknown to the master";
            }
        }
    }
    return first;
}

static void test_compare(void) {
    static made mine, masters;
    for (unsigned round = unit_rounds(4000); round; round--) {
        make(&mine);
        make(&masters);
        dmap__registry a = {mine.table, mine.n}, b = {masters.table, unit_chance(4) ? 0 : masters.n};
        masters.n = b.count;
        char *x = dmap__registry_describe(&a), *y = dmap__registry_describe(&b), said[400] = "", wanted[60];
        const char *why = "", *name = first_difference(&mine, &masters, &why);
        CU_ASSERT_FATAL(x && y);
        CU_ASSERT_EQUAL(dmap__registry_compare(x, y, said, sizeof said), name == NULL);
        CU_ASSERT(dmap__registry_compare(x, x, said, sizeof said));
        if (name) {
            snprintf(wanted, sizeof wanted, "task \"%s\" %s", name, why);
            CU_ASSERT(!strncmp(said, wanted, strlen(wanted)));
        }
        free(x);
        free(y);
    }
}

/* ---- what is wrong ---- */

static void test_two_of_a_name(void) {
    static const dmap_task other = {.name = "pear", .run = run};
    dmap__registry registry;
    dmap__error error = {0};
    dmap_register(&other);
    CU_ASSERT_EQUAL(dmap__registry_get(&registry, &error), DMAP_EINVAL);
    CU_ASSERT_STRING_EQUAL(error.text, "two tasks are named \"pear\"");
    CU_ASSERT_EQUAL(registry.count, 0);
}

static void test_nameless(void) {
    static const dmap_task nameless[] = {{.name = "", .run = run}, {.run = run}};
    for (int i = 0; i < 3; i++) {
        dmap__registry registry;
        dmap__error error = {0};
        dmap_register(i < 2 ? &nameless[i] : NULL);
        CU_ASSERT_EQUAL(dmap__registry_get(&registry, &error), DMAP_EINVAL);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "without a name"));
    }
}

int main(void) {
    CU_TestInfo tests[] = {
        {"sorted", test_sorted},     {"compared", test_compare}, {"two of a name", test_two_of_a_name},
        {"nameless", test_nameless}, CU_TEST_INFO_NULL,
    };
    return unit_run("registry", tests);
}
