/* A hash table by the index of the pool's item, with a fixed number of buckets: what is out at the pool is a few jobs a
 * worker. */
#include "run/job/jobs.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096 };

bool run_jobs_init(run_jobs *jobs) {
    *jobs = (run_jobs){.buckets = calloc(BUCKETS, sizeof *jobs->buckets)};
    jobs->again.end = &jobs->again.first;
    jobs->doubts.end = &jobs->doubts.first;
    return jobs->buckets != NULL;
}

static void free_chain(run_job *job) {
    while (job) {
        run_job *next = job->next;
        run_job_free(job);
        job = next;
    }
}

void run_jobs_fini(run_jobs *jobs) {
    for (size_t i = 0; jobs->buckets && i < BUCKETS; i++)
        free_chain(jobs->buckets[i]);
    free_chain(jobs->again.first);
    free_chain(jobs->doubts.first);
    free_chain(jobs->delayed);
    free(jobs->buckets);
}

run_job *run_job_create(void) {
    return calloc(1, sizeof(run_job));
}

void run_job_free(run_job *job) {
    if (!job)
        return;
    for (int i = 0; i < job->values.count; i++)
        free(job->values.value[i]);
    free(job->values.value);
    free(job->values.size);
    free(job->marks);
    free(job->folder);
    free(job->wrong);
    free(job->offers.by_rank);
    run_text_free(&job->command);
    run_text_free(&job->prefix);
    run_text_free(&job->input);
    free(job);
}

bool run_job_keep_values(run_job *job, const run_values *values) {
    size_t n = (size_t)values->count;
    job->values.value = calloc(n + 1, sizeof *job->values.value);
    job->values.size = calloc(n + 1, sizeof *job->values.size);
    if (!job->values.value || !job->values.size)
        return false;
    for (size_t i = 0; i < n; i++) {
        char *copy = malloc(values->size[i] + 1);
        if (!copy)
            return false;
        memcpy(copy, values->value[i], values->size[i]);
        copy[values->size[i]] = '\0';
        job->values.value[i] = copy;
        job->values.size[i] = values->size[i];
        job->values.count++;
    }
    return true;
}

void run_jobs_give(run_jobs *jobs, run_job *job) {
    run_job **bucket = &jobs->buckets[job->index % BUCKETS];
    job->next = *bucket;
    *bucket = job;
    jobs->n_out++;
}

run_job *run_jobs_find(const run_jobs *jobs, uint64_t index) {
    run_job *job = jobs->buckets[index % BUCKETS];
    while (job && job->index != index)
        job = job->next;
    return job;
}

run_job *run_jobs_take(run_jobs *jobs, uint64_t index) {
    for (run_job **at = &jobs->buckets[index % BUCKETS]; *at; at = &(*at)->next) {
        run_job *job = *at;
        if (job->index == index) {
            *at = job->next;
            jobs->n_out--;
            return job;
        }
    }
    return NULL;
}

const run_job *run_jobs_each(const run_jobs *jobs, const run_job *job) {
    size_t bucket = 0;
    if (job && job->next)
        return job->next;
    if (job)
        bucket = job->index % BUCKETS + 1;
    while (bucket < BUCKETS && !jobs->buckets[bucket])
        bucket++;
    return bucket < BUCKETS ? jobs->buckets[bucket] : NULL;
}

void run_jobs_delay(run_jobs *jobs, run_job *job) {
    run_job **at = &jobs->delayed;
    while (*at && (*at)->due_s <= job->due_s)
        at = &(*at)->next;
    job->next = *at;
    *at = job;
}

run_job *run_jobs_take_due(run_jobs *jobs, double now) {
    run_job *job = jobs->delayed;
    if (!job || job->due_s > now)
        return NULL;
    jobs->delayed = job->next;
    job->next = NULL;
    return job;
}

void run_job_line_add(run_job_line *line, run_job *job) {
    job->next = NULL;
    *line->end = job;
    line->end = &job->next;
}

run_job *run_job_line_take(run_job_line *line) {
    run_job *job = line->first;
    if (!job)
        return NULL;
    line->first = job->next;
    if (!line->first)
        line->end = &line->first;
    job->next = NULL;
    return job;
}
