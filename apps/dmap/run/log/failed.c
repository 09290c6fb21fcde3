/* Lines that are none are passed over: the joblog, which is opened to be added to, counts and tells them. */
#include "run/log/failed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { COLUMNS_BEFORE = 8 }; /* the command */

static bool add(run_failed *failed, run_failed_job job, const char *command) {
    if (failed->count == failed->room) {
        size_t room = failed->room ? 2 * failed->room : 64;
        run_failed_job *jobs = realloc(failed->jobs, room * sizeof *jobs);
        if (!jobs)
            return false;
        failed->jobs = jobs;
        failed->room = room;
    }
    job.command = malloc(job.command_size + 1);
    if (!job.command)
        return false;
    for (size_t i = 0; i < job.command_size; i++)
        job.command[i] = command[i] ? command[i] : '\n'; /* as the joblog has them */
    job.command[job.command_size] = '\0';
    failed->jobs[failed->count++] = job;
    return true;
}

/* A line with its newline. Returns false if memory is out. */
static bool read_line(run_failed *failed, const char *line, size_t size, size_t number) {
    const char *column[COLUMNS_BEFORE + 1] = {line}, *end = line + size - 1;
    char *after;
    for (int i = 1; i <= COLUMNS_BEFORE; i++) {
        const char *tab = memchr(column[i - 1], '\t', (size_t)(end - column[i - 1]));
        if (!tab)
            return true;
        column[i] = tab + 1;
    }
    uint64_t seq = strtoull(line, &after, 10);
    if (*end != '\n' || seq == 0 || *after != '\t')
        return true;
    bool bad = strtol(column[6], NULL, 10) != 0 || strtol(column[7], NULL, 10) != 0;
    run_failed_job job = {
        .seq = seq, .line = number, .failed = bad, .command_size = (size_t)(end - column[COLUMNS_BEFORE])};
    return add(failed, job, column[COLUMNS_BEFORE]);
}

static int compare(const void *a, const void *b) {
    const run_failed_job *x = a, *y = b;
    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static bool is_alike(const run_failed_job *a, const run_failed_job *b) {
    return a->seq == b->seq && a->command_size == b->command_size &&
           memcmp(a->command, b->command, a->command_size) == 0;
}

/* True if it failed, and its number was another command's later, but its own never again. */
static bool is_passed_over(const run_failed *failed, size_t i) {
    bool last = i + 1 == failed->count || failed->jobs[i + 1].seq != failed->jobs[i].seq;
    for (size_t k = i + 1; k < failed->count && failed->jobs[k].seq == failed->jobs[i].seq; k++)
        if (is_alike(&failed->jobs[i], &failed->jobs[k]))
            return false;
    return failed->jobs[i].failed && !last;
}

/* Keeps the last line of each job, if it is of a failure. */
static void keep_last(run_failed *failed) {
    size_t kept = 0;
    if (failed->count > 0)
        qsort(failed->jobs, failed->count, sizeof *failed->jobs, compare);
    for (size_t i = 0; i < failed->count; i++)
        failed->passed_over += is_passed_over(failed, i);
    for (size_t i = 0; i < failed->count; i++) {
        bool last = i + 1 == failed->count || failed->jobs[i + 1].seq != failed->jobs[i].seq;
        if (last && failed->jobs[i].failed)
            failed->jobs[kept++] = failed->jobs[i];
        else
            free(failed->jobs[i].command);
    }
    failed->count = kept;
}

bool run_failed_read(run_failed *failed, const char *path, char *error, size_t size) {
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0, number = 0;
    ssize_t length;
    bool good = file != NULL;
    *failed = (run_failed){0};
    while (good && (length = getline(&line, &room, file)) > 0)
        good = read_line(failed, line, (size_t)length, ++number);
    good = good && !ferror(file);
    if (!good)
        snprintf(error, size, "cannot read the joblog %s: %s", path, strerror(errno));
    if (file)
        fclose(file);
    free(line);
    keep_last(failed);
    return good;
}

void run_failed_free(run_failed *failed) {
    for (size_t i = 0; i < failed->count; i++)
        free(failed->jobs[i].command);
    free(failed->jobs);
    *failed = (run_failed){0};
}
