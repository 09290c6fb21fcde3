/* Placement: who gets which core.
 *
 * All workers of a node together are to use every core once before any core twice. This needs no talk between ranks:
 * shares of a node's ranks are disjoint, cover all cores and differ by at most one core, and all ranks have the same
 * number of workers. So where a rank doubles up (more workers than cores of its share), every other share has at most
 * one core more, and is full too.
 *
 * Scatter is a sort: by the turn of a core within its NUMA node, then by the turn of the NUMA node within its socket,
 * so that the first of each node come first, alternating between sockets. The turn within a NUMA node comes from the
 * same idea one level down: the first cores of each of its L3 caches, then the second ones. It relies on neighbours
 * standing side by side in the table, so that a group is a run of equal numbers.
 *
 * It knows nothing of hwloc, of masks, or of other jobs on the node. */
#include "crew/placement.h"

#include <stdint.h>
#include <stdlib.h>

dmap__share dmap__share_cores(int n, int node_rank, int node_size) {
    int64_t rank = node_rank, size = node_size;
    if (n >= node_size) {
        int begin = (int)(rank * n / size), end = (int)((rank + 1) * n / size);
        return (dmap__share){.begin = begin, .end = end, .sharers = 1, .turn = 0};
    }
    int core = (int)(rank * n / size);
    int first = (int)((core * size + n - 1) / n), next = (int)(((core + 1) * size + n - 1) / n);
    return (dmap__share){.begin = core, .end = core + 1, .sharers = next - first, .turn = node_rank - first};
}

typedef struct key {
    int first, second, third; /* to sort by, in this order */
    int node;                 /* NUMA node, counted from 0 within the share */
    int node_turn;            /* of that node within its socket */
    int core;                 /* position in the table: settles ties, so the order is the same everywhere */
} key;

static int compare_keys(const void *a, const void *b) {
    const key *x = a, *y = b;
    int left[] = {x->first, x->second, x->third, x->core}, right[] = {y->first, y->second, y->third, y->core};
    for (int i = 0; i < 4; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

/* Keys that sort by node, then by turn within the L3 cache. */
static void begin_keys(const dmap__core *cores, const dmap__share *share, key *keys) {
    int node = 0, node_turn = 0, cache_turn = 0;
    for (int c = share->begin; c < share->end; c++) {
        const dmap__core *here = &cores[c], *before = c > share->begin ? here - 1 : here;
        bool new_socket = here->socket != before->socket;
        bool new_node = new_socket || here->numa != before->numa;
        bool new_cache = new_node || here->l3 != before->l3 || c == share->begin;
        node_turn = new_socket ? 0 : node_turn + new_node;
        node += new_node;
        cache_turn = new_cache ? 0 : cache_turn + 1;
        keys[c - share->begin] =
            (key){.first = node, .second = cache_turn, .node = node, .node_turn = node_turn, .core = c};
    }
}

/* From these, once sorted, keys that sort by turn within the node, then by turn of the node within its socket. */
static void turn_keys(key *keys, int n) {
    int turn = 0;
    for (int i = 0; i < n; i++) {
        turn = i > 0 && keys[i].node == keys[i - 1].node ? turn + 1 : 0;
        keys[i].first = turn;
        keys[i].second = keys[i].node_turn;
    }
}

static void order_cores(const dmap__core *cores, const dmap__share *share, dmap_spread spread, key *keys) {
    size_t n = (size_t)(share->end - share->begin);
    begin_keys(cores, share, keys);
    if (spread == DMAP_SCATTER) {
        qsort(keys, n, sizeof *keys, compare_keys);
        turn_keys(keys, (int)n);
        qsort(keys, n, sizeof *keys, compare_keys);
    }
}

static int most_pus(const dmap__core *cores, const dmap__share *share) {
    int most = 1;
    for (int c = share->begin; c < share->end; c++)
        most = cores[c].pus > most ? cores[c].pus : most;
    return most;
}

/* One round: workers from `worker` on take a core each, in order, if it has hardware thread `level`. */
static int fill_round(const dmap__core *cores, const key *keys, int n, int level, int worker, int workers,
                      dmap__spot *spots) {
    for (int i = 0; i < n && worker < workers; i++)
        if (level < cores[keys[i].core].pus)
            spots[worker++] = (dmap__spot){.core = keys[i].core, .sibling = level};
    return worker;
}

/* Fewer workers than cores, in order, each bound to more than its core: what it is bound to is meant for it, so it
 * takes the first core of its part of the share. Side by side they would crowd into one NUMA node and leave the others
 * idle. */
static void fill_parts(const key *keys, int n, int workers, dmap__spot *spots) {
    for (int w = 0; w < workers; w++)
        spots[w] = (dmap__spot){.core = keys[(int64_t)w * n / workers].core};
}

static bool has_parts(dmap_bind bind, dmap_spread spread, int n, int workers) {
    bool is_wide = bind == DMAP_BIND_L3 || bind == DMAP_BIND_NUMA || bind == DMAP_BIND_SOCKET;
    return is_wide && spread != DMAP_SCATTER && workers < n;
}

/* Ranks that share one core take its hardware threads in turn. */
static void fill_shared_core(const dmap__core *cores, const dmap__share *share, dmap_bind bind, int workers,
                             dmap__spot *spots) {
    int pus = bind == DMAP_BIND_PU ? cores[share->begin].pus : 1;
    for (int w = 0; w < workers; w++) {
        int sibling = (int)((share->turn + (int64_t)w * share->sharers) % pus);
        spots[w] = (dmap__spot){.core = share->begin, .sibling = sibling};
    }
}

static void mark_shared(const dmap__share *share, int workers, dmap__spot *spots, int *counts) {
    for (int w = 0; w < workers; w++)
        counts[spots[w].core - share->begin]++;
    for (int w = 0; w < workers; w++)
        spots[w].shared = share->sharers > 1 || counts[spots[w].core - share->begin] > 1;
}

dmap_status dmap__place_workers(const dmap__core *cores, const dmap__share *share, dmap_bind bind, dmap_spread spread,
                                int workers, dmap__spot *spots) {
    int n = share->end - share->begin;
    int levels = bind == DMAP_BIND_PU ? most_pus(cores, share) : 1;
    dmap_status status = DMAP_ENOMEM;
    key *keys = calloc((size_t)n, sizeof *keys);
    int *counts = calloc((size_t)n, sizeof *counts);
    if (!keys || !counts)
        goto out;
    order_cores(cores, share, spread, keys);
    if (share->sharers > 1)
        fill_shared_core(cores, share, bind, workers, spots);
    else if (has_parts(bind, spread, n, workers))
        fill_parts(keys, n, workers, spots);
    else
        for (int done = 0, level = 0; done < workers; level = (level + 1) % levels)
            done = fill_round(cores, keys, n, level, done, workers, spots);
    mark_shared(share, workers, spots, counts);
    status = DMAP_OK;
out:
    free(counts);
    free(keys);
    return status;
}
