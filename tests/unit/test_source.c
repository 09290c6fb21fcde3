/* Items of a lease: every kind of source gives item i at position i (or where the shuffle says), what was pulled comes
 * back as often as it is asked for, and is freed when nobody needs it. The last is the leak check's to say. */
#include <stdlib.h>
#include <string.h>

#include "call/source.h"
#include "plan/plan.h"
#include "unit.h"

#define COUNT 300
#define SIZE  6

static const dmap_task fixed_task = {.name = "fixed", .item_size = SIZE};
static const dmap_task variable_task = {.name = "variable", .item_size = DMAP_VARIABLE};
static const dmap_task number_task = {.name = "number", .item_size = sizeof(uint64_t)};

/* ---- what the items are: bytes that follow from the index ---- */

static size_t size_of(uint64_t index, bool variable) {
    return variable ? (size_t)(index * 7 % 50) : SIZE;
}

static void fill(unsigned char *bytes, uint64_t index, bool variable) {
    for (size_t i = 0; i < size_of(index, variable); i++)
        bytes[i] = (unsigned char)(index * 31 + i);
}

static bool is_item(const void *data, size_t size, uint64_t index, bool variable) {
    unsigned char wanted[50];
    fill(wanted, index, variable);
    return size == size_of(index, variable) && (!size || !memcmp(data, wanted, size));
}

/* Every item that `items` points to is the right one. */
static void check(const dmap__source *from, const dmap__items *items) {
    bool variable = from->task->item_size == DMAP_VARIABLE;
    for (uint64_t at = items->begin; at < items->end; at++) {
        size_t i = (size_t)(at - items->begin);
        uint64_t index = from->order ? from->order->index_of[at] : at;
        CU_ASSERT((items->indices != NULL) == (from->order != NULL));
        CU_ASSERT(!items->indices || items->indices[i] == index);
        if (items->layout == DMAP__LAYOUT_RANGE) {
            CU_ASSERT_EQUAL(items->range_first, from->source.begin);
        } else if (items->layout == DMAP__LAYOUT_ARRAY) {
            CU_ASSERT(is_item((const unsigned char *)items->items + i * SIZE, SIZE, index, variable));
        } else {
            const dmap_blob *blob = (const dmap_blob *)items->items + i;
            CU_ASSERT(is_item(blob->data, blob->size, index, variable));
            CU_ASSERT(from->source.kind != DMAP__SOURCE_PULL || (uintptr_t)blob->data % 16 == 0 || !blob->size);
        }
    }
}

static void let_go(dmap__source *from, dmap__items *items) {
    dmap__items_close(from, items, items->end - items->begin);
    dmap__items_leave(from, items);
}

/* ---- from memory ---- */

static unsigned char memory[COUNT * 50];
static dmap_blob table[COUNT];

static dmap_source source_of(int kind, bool variable) {
    size_t used = 0;
    for (uint64_t i = 0; i < COUNT; i++) {
        table[i] = (dmap_blob){memory + used, size_of(i, variable)};
        fill(memory + used, i, variable);
        used += table[i].size;
    }
    if (kind == DMAP__SOURCE_ARRAY)
        return dmap_array(memory, COUNT);
    return kind == DMAP__SOURCE_BLOBS ? dmap_blobs(table, COUNT) : dmap_range(1000, 1000 + COUNT);
}

static double some_cost(void *arg, uint64_t index) {
    (void)arg;
    return (double)(index * 2654435761u % 97);
}

static void check_memory(dmap__source *from) {
    for (unsigned round = unit_rounds(100); round; round--) {
        dmap__items *items;
        uint64_t begin = unit_below(COUNT), end = begin + 1 + unit_below(COUNT - begin);
        items = from->ops->get(from, begin, end);
        CU_ASSERT_PTR_NOT_NULL_FATAL(items);
        CU_ASSERT(items->begin == begin && items->end == end);
        check(from, items);
        dmap__items_use(items);
        dmap__items_leave(from, items);
        check(from, items);
        let_go(from, items);
    }
    dmap__items_fini(from);
}

/* Blobs are offered so many at a time as are about so many bytes, at least one, to the last. */
static void check_offers(dmap__source *from) {
    while (from->offered < COUNT) {
        uint64_t before = from->offered, n = 1 + unit_below(40);
        size_t bytes = 1 + (size_t)unit_below(500), sum = 0;
        CU_ASSERT_TRUE_FATAL(from->ops->offer(from, n, bytes));
        uint64_t end = from->offered;
        CU_ASSERT_FATAL(end > before && end <= COUNT && end - before <= n);
        for (uint64_t at = before; at + 1 < end; at++)
            sum += size_of(from->order ? from->order->index_of[at] : at, from->task->item_size == DMAP_VARIABLE);
        CU_ASSERT(sum < bytes);
        sum += size_of(from->order ? from->order->index_of[end - 1] : end - 1, from->task->item_size == DMAP_VARIABLE);
        CU_ASSERT(sum >= bytes || end - before == n || end == COUNT);
    }
}

static void test_memory(void) {
    static const int kinds[] = {DMAP__SOURCE_ARRAY, DMAP__SOURCE_BLOBS, DMAP__SOURCE_BLOBS, DMAP__SOURCE_RANGE};
    dmap__order *shuffle = dmap__order_create(COUNT, some_cost, NULL, true);
    CU_ASSERT_PTR_NOT_NULL_FATAL(shuffle);
    for (int i = 0; i < 8; i++) {
        bool variable = i % 4 == 2;
        dmap__source from = {.ops = dmap__source_ops_of(kinds[i % 4]), .source = source_of(kinds[i % 4], variable)};
        from.task = i % 4 == 3 ? &number_task : variable ? &variable_task : &fixed_task;
        from.order = i < 4 ? NULL : shuffle;
        CU_ASSERT_EQUAL(dmap__items_count(&from), COUNT);
        CU_ASSERT_EQUAL(dmap__items_size(&from), i % 4 == 3 || variable ? 0 : SIZE);
        if (from.ops->offer)
            check_offers(&from);
        check_memory(&from);
    }
    CU_ASSERT_EQUAL(dmap__order_weight(NULL, 0, COUNT), 0);
    double weight = 0;
    for (uint64_t i = 0; i < COUNT; i++) {
        double cost = some_cost(NULL, shuffle->index_of[i]);
        weight += cost > 0 ? cost : 0;
        CU_ASSERT_DOUBLE_EQUAL(dmap__order_weight(shuffle, 0, i + 1), weight, 1e-9 * weight);
    }
    dmap__order_destroy(shuffle);
}

/* ---- pulled ---- */

typedef struct spring {
    uint64_t given, count;
    bool variable;
    int end; /* what it says after the last */
    size_t wrong_size_at;
    bool hesitates;
    unsigned char bytes[51]; /* overwritten by each item */
} spring;

static int next_item(void *arg, dmap_blob *item) {
    spring *s = arg;
    if (s->given == s->count)
        return s->end;
    if (s->hesitates && unit_chance(20))
        return DMAP_PULL_LATER;
    fill(s->bytes, s->given, s->variable);
    *item = (dmap_blob){s->bytes, size_of(s->given, s->variable)};
    s->given++;
    item->size += s->given == s->wrong_size_at;
    return 1;
}

/* The model: which of those held has a position, as the job keeps its leases. */
typedef struct lease {
    dmap__items *items;
    uint64_t begin, end; /* what of it is still open */
} lease;

typedef struct pulling {
    dmap__source from;
    spring spring;
    lease leases[COUNT];
    size_t n;
    uint64_t (*back)[2]; /* ranges given back, to be granted again */
    size_t n_back;
} pulling;

/* What was pulled goes with a lease, or now and then with two. */
static void take_pulled(pulling *p, uint64_t begin, uint64_t end) {
    dmap__items *items;
    uint64_t middle = end - begin > 1 && unit_chance(4) ? begin + 1 + unit_below(end - begin - 1) : end;
    for (; begin < end; begin = middle, middle = end) {
        items = p->from.ops->get(&p->from, begin, middle);
        CU_ASSERT_PTR_NOT_NULL_FATAL(items);
        CU_ASSERT(items->begin == begin && items->end == middle);
        check(&p->from, items);
        p->leases[p->n++] = (lease){items, begin, middle};
    }
}

static void pull_some(pulling *p) {
    uint64_t begin = p->from.offered, before = p->spring.given, n = 1 + unit_below(40);
    CU_ASSERT_TRUE_FATAL(p->from.ops->offer(&p->from, n, (size_t)unit_below(400)));
    CU_ASSERT(p->from.offered - begin == p->spring.given - before && p->from.offered - begin <= n);
    CU_ASSERT(p->from.offered > begin || p->from.ended || p->from.later);
    take_pulled(p, begin, p->from.offered);
}

/* A range that spans several holders comes back whole. */
static void pull_back(pulling *p) {
    dmap__items *items;
    size_t i = (size_t)unit_below(p->n_back);
    uint64_t begin = p->back[i][0], end = p->back[i][1];
    p->back[i][0] = p->back[p->n_back - 1][0];
    p->back[i][1] = p->back[p->n_back - 1][1];
    p->n_back--;
    for (size_t k = 0; k < p->n_back; k++) {
        if (p->back[k][0] == end) {
            end = p->back[k][1];
            p->back[k][0] = p->back[p->n_back - 1][0];
            p->back[k][1] = p->back[p->n_back - 1][1];
            p->n_back--;
            break;
        }
    }
    items = p->from.ops->get(&p->from, begin, end);
    CU_ASSERT_PTR_NOT_NULL_FATAL(items);
    CU_ASSERT(items->begin == begin && items->end == end);
    check(&p->from, items);
    p->leases[p->n++] = (lease){items, begin, end};
}

/* A lease ends: some of its items go back, the others are done. */
static void end_lease(pulling *p) {
    lease *l = &p->leases[unit_below(p->n)];
    uint64_t n = l->end - l->begin, kept = unit_chance(2) ? unit_below(n + 1) : 0;
    check(&p->from, l->items);
    if (kept) {
        p->back[p->n_back][0] = l->end - kept;
        p->back[p->n_back++][1] = l->end;
    }
    dmap__items_close(&p->from, l->items, n - kept);
    dmap__items_leave(&p->from, l->items);
    *l = p->leases[--p->n];
}

static void check_pulling(bool to_the_end) {
    static uint64_t back[COUNT][2];
    pulling p = {.spring = {.count = unit_below(COUNT), .variable = unit_chance(2), .end = unit_chance(2) ? 0 : -7}};
    p.spring.hesitates = unit_chance(2);
    p.back = back;
    p.from.ops = &dmap__source_pull;
    p.from.source = dmap_pull(next_item, &p.spring);
    p.from.task = p.spring.variable ? &variable_task : &fixed_task;
    CU_ASSERT(dmap__items_count(&p.from) == 0);
    while (!p.from.ended || p.n || p.n_back) {
        if (!p.from.ended && p.n < COUNT / 2 && unit_chance(3))
            pull_some(&p);
        else if (p.n_back && unit_chance(2))
            pull_back(&p);
        else if (p.n)
            end_lease(&p);
        if (!to_the_end && unit_chance(50))
            break;
    }
    CU_ASSERT(!to_the_end || p.from.offered == p.spring.count);
    CU_ASSERT(!p.from.ended || (p.from.failure.status == (p.spring.end ? DMAP_EIO : DMAP_OK)));
    CU_ASSERT(!to_the_end || p.from.held == NULL);
    while (p.n)
        dmap__items_leave(&p.from, p.leases[--p.n].items);
    dmap__items_fini(&p.from);
}

static void test_pulled(void) {
    for (unsigned round = unit_rounds(400); round; round--)
        check_pulling(unit_chance(3) == 0);
}

/* A source that breaks its word: what came before is there, and the sentence says which item. */
static void test_wrong_size(void) {
    dmap__items *items;
    spring s = {.count = 10, .wrong_size_at = 4};
    dmap__source from = {.ops = &dmap__source_pull, .source = dmap_pull(next_item, &s), .task = &fixed_task};
    CU_ASSERT_TRUE_FATAL(from.ops->offer(&from, 10, 1000));
    CU_ASSERT(from.offered == 3 && from.ended);
    items = from.ops->get(&from, 0, 3);
    CU_ASSERT_PTR_NOT_NULL_FATAL(items);
    CU_ASSERT_EQUAL(from.failure.status, DMAP_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(from.failure.text, "item 3 of 7 bytes"));
    check(&from, items);
    let_go(&from, items);
    CU_ASSERT_PTR_NULL(from.held);
}

static int null_item(void *arg, dmap_blob *item) {
    (void)arg;
    *item = (dmap_blob){NULL, SIZE};
    return 1;
}

static void test_null(void) {
    dmap__source from = {.ops = &dmap__source_pull, .source = dmap_pull(null_item, NULL), .task = &fixed_task};
    CU_ASSERT_TRUE_FATAL(from.ops->offer(&from, 10, 1000));
    CU_ASSERT(from.ended && from.offered == 0);
    CU_ASSERT_EQUAL(from.failure.status, DMAP_EINVAL);
    dmap__items_fini(&from);
}

int main(void) {
    CU_TestInfo tests[] = {
        {"from memory", test_memory},   {"pulled", test_pulled}, {"an item of wrong size", test_wrong_size},
        {"an item at NULL", test_null}, CU_TEST_INFO_NULL,
    };
    return unit_run("items", tests);
}
