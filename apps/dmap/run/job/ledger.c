/* Cores stand in the order of the machine, so neighbours are near each other. A job of k cores gets k of the free ones
 * that follow each other: of all such windows that with the most free GPUs near it, up to what the job needs, then that
 * with the fewest borders of NUMA nodes and sockets in it, then that with the fewest cores of others in it, then the
 * first. */
#include "run/job/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void run_ledger_open(run_ledger *ledger) {
    for (int c = 0; c < ledger->n_cores; c++)
        for (int g = 0; g < ledger->gpus.n; g++)
            if (run_cpus_meet(&ledger->cores[c].cpus, &ledger->gpus.gpu[g].near))
                ledger->cores[c].gpus |= UINT64_C(1) << g;
}

void run_ledger_close(run_ledger *ledger) {
    free(ledger->cores);
    *ledger = (run_ledger){0};
}

static uint64_t free_gpus(const run_ledger *ledger) {
    uint64_t gpus = 0;
    for (int g = 0; g < RUN_GPUS; g++)
        gpus |= (uint64_t)(g < ledger->gpus.n && ledger->gpu_holder[g] == 0) << g;
    return gpus;
}

static int count(uint64_t bits) {
    return __builtin_popcountll(bits);
}

/* The free cores, at the end of which -1 stands; NULL if memory is out. */
static int *list_free(const run_ledger *ledger, int *n) {
    int *list = malloc(((size_t)ledger->n_cores + 1) * sizeof *list);
    *n = 0;
    for (int c = 0; list && c < ledger->n_cores; c++)
        if (ledger->cores[c].holder == 0)
            list[(*n)++] = c;
    return list;
}

/* How good a window is: more is better. */
static int64_t rate(const run_ledger *ledger, const int *window, const run_needs *needs, uint64_t gpus) {
    int borders = 0;
    uint64_t near = 0;
    for (int i = 0; i < needs->cores; i++) {
        const run_core *core = &ledger->cores[window[i]], *before = i > 0 ? &ledger->cores[window[i - 1]] : core;
        near |= core->gpus & gpus;
        borders += core->numa != before->numa || core->socket != before->socket;
    }
    int others = window[needs->cores - 1] - window[0] - (needs->cores - 1);
    int local = count(near) < needs->gpus ? count(near) : needs->gpus;
    return ((int64_t)local << 40) - ((int64_t)borders << 20) - others;
}

/* Returns false if there are too few free ones. */
static bool take_cores(run_ledger *ledger, const run_needs *needs, run_hold *hold) {
    int n, best = -1;
    int64_t rating = 0;
    int *list = list_free(ledger, &n);
    uint64_t gpus = needs->gpus > 0 ? free_gpus(ledger) : 0;
    for (int i = 0; list && i + needs->cores <= n; i++) {
        int64_t rated = rate(ledger, list + i, needs, gpus);
        if (best < 0 || rated > rating) {
            best = i;
            rating = rated;
        }
    }
    for (int i = 0; best >= 0 && i < needs->cores; i++) {
        run_core *core = &ledger->cores[list[best + i]];
        core->holder = hold->holder;
        run_cpus_add(&hold->cpus, &core->cpus);
    }
    free(list);
    return best >= 0;
}

/* Those that are near first. */
static void take_gpus(run_ledger *ledger, const run_needs *needs, const run_cpus *cpus, int holder) {
    int left = needs->gpus;
    for (int pass = 0; pass < 2; pass++)
        for (int g = 0; g < ledger->gpus.n && left > 0; g++)
            if (ledger->gpu_holder[g] == 0 && (pass > 0 || run_cpus_meet(cpus, &ledger->gpus.gpu[g].near))) {
                ledger->gpu_holder[g] = holder;
                left--;
            }
}

bool run_ledger_has_cores(const run_ledger *ledger, int cores) {
    int n = 0;
    for (int c = 0; c < ledger->n_cores; c++)
        n += ledger->cores[c].holder == 0;
    return n >= cores;
}

bool run_ledger_can_fit(const run_ledger *ledger, const run_needs *needs) {
    return needs->cores <= ledger->n_cores && needs->gpus <= ledger->gpus.n && needs->memory <= ledger->memory &&
           ledger->jobs > 0;
}

run_room_found run_ledger_take(run_ledger *ledger, const run_needs *needs, int holder, const run_cpus *own,
                               run_hold *hold) {
    *hold = (run_hold){.holder = holder, .needs = *needs};
    run_room_found found = run_ledger_can_fit(ledger, needs) ? RUN_IS_FULL : RUN_NEVER_FITS;
    if (found == RUN_IS_FULL && ledger->jobs_held < ledger->jobs && count(free_gpus(ledger)) >= needs->gpus &&
        needs->memory <= ledger->memory - ledger->memory_held && (needs->cores == 0 || take_cores(ledger, needs, hold)))
        found = RUN_HAS_ROOM;
    if (found != RUN_HAS_ROOM) {
        *hold = (run_hold){0};
        return found;
    }
    take_gpus(ledger, needs, run_cpus_are_none(&hold->cpus) ? own : &hold->cpus, holder);
    ledger->memory_held += needs->memory;
    ledger->jobs_held++;
    return RUN_HAS_ROOM;
}

void run_ledger_give_back(run_ledger *ledger, run_hold *hold) {
    if (hold->holder == 0)
        return;
    for (int c = 0; c < ledger->n_cores; c++)
        if (ledger->cores[c].holder == hold->holder)
            ledger->cores[c].holder = 0;
    for (int g = 0; g < ledger->gpus.n; g++)
        if (ledger->gpu_holder[g] == hold->holder)
            ledger->gpu_holder[g] = 0;
    ledger->memory_held -= hold->needs.memory;
    ledger->jobs_held--;
    *hold = (run_hold){0};
}

static void write_bytes(uint64_t bytes, char *text, size_t size) {
    static const char units[] = "BKMGT";
    int unit = 0;
    double value = (double)bytes;
    for (; value >= 1024 && unit < 4; unit++)
        value /= 1024;
    snprintf(text, size, "%.4g%.*s", value, unit > 0, &units[unit]);
}

void run_ledger_say_lack(const run_ledger *ledger, const run_needs *needs, const char *host, char *text, size_t size) {
    char wanted[32], there[32];
    write_bytes(needs->memory, wanted, sizeof wanted);
    write_bytes(ledger->memory, there, sizeof there);
    text[0] = '\0';
    if (ledger->jobs == 0)
        snprintf(text, size, "by -j a rank on %s runs none", host);
    else if (needs->cores > ledger->n_cores)
        snprintf(text, size, "%d %s needed, and a rank on %s has %d", needs->cores,
                 needs->cores == 1 ? "core is" : "cores are", host, ledger->n_cores);
    else if (needs->gpus > ledger->gpus.n)
        snprintf(text, size, "%d %s needed, and a rank on %s has %d", needs->gpus,
                 needs->gpus == 1 ? "GPU is" : "GPUs are", host, ledger->gpus.n);
    else if (needs->memory > ledger->memory)
        snprintf(text, size, "%s of memory are needed, and a rank on %s has %s", wanted, host, there);
}

bool run_ledger_name_gpus(const run_ledger *ledger, const run_hold *hold, int variable, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (int g = 0; g < ledger->gpus.n; g++) {
        const char *name = ledger->gpus.gpu[g].name[variable];
        if (hold->holder == 0 || ledger->gpu_holder[g] != hold->holder)
            continue;
        if (!name[0] || used + strlen(name) + 2 > size)
            return false;
        used += (size_t)snprintf(text + used, size - used, "%s%s", used ? "," : "", name);
    }
    return true;
}
