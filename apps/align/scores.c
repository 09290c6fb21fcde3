#include "scores.h"

#include <stdlib.h>

#include <parasail.h>

static const parasail_matrix_t *matrix(void) {
    return parasail_matrix_lookup("blosum62");
}

/* The striped way is the faster one, but wrong where a gap's further residues cost as much as its first. */
static parasail_pfunction_t *way(const rules *r) {
    return r->extend < r->open ? parasail_sw_striped_profile_sat : parasail_sw_scan_profile_sat;
}

long scores_find(const database *d, const char *query, int length, uint32_t first, hit *hits) {
    parasail_pfunction_t *align = way(&d->rules);
    long n = 0;
    /* One profile serves all targets: in 8 bits, and in 16 for those whose scores need more. */
    parasail_profile_t *profile = parasail_profile_create_sat(query, length, matrix());
    if (!profile)
        return -1;
    for (uint32_t i = first; i < d->count; i++) {
        int target_length;
        const char *target = database_at(d, i, &target_length);
        parasail_result_t *result = align(profile, target, target_length, d->rules.open, d->rules.extend);
        if (!result) {
            n = -1;
            break;
        }
        int score = parasail_result_get_score(result);
        parasail_result_free(result);
        if (score >= d->rules.score)
            hits[n++] = (hit){i, score};
    }
    parasail_profile_free(profile);
    return n;
}

int scores_find_all(const database *d) {
    hit *hits = malloc(d->count * sizeof *hits);
    long n = hits ? 0 : -1;
    for (uint32_t i = 0; i < d->count && n >= 0; i++) {
        int length;
        const char *query = database_at(d, i, &length);
        n = scores_find(d, query, length, i + 1, hits);
    }
    free(hits);
    return n >= 0 ? 0 : -1;
}

static int larger(int a, int b) {
    return a > b ? a : b;
}

/* Row by row. For each column: best[j] of the row above, and down[j], the best that ends in a gap in b. */
int scores_plain(const rules *r, const char *a, int a_length, const char *b, int b_length) {
    const parasail_matrix_t *m = matrix();
    int *best = calloc((size_t)b_length + 1, sizeof *best), *down = calloc((size_t)b_length + 1, sizeof *down);
    int highest = best && down ? 0 : -1;
    for (int i = 0; i < a_length && highest >= 0; i++) {
        const int *row = m->matrix + (size_t)m->size * (size_t)m->mapper[(unsigned char)a[i]];
        int diagonal = 0, across = 0;
        for (int j = 1; j <= b_length; j++) {
            down[j] = larger(best[j] - r->open, down[j] - r->extend);
            across = larger(best[j - 1] - r->open, across - r->extend);
            int here = larger(0, diagonal + row[m->mapper[(unsigned char)b[j - 1]]]);
            here = larger(here, larger(down[j], across));
            diagonal = best[j];
            best[j] = here;
            highest = larger(highest, here);
        }
    }
    free(best);
    free(down);
    return highest;
}
