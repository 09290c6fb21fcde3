/* The registry: what DMAP_TASK registered, checked and sorted. A pool keeps a table of its own, as a library that is
 * loaded later may make the one of all tasks longer, and so move it. */
#include "api/registry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/tasks.h"
#include "base/text.h"

static int by_name(const void *a, const void *b) {
    const dmap_task *x = *(const dmap_task *const *)a, *y = *(const dmap_task *const *)b;
    return strcmp(x->name, y->name);
}

static dmap_status check_names(const dmap__tasks *all, dmap__error *error) {
    if (all->out_of_memory)
        return dmap__fail(error, DMAP_ENOMEM, "out of memory for the table of tasks");
    for (size_t i = 0; i < all->count; i++)
        if (!all->tasks[i] || !all->tasks[i]->name || !all->tasks[i]->name[0])
            return dmap__fail(error, DMAP_EINVAL, "a task without a name was registered");
    return DMAP_OK;
}

dmap_status dmap__registry_get(dmap__registry *registry, dmap__error *error) {
    *registry = (dmap__registry){0};
    dmap__tasks *all = dmap__tasks_get();
    dmap_status status = check_names(all, error);
    if (status != DMAP_OK || !all->count)
        return status;
    const dmap_task **tasks = malloc(all->count * sizeof *tasks);
    if (!tasks)
        return dmap__fail(error, DMAP_ENOMEM, "out of memory for the table of tasks");
    memcpy(tasks, all->tasks, all->count * sizeof *tasks);
    qsort(tasks, all->count, sizeof *tasks, by_name);
    for (size_t i = 1; i < all->count && status == DMAP_OK; i++)
        if (!strcmp(tasks[i - 1]->name, tasks[i]->name))
            status = dmap__fail(error, DMAP_EINVAL, "two tasks are named \"%s\"", tasks[i]->name);
    if (status == DMAP_OK)
        *registry = (dmap__registry){tasks, all->count};
    else
        free(tasks);
    return status;
}

void dmap__registry_drop(dmap__registry *registry) {
    free((void *)registry->tasks);
    *registry = (dmap__registry){0};
}

bool dmap__registry_is_known(const dmap_task *task) {
    const dmap__tasks *all = dmap__tasks_get();
    for (size_t i = 0; i < all->count; i++)
        if (all->tasks[i] == task)
            return true;
    return false;
}

static int describe(const dmap_task *task, char *text, size_t size) {
    return snprintf(text, size, "%s\t%zu\t%zu\t%d%d%d%d\n", task->name, task->item_size, task->result_size,
                    task->run != NULL, task->run_batch != NULL, task->combine != NULL, task->merge != NULL);
}

char *dmap__registry_describe(const dmap__registry *registry) {
    size_t size = 1, used = 0;
    for (size_t i = 0; i < registry->count; i++)
        size += (size_t)describe(registry->tasks[i], NULL, 0);
    char *text = malloc(size);
    if (!text)
        return NULL;
    text[0] = '\0';
    for (size_t i = 0; i < registry->count; i++)
        used += (size_t)describe(registry->tasks[i], text + used, size - used);
    return text;
}

/* Length of the name, and of the line with its end, at the start of a description. */
static size_t name_length(const char *line) {
    return strcspn(line, "\t");
}

static size_t line_length(const char *line) {
    return strcspn(line, "\n") + (*line != '\0');
}

bool dmap__registry_compare(const char *mine, const char *masters, char *difference, size_t size) {
    while (*mine || *masters) {
        size_t m = line_length(mine), o = line_length(masters);
        if (m == o && !memcmp(mine, masters, m)) {
            mine += m;
            masters += o;
            continue;
        }
        int order = !*mine ? 1 : !*masters ? -1 : strncmp(mine, masters, name_length(mine) + 1);
        const char *line = order < 0 ? mine : masters;
        dmap__text_print(difference, size, "task \"%.*s\" %s", (int)name_length(line), line,
                         order < 0   ? "is unknown to the master"
                         : order > 0 ? "is missing"
                                     : "has other sizes or functions");
        return false;
    }
    return true;
}
