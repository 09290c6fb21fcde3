#include "run/job/node_memory.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "run/base/parse.h"
#include "run/job/cgroups.h"

static uint64_t of_machine(const char *root) {
    char path[PATH_MAX];
    uint64_t kilobytes;
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    FILE *file = fopen(path, "re");
    bool known = file && fscanf(file, "MemTotal: %" SCNu64, &kilobytes) == 1;
    if (file)
        fclose(file);
    return known ? kilobytes * 1024 : UINT64_MAX;
}

/* Megabytes; 0 is all there is. */
static uint64_t of_allocation(void) {
    const char *text = getenv("SLURM_MEM_PER_NODE");
    uint64_t megabytes;
    if (!text || !run_read_number(text, UINT64_MAX >> 20, &megabytes) || megabytes == 0)
        return UINT64_MAX;
    return megabytes << 20;
}

static void note_limit(void *arg, const char *folder) {
    uint64_t *least = arg, second = run_number_in(folder, "memory.max"),
             first = run_number_in(folder, "memory.limit_in_bytes");
    *least = second < *least ? second : *least;
    *least = first < *least ? first : *least;
}

uint64_t run_node_memory(const char *root) {
    uint64_t least = of_machine(root), allowed = of_allocation();
    least = allowed < least ? allowed : least;
    run_cgroups_visit(root, "memory", note_limit, &least);
    return least;
}
