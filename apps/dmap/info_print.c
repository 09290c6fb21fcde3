/* Printing places. The table's columns are as wide as what is in them; the last, why, is as long as it is. JSON has one
 * place a line, with null for what is not known. */
#include "info_print.h"

#include <stdio.h>
#include <string.h>

#include "json.h"

enum { N_COLUMNS = 8 };

static const char *const names[N_COLUMNS] = {"node", "rank", "worker", "core", "PU", "NUMA", "CPUs", "why"};

typedef struct row {
    char numbers[N_COLUMNS][16];
    const char *cells[N_COLUMNS];
} row;

static void fill(const dmap_place *place, row *r) {
    const int numbers[N_COLUMNS] = {0, place->rank, place->worker, place->core, place->pu, place->numa, 0, 0};
    for (int c = 0; c < N_COLUMNS; c++) {
        snprintf(r->numbers[c], sizeof r->numbers[c], "%d", numbers[c]);
        r->cells[c] = numbers[c] < 0 ? "-" : r->numbers[c];
    }
    r->cells[0] = place->host[0] ? place->host : "-";
    r->cells[6] = place->cpus[0] ? place->cpus : "-";
    r->cells[7] = place->why;
}

static void widen(int *widths, const char *const *cells) {
    for (int c = 0; c < N_COLUMNS; c++) {
        int width = (int)strlen(cells[c]);
        widths[c] = width > widths[c] ? width : widths[c];
    }
}

/* Words to the left, numbers to the right. */
static void print_row(const int *widths, const char *const *cells) {
    printf("%-*s", widths[0], cells[0]);
    for (int c = 1; c < 6; c++)
        printf("  %*s", widths[c], cells[c]);
    printf("  %-*s  %s\n", widths[6], cells[6], cells[7]);
}

void info_print_table(const dmap_place *places, size_t count) {
    int widths[N_COLUMNS] = {0};
    row r;
    widen(widths, names);
    for (size_t i = 0; i < count; i++) {
        fill(&places[i], &r);
        widen(widths, r.cells);
    }
    print_row(widths, names);
    for (size_t i = 0; i < count; i++) {
        fill(&places[i], &r);
        print_row(widths, r.cells);
    }
}

static void print_text(const char *name, const char *text) {
    printf("\"%s\": ", name);
    if (text[0])
        json_string(stdout, text);
    else
        fputs("null", stdout);
}

static void print_place(const dmap_place *p) {
    const struct {
        const char *name;
        int number;
    } numbers[] = {{"rank", p->rank}, {"worker", p->worker}, {"core", p->core},
                   {"pu", p->pu},     {"numa", p->numa},     {"socket", p->socket}};
    fputs("    {", stdout);
    print_text("node", p->host);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        printf(", \"%s\": ", numbers[i].name);
        json_count(stdout, numbers[i].number);
    }
    fputs(", ", stdout);
    print_text("cpus", p->cpus);
    printf(", \"shared\": %s, ", p->shared ? "true" : "false");
    print_text("why", p->why);
    fputc('}', stdout);
}

void info_print_json(const dmap_place *places, size_t count) {
    printf("{\n  \"dmap\": \"%s\",\n  \"places\": [\n", DMAP_VERSION);
    for (size_t i = 0; i < count; i++) {
        print_place(&places[i]);
        fputs(i + 1 < count ? ",\n" : "\n", stdout);
    }
    fputs("  ]\n}\n", stdout);
}
