/* A thread that looks for its workers' results shares no core with them: each would wait for the other's time slice.
 * The kernel sees no reason to move a thread that sleeps and wakes ever again; if that is on a worker's core once, it
 * stays there. So it is bound elsewhere for a moment, which moves it at once. */
#include "cpu/aside.h"

#include <stdlib.h>

/* As "0-3,8". False: it is another text, or more than a set holds. */
static bool read_list(const char *text, cpu_set_t *set) {
    while (*text) {
        char *end;
        unsigned long first = strtoul(text, &end, 10), last = first;
        if (end == text || (*end == '-' && !(last = strtoul(end + 1, &end, 10))) || last < first || last >= CPU_SETSIZE)
            return false;
        for (unsigned long cpu = first; cpu <= last; cpu++)
            CPU_SET(cpu, set);
        if (*end && *end != ',')
            return false;
        text = *end ? end + 1 : end;
    }
    return true;
}

void dmap__aside_init(dmap__aside *aside, const dmap__place *places, int workers) {
    CPU_ZERO(&aside->taken);
    for (int i = 0; i < workers; i++)
        if (!places[i].cpus[0] || !read_list(places[i].cpus, &aside->taken)) {
            CPU_ZERO(&aside->taken);
            return;
        }
}

void dmap__aside_step(const dmap__aside *aside) {
    cpu_set_t own, others;
    int cpu = sched_getcpu();
    if (cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET((size_t)cpu, &aside->taken) ||
        sched_getaffinity(0, sizeof own, &own) != 0)
        return;
    CPU_AND(&others, &own, &aside->taken);
    CPU_XOR(&others, &own, &others);
    if (CPU_COUNT(&others) && sched_setaffinity(0, sizeof others, &others) == 0)
        sched_setaffinity(0, sizeof own, &own);
}
