/* A farm of items that take a known time and give known bytes: what a link costs, and who got how much.
 *
 * usage: farm ITEMS MS BYTES, under mpirun. Each item sleeps MS milliseconds, in place of work, so that hosts that
 * share a machine's cores do not slow each other down, and returns BYTES bytes made of its index, which the master
 * checks. Prints a line for each rank (rank, host, workers, items, busy seconds) and a last one with the efficiency:
 * the time that the items were to take over the time that all workers were there for. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <dmap/dmap.h>

enum { EXIT_USAGE = 2 };

typedef struct order {
    double ms;
    uint64_t bytes;
} order;

static unsigned char byte_of(uint64_t index, uint64_t place) {
    return (unsigned char)((index + 1) * 0x9e3779b97f4a7c15u >> 56 ^ place * 167);
}

static int spend(dmap_context *ctx, const void *item, void *result) {
    (void)item, (void)result;
    const order *o = dmap_shared(ctx, NULL);
    struct timespec left = {.tv_sec = (time_t)(o->ms / 1e3), .tv_nsec = (long)(o->ms * 1e6) % 1000000000};
    while (nanosleep(&left, &left) && errno == EINTR) {
    }
    unsigned char *bytes = dmap_result(ctx, o->bytes);
    if (!bytes)
        return dmap_fail(ctx, 1, "out of memory");
    for (uint64_t i = 0; i < o->bytes; i++)
        bytes[i] = byte_of(dmap_index(ctx), i);
    return 0;
}
DMAP_TASK(farm, .run = spend, .item_size = sizeof(uint64_t), .result_size = DMAP_VARIABLE);

typedef struct tally {
    uint64_t next, bytes;
} tally;

static int check(void *arg, const dmap_item_result *r) {
    tally *t = arg;
    if (r->status != DMAP_ITEM_OK || r->index != t->next++ || r->size != t->bytes)
        return 1;
    for (uint64_t i = 0; i < r->size; i++)
        if (((const unsigned char *)r->data)[i] != byte_of(r->index, i))
            return 1;
    return 0;
}

static void print_ranks(dmap_pool *pool) {
    dmap_rank_report rank;
    printf("rank host workers items busy_s\n");
    for (int i = 0; dmap_report_rank(pool, i, &rank) == DMAP_OK; i++)
        printf("%d %s %d %" PRIu64 " %.2f\n", i, rank.host, rank.workers, rank.items, rank.busy_s);
}

/* A whole number, or a fraction: 0 or more. */
static bool read_number(const char *text, double *number) {
    char *end;
    *number = strtod(text, &end);
    return end != text && *end == '\0' && *number >= 0 && *number <= 1e15;
}

static int run(dmap_pool *pool, int argc, char **argv) {
    double items, bytes;
    order o;
    if (argc != 4 || !read_number(argv[1], &items) || !read_number(argv[2], &o.ms) || !read_number(argv[3], &bytes)) {
        fputs("usage: farm ITEMS MS BYTES\n", stderr);
        return EXIT_USAGE;
    }
    o.bytes = (uint64_t)bytes;
    tally t = {.bytes = o.bytes};
    if (dmap_share(pool, &o, sizeof o) != DMAP_OK ||
        dmap_map(pool, &farm, dmap_range(0, (uint64_t)items), dmap_each(check, &t), NULL) != DMAP_OK) {
        fprintf(stderr, "farm: %s\n", dmap_error(pool));
        return EXIT_FAILURE;
    }
    dmap_report report;
    dmap_report_get(pool, &report);
    print_ranks(pool);
    printf("efficiency %.3f, %.2f s, %" PRIu64 " right items of %g ms and %" PRIu64 " bytes on %d workers\n",
           report.efficiency, report.seconds, t.next, o.ms, o.bytes, report.workers);
    return t.next == (uint64_t)items ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
    return dmap_run(argc, argv, run, NULL);
}
