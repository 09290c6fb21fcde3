/* Medians, by sorting a copy. */
#include "spread.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bench_spread bench_spread_of(const double *values, int n) {
    double sorted[BENCH_MOST_VALUES];
    bench_spread s = {.n = 0, .median = NAN, .least = NAN, .most = NAN};
    for (int i = 0; i < n; i++)
        if (!isnan(values[i]) && s.n < BENCH_MOST_VALUES)
            sorted[s.n++] = values[i];
    if (!s.n)
        return s;
    qsort(sorted, (size_t)s.n, sizeof *sorted, compare);
    s.median = s.n % 2 ? sorted[s.n / 2] : (sorted[s.n / 2 - 1] + sorted[s.n / 2]) / 2;
    s.least = sorted[0];
    s.most = sorted[s.n - 1];
    return s;
}
