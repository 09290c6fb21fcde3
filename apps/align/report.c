#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_CHECKED 3e8

int report_begin(hits_report *r, size_t keeps) {
    *r = (hits_report){.n_rows = keeps};
    if (keeps)
        r->rows = calloc(keeps, sizeof *r->rows);
    return keeps && !r->rows ? -1 : 0;
}

void report_end(hits_report *r) {
    for (size_t i = 0; r->rows && i < r->n_rows; i++)
        free(r->rows[i].hits);
    free(r->rows);
}

static bool keep(hits_report *r, uint64_t query, const hit *hits, size_t count) {
    hits_row *row = &r->rows[query];
    row->hits = malloc((count + 1) * sizeof *hits);
    if (!row->hits)
        return false;
    memcpy(row->hits, hits, count * sizeof *hits);
    row->count = count;
    return true;
}

int report_take(hits_report *r, const proteins *p, uint64_t query, const hit *hits, size_t count) {
    for (size_t i = 0; i < count && !r->failed; i++)
        r->failed = printf("%s\t%s\t%" PRId32 "\n", p->all[query].name, p->all[hits[i].target].name, hits[i].score) < 0;
    r->failed = r->failed || (r->rows && !keep(r, query, hits, count)) || fflush(stdout) != 0;
    return r->failed ? -1 : 0;
}

/* True if the row of hits is that of the plain scores. */
static bool check_row(const hits_row *row, const database *d, uint32_t query, uint64_t *pairs) {
    int length, other;
    const char *residues = database_at(d, query, &length);
    size_t next = 0;
    for (uint32_t i = query + 1; i < d->count; i++, ++*pairs) {
        const char *target = database_at(d, i, &other);
        int score = scores_plain(&d->rules, residues, length, target, other);
        bool found = next < row->count && row->hits[next].target == i;
        if (score < 0 || found != (score >= d->rules.score) || (found && row->hits[next].score != score))
            return false;
        next += found;
    }
    return next == row->count;
}

bool report_check(const hits_report *r, const database *d, char *text, size_t size) {
    double residues = (double)(d->begin[d->count] - d->begin[0]);
    uint32_t step = (uint32_t)(residues * residues / 2 / CELLS_CHECKED) + 1, rows = 0;
    uint64_t pairs = 0;
    for (uint32_t i = 0; i < d->count; i += step, rows++)
        if (!check_row(&r->rows[i], d, i, &pairs)) {
            snprintf(text, size, "the hits of sequence %" PRIu32 " are not those of plain scores", i);
            return false;
        }
    snprintf(text, size,
             "the hits of %" PRIu32 " of %" PRIu32 " sequences, %" PRIu64 " pairs, are those of plain scores", rows,
             d->count, pairs);
    return true;
}
