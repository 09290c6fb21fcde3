/* The tasks of the program: a global, as constructors write it before main (and dmap_register until a pool is opened);
 * then it is only read. A constructor cannot fail, so a mistake is kept and reported when a pool is opened. */
#include "base/tasks.h"

#include "base/memory.h"

static dmap__tasks all;

void dmap_register(const dmap_task *task) {
    if (!dmap__memory_grow(&all.tasks, &all.capacity, all.count + 1, sizeof(const dmap_task *))) {
        all.out_of_memory = true;
        return;
    }
    all.tasks[all.count++] = task;
}

dmap__tasks *dmap__tasks_get(void) {
    return &all;
}
