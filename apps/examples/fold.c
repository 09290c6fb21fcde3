/* A reduction that is the same anywhere: a sum of doubles depends on the order in which they are added. dmap_fold adds
 * them as the leaves of a binary tree over the items' numbers, so the last bit is the same on a core and on a cluster.
 * usage: fold, or mpirun -n N fold */
#include <dmap/dmap.h>
#include <inttypes.h>
#include <stdio.h>

static int term(dmap_context *ctx, const void *item, void *result) {
    const uint64_t k = *(const uint64_t *)item;
    (void)ctx;
    *(double *)result = (k % 2 ? -4.0 : 4.0) / (double)(2 * k + 1); /* of Leibniz' series for pi */
    return 0;
}

static void add(void *into, const void *from) {
    *(double *)into += *(const double *)from;
}
DMAP_TASK(fold_term, .run = term, .item_size = sizeof(uint64_t), .result_size = sizeof(double), .combine = add);

static int work(dmap_pool *pool, int argc, char **argv) {
    double sum = 0;
    (void)argc, (void)argv;
    if (dmap_map(pool, &fold_term, dmap_range(0, 1000000), dmap_fold(&sum), NULL) != DMAP_OK) {
        fprintf(stderr, "%s\n", dmap_error(pool));
        return 1;
    }
    printf("pi is about %.6f, in bits %a\n", sum, sum);
    return 0;
}

int main(int argc, char **argv) {
    return dmap_run(argc, argv, work, NULL);
}
