/* The table of functions. Like the registry of tasks it is a mutable global, written by constructors before main, then
 * only read. A constructor cannot fail: a mistake is kept and reported when a process is opened for DMAP_SPAWN. */
#include "proc/process_code.h"

#include <string.h>

#include "base/memory.h"

typedef struct code {
    const char *name;
    dmap_process_fn *function;
} code;

static struct {
    code *codes;
    size_t count, capacity;
    bool out_of_memory;
} all;

void dmap_process_register(const char *name, dmap_process_fn *function) {
    if (!dmap__memory_grow(&all.codes, &all.capacity, all.count + 1, sizeof *all.codes)) {
        all.out_of_memory = true;
        return;
    }
    all.codes[all.count++] = (code){name ? name : "", function};
}

dmap_process_fn *dmap__process_code_find(const char *name) {
    for (size_t i = 0; i < all.count; i++)
        if (!strcmp(all.codes[i].name, name))
            return all.codes[i].function;
    return NULL;
}

dmap_status dmap__process_code_name(dmap_process_fn *function, const char **name, dmap__error *error) {
    if (all.out_of_memory)
        return dmap__fail(error, DMAP_ENOMEM, "out of memory for the table of functions");
    for (size_t i = 0; i < all.count; i++) {
        if (all.codes[i].function != function)
            continue;
        if (dmap__process_code_find(all.codes[i].name) != function)
            return dmap__fail(error, DMAP_EINVAL, "two functions are registered as \"%s\"", all.codes[i].name);
        *name = all.codes[i].name;
        return DMAP_OK;
    }
    return dmap__fail(error, DMAP_EINVAL, "for DMAP_SPAWN the function must be registered by DMAP_PROCESS");
}
