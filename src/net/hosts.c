/* The table of hosts: ranks whose host has the same name are one node.
 *
 * Made from names and not from MPI_Comm_split_type, as that needs a communicator more and a collective for each, and a
 * simulator has its own mind about it. Pure; it does not ask for the names. */
#include "net/hosts.h"

#include <stdlib.h>
#include <string.h>

typedef struct named {
    const char *name;
    int rank;
} named;

static int compare(const void *left, const void *right) {
    const named *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order ? order : (a->rank > b->rank) - (a->rank < b->rank);
}

/* sorted[begin, end) are the ranks of one host, rising. */
static void place(const named *sorted, int begin, int end, dmap__host_place *places) {
    for (int i = begin; i < end; i++) {
        places[sorted[i].rank] =
            (dmap__host_place){.rank = i - begin, .size = end - begin, .leader = sorted[begin].rank};
    }
}

bool dmap__hosts_place(const char (*names)[DMAP__HOST_BYTES], int n_ranks, dmap__host_place *places) {
    named *sorted = calloc((size_t)n_ranks, sizeof *sorted);
    if (!sorted)
        return false;
    for (int i = 0; i < n_ranks; i++)
        sorted[i] = (named){.name = names[i], .rank = i};
    qsort(sorted, (size_t)n_ranks, sizeof *sorted, compare);
    for (int begin = 0, end; begin < n_ranks; begin = end) {
        for (end = begin + 1; end < n_ranks && strcmp(sorted[end].name, sorted[begin].name) == 0;)
            end++;
        place(sorted, begin, end, places);
    }
    free(sorted);
    return true;
}
