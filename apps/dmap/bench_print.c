/* The table has a column a pool. */
#include "bench_print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

enum { COLUMN = 15, LINE = 78 };

static const char *backend_of(const bench_pool *pool) {
    return pool->backend == DMAP_PROCESSES ? "processes" : "threads";
}

static const char *worker_of(const bench_pool *pool) {
    if (pool->workers > 1)
        return backend_of(pool);
    return pool->backend == DMAP_PROCESSES ? "process" : "thread";
}

static void print_number(double value) {
    if (isnan(value))
        printf(" %*s", COLUMN, "-");
    else if (fabs(value) >= 1e5)
        printf(" %*.3g", COLUMN, value);
    else
        printf(" %*.*f", COLUMN, value < 10 ? 2 : value < 1000 ? 1 : 0, value);
}

static void print_head(const bench_pool *pools, int n) {
    char text[64];
    printf("%-33s %-7s", "", "");
    for (int i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%d rank%s", pools[i].ranks, pools[i].ranks > 1 ? "s" : "");
        printf(" %*s", COLUMN, text);
    }
    printf("\n%-33s %-7s", "", "");
    for (int i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%d %s", pools[i].workers, worker_of(&pools[i]));
        printf(" %*s", COLUMN, text);
    }
    putchar('\n');
}

/* Breaks the line where a word would pass the margin. */
static void print_wrapped(const char *text) {
    size_t at = 1;
    putchar('-');
    while (*text) {
        size_t word = strcspn(text, " ");
        bool breaks = at + 1 + word > LINE;
        at = breaks ? 2 + word : at + 1 + word;
        printf("%s%.*s", breaks ? "\n  " : " ", (int)word, text);
        text += word + (text[word] != '\0');
    }
    putchar('\n');
}

void bench_print_table(const bench_pool *pools, int n, const bench_advice *advice) {
    print_head(pools, n);
    for (int k = 0; k < BENCH_N_KINDS; k++) {
        printf("%-33s %-7s", bench_kinds[k].title, bench_kinds[k].unit);
        for (int i = 0; i < n; i++)
            print_number(pools[i].values[k]);
        putchar('\n');
    }
    putchar('\n');
    for (int i = 0; i < advice->n; i++)
        print_wrapped(advice->lines[i]);
}

static void print_pool(const bench_pool *pool) {
    printf("    {\"ranks\": %d, \"workers\": %d, \"backend\": \"%s\"", pool->ranks, pool->workers, backend_of(pool));
    for (int k = 0; k < BENCH_N_KINDS; k++) {
        printf(", \"%s\": ", bench_kinds[k].name);
        if (isnan(pool->values[k]))
            fputs("null", stdout);
        else
            printf("%.6g", pool->values[k]);
    }
    fputc('}', stdout);
}

void bench_print_json(const bench_pool *pools, int n, const bench_advice *advice) {
    printf("{\n  \"dmap\": \"%s\",\n  \"units\": {", DMAP_VERSION);
    for (int k = 0; k < BENCH_N_KINDS; k++)
        printf("%s\"%s\": \"%s\"", k ? ", " : "", bench_kinds[k].name, bench_kinds[k].unit);
    printf("},\n  \"pools\": [\n");
    for (int i = 0; i < n; i++) {
        print_pool(&pools[i]);
        puts(i + 1 < n ? "," : "");
    }
    printf("  ],\n  \"advice\": [\n");
    for (int i = 0; i < advice->n; i++) {
        fputs("    ", stdout);
        json_string(stdout, advice->lines[i]);
        puts(i + 1 < advice->n ? "," : "");
    }
    printf("  ]\n}\n");
}

void bench_print_plain(const bench_pool *pool) {
    for (int k = 0; k < BENCH_N_KINDS; k++)
        printf("%s %.9g\n", bench_kinds[k].name, pool->values[k]);
}
