/* The table for people: a block for each figure, and x. */
#include <math.h>
#include <string.h>

#include "report.h"

/* Short numbers as they are, rates with an exponent. */
static void print_number(double number, int width) {
    if (fabs(number) >= 1e6)
        printf("%*.3g", width, number);
    else
        printf("%*.*f", width, fabs(number) < 10 ? 3 : fabs(number) < 1000 ? 1 : 0, number);
}

static void print_spread(const bench_spread *s) {
    print_number(s->median, 11);
    fputs("  ", stdout);
    print_number(s->least, 9);
    fputs(" .. ", stdout);
    print_number(s->most, -9);
}

static void print_row(const report *r, const report_row *row) {
    bench_spread by_dmap = report_by_dmap(r, row), of_limit = report_of_limit(r, row);
    printf("%-10s %-34s %10.0f", row->where, row->system, row->items);
    if (row->refused && !row->spread.n) {
        printf("  skipped: %s\n", row->refused);
        return;
    }
    if (!row->spread.n) {
        puts("  no point above 50%, or none below");
        return;
    }
    print_spread(&row->spread);
    printf(" %3d", row->spread.n);
    if (by_dmap.n)
        printf(" %10.2f", by_dmap.median);
    else
        printf(" %10s", strcmp(row->role, "dmap") == 0 ? "1" : "");
    if (of_limit.n)
        printf(" %8.1f%%", of_limit.median);
    puts(row->note ? "  *" : "");
}

static void print_head(const report_row *row) {
    printf("\n%s", row->title);
    if (row->x_name)
        printf(": %g %s", row->x, row->x_name);
    printf(" [%s, %s is better]\n", row->unit, row->more_is_better ? "more" : "less");
    printf("%-10s %-34s %10s %10s  %9s    %-9s %3s %10s %9s\n", "where", "system", "items", "median", "least", "most",
           "n", "dmap by it", "of limit");
}

static void print_machine(const cJSON *machine) {
    const cJSON *fact;
    cJSON_ArrayForEach(fact, machine) {
        if (cJSON_IsNumber(fact))
            printf("%-11s %g\n", fact->string, fact->valuedouble);
        else
            printf("%-11s %s\n", fact->string, cJSON_GetStringValue(fact));
    }
}

void report_print(const report *r) {
    bool noted = false;
    if (r->machine)
        print_machine(r->machine);
    puts(
        "n: repetitions; dmap by it: how many times better dmap is, in the same place; of limit: the part of what the\n"
        "machine can do, by the figure's bound");
    for (int i = 0; i < r->n; i++) {
        if (i == 0 || !report_is_same(&r->rows[i], &r->rows[i - 1]))
            print_head(&r->rows[i]);
        print_row(r, &r->rows[i]);
        noted = noted || r->rows[i].note;
    }
    if (noted)
        puts("\n* a manager works on no item: with half of the cores idle 50% is out of reach, so only the others "
             "count");
}
