#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int word_compare(const word *a, const word *b) {
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->text, b->text, shorter);
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

/* ---- layout: count, length, text; nothing is aligned ---- */

size_t table_word_size(size_t length) {
    return 2 * sizeof(uint64_t) + length;
}

unsigned char *table_put(unsigned char *to, const word *w) {
    uint64_t numbers[2] = {w->count, w->length};
    memcpy(to, numbers, sizeof numbers);
    memcpy(to + sizeof numbers, w->text, w->length);
    return to + table_word_size(w->length);
}

bool table_next(const unsigned char **at, const unsigned char *end, word *w) {
    uint64_t numbers[2];
    if (*at == end)
        return false;
    memcpy(numbers, *at, sizeof numbers);
    *w = (word){(const char *)*at + sizeof numbers, (size_t)numbers[1], numbers[0]};
    *at += table_word_size(w->length);
    return true;
}

size_t table_merge(const void *left, size_t left_size, const void *right, size_t right_size, void *both) {
    const unsigned char *l = left, *l_end = l + left_size, *r = right, *r_end = r + right_size;
    unsigned char *to = both;
    word a = {0}, b = {0};
    bool has_a = table_next(&l, l_end, &a), has_b = table_next(&r, r_end, &b);
    while (has_a || has_b) {
        int order = !has_b ? -1 : !has_a ? 1 : word_compare(&a, &b);
        word next = order <= 0 ? a : b;
        if (order == 0)
            next.count += b.count;
        to = table_put(to, &next);
        if (order <= 0)
            has_a = table_next(&l, l_end, &a);
        if (order >= 0)
            has_b = table_next(&r, r_end, &b);
    }
    return (size_t)(to - (unsigned char *)both);
}

/* ---- what is told ---- */

void table_count(const void *table, size_t size, uint64_t *words, uint64_t *different) {
    const unsigned char *at = table, *end = at + size;
    word w;
    *words = *different = 0;
    while (table && table_next(&at, end, &w)) {
        *words += w.count;
        ++*different;
    }
}

static int by_count(const void *a, const void *b) {
    const word *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : word_compare(x, y);
}

int table_print(const void *table, size_t size, uint64_t top) {
    uint64_t words, different, n = 0;
    table_count(table, size, &words, &different);
    word *all = malloc((size_t)(different + 1) * sizeof *all);
    if (!all)
        return -1;
    const unsigned char *at = table, *end = at + size;
    while (n < different && table_next(&at, end, &all[n]))
        n++;
    qsort(all, (size_t)n, sizeof *all, by_count);
    for (uint64_t i = 0; i < n && (i < top || top == 0); i++) {
        printf("%7" PRIu64 " ", all[i].count);
        fwrite(all[i].text, 1, all[i].length, stdout);
        putchar('\n');
    }
    free(all);
    return 0;
}
