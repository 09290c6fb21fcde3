#include "run/job/admission.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run/base/clock.h"

static const double SWAP_SPAN_S = 1;

bool run_admission_is_asked(const run_admission_rule *rule) {
    return rule->has_load || rule->memfree > 0 || rule->noswap;
}

/* The number behind a name in a file of /proc. */
static bool read_number(const char *proc, const char *file, const char *name, uint64_t *number) {
    char path[256], line[256];
    size_t length = strlen(name);
    bool found = false;
    snprintf(path, sizeof path, "%s/%s", proc, file);
    FILE *stream = fopen(path, "re");
    while (stream && !found && fgets(line, sizeof line, stream))
        found = strncmp(line, name, length) == 0 && (line[length] == ':' || line[length] == ' ') &&
                sscanf(line + length + 1, "%" SCNu64, number) == 1;
    if (stream)
        fclose(stream);
    return found;
}

/* What runs or wants to, but for the thread that looks. */
static bool is_loaded(const run_admission_rule *rule, const char *proc) {
    char path[256];
    unsigned running = 0;
    double most = rule->load, cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
    snprintf(path, sizeof path, "%s/loadavg", proc);
    FILE *stream = fopen(path, "re");
    bool known = stream && fscanf(stream, "%*f %*f %*f %u/", &running) == 1;
    if (stream)
        fclose(stream);
    if (rule->load_kind == RUN_LOAD_PERCENT)
        most = cores * rule->load / 100;
    else if (rule->load_kind == RUN_LOAD_RELATIVE)
        most = cores + rule->load;
    return known && running > 0 && running - 1 >= (most > 0.01 ? most : 0.01);
}

/* It swaps if within the last second pages went out and others came in. */
static bool swaps(run_admission *a, const char *proc) {
    uint64_t in, out;
    double now = run_clock();
    if (a->swaps_s > 0 && now - a->swaps_s < SWAP_SPAN_S)
        return a->is_swapping;
    if (!read_number(proc, "vmstat", "pswpin", &in) || !read_number(proc, "vmstat", "pswpout", &out))
        return false;
    a->is_swapping = a->swaps_s > 0 && in > a->swaps_in && out > a->swaps_out;
    a->swaps_s = now;
    a->swaps_in = in;
    a->swaps_out = out;
    return a->is_swapping;
}

/* What cannot be read counts as free. */
static bool has_memory(const char *proc, uint64_t size) {
    uint64_t kilobytes;
    return !read_number(proc, "meminfo", "MemAvailable", &kilobytes) || kilobytes >= size / 1024;
}

bool run_admission_is_scarce(const run_admission_rule *rule, const char *proc) {
    return rule->memfree > 0 && !has_memory(proc, rule->memfree / 2);
}

bool run_admission_look(run_admission *admission, const run_admission_rule *rule, const char *proc) {
    if (rule->has_load && is_loaded(rule, proc))
        return false;
    if (rule->memfree > 0 && !has_memory(proc, rule->memfree))
        return false;
    return !rule->noswap || !swaps(admission, proc);
}
