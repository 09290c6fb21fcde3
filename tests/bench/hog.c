/* A CPU hog: the kernel gives each of two busy threads on a core half of it. */
#include <dmap/process.h>
#include <stddef.h>

#include "drive.h"

static int burn(void *argument, size_t size) {
    (void)size;
    bench_pin(*(const int *)argument);
    while (bench_kernel(1000) != 0) /* it never is */
        continue;
    return 0;
}

dmap_process *bench_hog_start(int core) {
    dmap_process_options options = {
        .run = burn, .argument = &core, .argument_size = sizeof core, .name = "hog", .daemon = true};
    dmap_process *hog;
    if (dmap_process_open(&options, &hog) != DMAP_OK)
        return NULL;
    if (dmap_process_start(hog) == DMAP_OK)
        return hog;
    dmap_process_close(hog);
    return NULL;
}

void bench_hog_end(dmap_process *hog) {
    dmap_process_kill(hog);
    dmap_process_join(hog, -1);
    dmap_process_close(hog);
}
