/* Items and results of 8 bytes to 64 MiB. A task's sizes are fixed when it is defined: hence one for each. */
#include "peer_dmap.h"

#include <stddef.h>

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

#define BULK_TASKS(name, bytes)                                                                                        \
    static int write_##name(dmap_context *ctx, const void *item, void *result) {                                       \
        (void)ctx;                                                                                                     \
        bench_write(*(const uint64_t *)item, result, bytes);                                                           \
        return 0;                                                                                                      \
    }                                                                                                                  \
    static int read_##name(dmap_context *ctx, const void *item, void *result) {                                        \
        (void)ctx;                                                                                                     \
        *(uint64_t *)result = bench_read(item, bytes);                                                                 \
        return 0;                                                                                                      \
    }                                                                                                                  \
    DMAP_TASK(bench_write_##name, .run = write_##name, .item_size = sizeof(uint64_t), .result_size = (bytes));         \
    DMAP_TASK(bench_read_##name, .run = read_##name, .item_size = (bytes), .result_size = sizeof(uint64_t))

BULK_TASKS(8, 8);
BULK_TASKS(1k, KIB);
BULK_TASKS(64k, 64 * KIB);
BULK_TASKS(1m, MIB);
BULK_TASKS(64m, 64 * MIB);

const dmap_task *bench_bulk_task(const bench_work *work) {
    static const struct {
        const dmap_task *write, *read;
    } tasks[] = {{&bench_write_8, &bench_read_8},
                 {&bench_write_1k, &bench_read_1k},
                 {&bench_write_64k, &bench_read_64k},
                 {&bench_write_1m, &bench_read_1m},
                 {&bench_write_64m, &bench_read_64m}};
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++)
        if (tasks[i].write->result_size == work->size)
            return work->shape == BENCH_GATHER ? tasks[i].write : tasks[i].read;
    return NULL;
}
