#include "run/base/cpus.h"

#include <stdio.h>
#include <string.h>

bool run_cpus_are_none(const run_cpus *cpus) {
    for (size_t i = 0; i < sizeof cpus->mask; i++)
        if (cpus->mask[i])
            return false;
    return true;
}

void run_cpus_add(run_cpus *cpus, const run_cpus *more) {
    for (size_t i = 0; i < sizeof cpus->mask; i++)
        cpus->mask[i] = (unsigned char)(cpus->mask[i] | more->mask[i]);
}

bool run_cpus_meet(const run_cpus *a, const run_cpus *b) {
    for (size_t i = 0; i < sizeof a->mask; i++)
        if (a->mask[i] & b->mask[i])
            return true;
    return false;
}

/* Returns what follows the digits; NULL if there are none, or the number is too large. */
static const char *read_cpu(const char *text, size_t *cpu) {
    size_t value = 0;
    if (*text < '0' || *text > '9')
        return NULL;
    for (; *text >= '0' && *text <= '9'; text++)
        if ((value = value * 10 + (size_t)(*text - '0')) >= RUN_CPUS)
            return NULL;
    *cpu = value;
    return text;
}

bool run_cpus_read(const char *text, run_cpus *cpus) {
    size_t first, last;
    *cpus = (run_cpus){0};
    while (*text && *text != '\n') {
        if (!(text = read_cpu(text, &first)))
            return false;
        last = first;
        if (*text == '-' && !(text = read_cpu(text + 1, &last)))
            return false;
        for (; first <= last; first++)
            cpus->mask[first / 8] = (unsigned char)(cpus->mask[first / 8] | 1u << (first % 8));
        if (*text == ',')
            text++;
        else if (*text && *text != '\n')
            return false;
    }
    return true;
}

void run_cpus_write(const run_cpus *cpus, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t cpu = 0; cpu < RUN_CPUS && used < size; cpu++) {
        size_t first = cpu;
        while (cpu < RUN_CPUS && cpus->mask[cpu / 8] >> (cpu % 8) & 1)
            cpu++;
        if (cpu == first)
            continue;
        int wrote = snprintf(text + used, size - used, cpu - first > 1 ? "%s%zu-%zu" : "%s%zu", used ? "," : "", first,
                             cpu - 1);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
}
