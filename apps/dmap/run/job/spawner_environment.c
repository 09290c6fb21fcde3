/* The environment of jobs: as the caller of dmap had it, and what they are told, of which some changes from job to job.
 * Nothing is freed: it lives as long as the process. */
#include "run/job/spawner_child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/job/exported.h"

enum { CHANGING = 2, TOLD = 7 };

struct spawner_environment {
    size_t count; /* variables */
    char **all;   /* of all jobs; those that change are the first of them */
    char **one;   /* of a job that has some of its own */
    char changing[CHANGING][48];
};

/* Names that the jobs get anew, or not at all: a job that maps, too, would write over the files of this run. */
static bool is_ours(const spawner_birth *birth, const char *variable) {
    static const char *const names[] = {
        "DMAP_SEQ=",         "DMAP_SLOT=",    "DMAP_RANK=",   "DMAP_NODE=",  "DMAP_CPUS=",   "PARALLEL_SEQ=",
        "PARALLEL_JOBSLOT=", "PARALLEL_PID=", "DMAP_REPORT=", "DMAP_TRACE=", "DMAP_METRICS="};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncmp(variable, names[i], strlen(names[i])) == 0)
            return true;
    size_t own = strlen(birth->slot_variable);
    return own > 0 && strncmp(variable, birth->slot_variable, own) == 0 && variable[own] == '=';
}

/* The spawner has them, too: commands are looked for in the PATH of jobs. */
static bool take_exported(const char *exported) {
    for (; *exported; exported += strlen(exported) + 1) {
        char *variable = strdup(exported);
        if (!variable || putenv(variable) != 0)
            return false;
    }
    return true;
}

/* What a variable is to jobs: itself; what it was before dmap ran; NULL: not there. */
static char *undo(const spawner_birth *birth, char *variable) {
    size_t size = strcspn(variable, "=");
    if (run_exported_has((const char *)(birth + 1), variable))
        return variable;
    for (const char *entry = birth->undo; *entry; entry += strlen(entry) + 1)
        if (strncmp(entry, variable, size) == 0 && (entry[size] == '\0' || entry[size] == '='))
            return entry[size] ? strdup(entry) : NULL;
    return variable;
}

static bool add(spawner_environment *e, const char *name, const char *text, int number) {
    char digits[16];
    snprintf(digits, sizeof digits, "%d", number);
    const char *value = text ? text : digits;
    char *variable = malloc(strlen(name) + strlen(value) + 2);
    if (!variable)
        return false;
    sprintf(variable, "%s=%s", name, value);
    e->all[e->count++] = variable;
    return true;
}

spawner_environment *spawner_environment_create(const spawner_birth *birth) {
    size_t count = 0;
    if (!take_exported((const char *)(birth + 1)))
        return NULL;
    while (environ[count])
        count++;
    spawner_environment *e = calloc(1, sizeof *e);
    if (!e || !(e->all = calloc(count + CHANGING + TOLD + 1, sizeof *e->all)) ||
        !(e->one = calloc(count + CHANGING + TOLD + SPAWNER_VARIABLES + 1, sizeof *e->one)))
        return NULL;
    for (; e->count < CHANGING; e->count++)
        e->all[e->count] = e->changing[e->count];
    for (size_t i = 0; i < count; i++)
        if (!is_ours(birth, environ[i]) && (e->all[e->count] = undo(birth, environ[i])))
            e->count++;
    bool good = add(e, "DMAP_SLOT", NULL, birth->slot) && add(e, "PARALLEL_JOBSLOT", NULL, birth->slot) &&
                add(e, "DMAP_RANK", NULL, birth->rank) && add(e, "DMAP_NODE", birth->node, 0) &&
                add(e, "DMAP_CPUS", birth->cpus_text, 0) && add(e, "PARALLEL_PID", NULL, birth->run_pid) &&
                (!birth->slot_variable[0] || add(e, birth->slot_variable, NULL, birth->slot - 1));
    return good ? e : NULL;
}

/* True if one of the strings sets the same variable. */
static bool is_set_by(const char *variable, char *const *own, int n_own) {
    size_t size = strcspn(variable, "=") + 1;
    for (int i = 0; i < n_own; i++)
        if (strncmp(variable, own[i], size) == 0)
            return true;
    return false;
}

char *const *spawner_environment_of(spawner_environment *e, uint64_t seq, char *const *own, int n_own) {
    size_t n = 0;
    snprintf(e->changing[0], sizeof e->changing[0], "DMAP_SEQ=%llu", (unsigned long long)seq);
    snprintf(e->changing[1], sizeof e->changing[1], "PARALLEL_SEQ=%llu", (unsigned long long)seq);
    if (n_own == 0)
        return e->all;
    for (int i = 0; i < n_own; i++)
        e->one[n++] = own[i];
    for (size_t i = 0; i < e->count; i++)
        if (!is_set_by(e->all[i], own, n_own))
            e->one[n++] = e->all[i];
    e->one[n] = NULL;
    return e->one;
}
