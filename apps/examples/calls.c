/* Calls in flight. Items are submitted one by one and taken as they come; of two maps the one with the higher priority
 * ends first, though it began later; a third is cancelled.
 * usage: calls, or mpirun -n N calls */
#include <dmap/call.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static int square(dmap_context *ctx, const void *item, void *result) {
    const uint64_t *number = item;
    (void)ctx;
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    *(uint64_t *)result = *number * *number;
    return 0;
}
DMAP_TASK(calls_square, .run = square, .item_size = sizeof(uint64_t), .result_size = sizeof(uint64_t));

enum { ITEMS = 100 };

static dmap_status submit(dmap_pool *pool) {
    dmap_call *calls[ITEMS];
    uint64_t sum = 0;
    for (uint64_t i = 0; i < ITEMS; i++) {
        dmap_status status = dmap_submit(pool, &calls_square, &i, sizeof i, NULL, &calls[i]); /* copies the item */
        if (status != DMAP_OK)
            return status;
    }
    for (int left = ITEMS; left > 0; left--) {
        size_t which;
        dmap_status status = dmap_wait_any(calls, ITEMS, -1, &which);
        if (status != DMAP_OK)
            return status;
        sum += *(const uint64_t *)dmap_call_result(calls[which], NULL);
        dmap_call_free(calls[which]);
        calls[which] = NULL; /* is passed over from now on */
    }
    printf("submitted: the squares of %d numbers come to %" PRIu64 "\n", ITEMS, sum);
    return DMAP_OK;
}

static dmap_status share(dmap_pool *pool) {
    const char *names[] = {"the patient one", "the urgent one"};
    dmap_map_options options[] = {{.priority = 1}, {.priority = 9}};
    static uint64_t results[2][5 * ITEMS];
    dmap_call *calls[2];
    dmap_status status = DMAP_OK;
    for (int i = 0; i < 2 && status == DMAP_OK; i++)
        status = dmap_map_async(pool, &calls_square, dmap_range(0, 5 * ITEMS), dmap_into(results[i]), &options[i],
                                &calls[i]);
    for (int i = 0; i < 2 && status == DMAP_OK; i++) {
        size_t which;
        status = dmap_wait_any(calls, 2, -1, &which);
        if (status != DMAP_OK)
            break;
        printf("%s: %s has ended\n", i == 0 ? "first" : "second", names[which]);
        dmap_call_free(calls[which]);
        calls[which] = NULL;
    }
    return status;
}

static dmap_status cancel(dmap_pool *pool) {
    dmap_call *call;
    dmap_status status = dmap_map_async(pool, &calls_square, dmap_range(0, 1000000), dmap_discard(), NULL, &call);
    if (status != DMAP_OK)
        return status;
    status = dmap_wait(call, 0.05);
    printf("cancelled: %s after 0.05 s, ", dmap_status_name(status));
    dmap_cancel(call);
    status = dmap_wait(call, -1);
    printf("and then %s\n", dmap_status_name(status));
    dmap_call_free(call);
    return status == DMAP_ECANCELLED ? DMAP_OK : status;
}

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    (void)argc;
    if (submit(pool) == DMAP_OK && share(pool) == DMAP_OK && cancel(pool) == DMAP_OK)
        return 0;
    fprintf(stderr, "%s: %s\n", argv[0], dmap_error(pool));
    return 1;
}

int main(int argc, char **argv) {
    return dmap_run(argc, argv, main_fn, NULL);
}
