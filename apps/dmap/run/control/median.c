/* A histogram of logarithms: a bin is 1% wide, from a microsecond on; what is shorter counts as that, what is longer
 * than the last bin's 30 years as those. */
#include "run/control/median.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { BINS = 3472, FEWEST = 3 };
static const double shortest_s = 1e-6, step = 1.01;

struct run_median {
    uint64_t bins[BINS], count;
};

run_median *run_median_create(void) {
    return calloc(1, sizeof(run_median));
}

void run_median_free(run_median *median) {
    free(median);
}

void run_median_add(run_median *median, double seconds) {
    double bin = seconds > shortest_s ? log(seconds / shortest_s) / log(step) : 0;
    median->bins[bin < BINS - 1 ? (int)bin : BINS - 1]++;
    median->count++;
}

double run_median_get(const run_median *median) {
    uint64_t below = 0;
    int bin = 0;
    if (median->count < FEWEST)
        return 0;
    while ((below += median->bins[bin]) * 2 < median->count)
        bin++;
    return shortest_s * pow(step, bin + 0.5);
}
