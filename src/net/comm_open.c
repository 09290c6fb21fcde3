/* Opening and closing a comm: what ranks agree on before messages may come, and what they tell each other of their
 * hosts.
 *
 * Closing does not shake hands: a rank must have received what is meant for it before it closes (the master's CLOSE
 * comes last), else its peers' sends wait for their limit, and a later duplicate could meet the strays. */
#include <stdlib.h>

#include "net/comm_state.h"

#define END_S 1 /* for a lost rank to end, when it is told to by its kernel */

/* ---- collectives ---- */

dmap_status dmap__comm_agree(dmap__comm *comm, dmap__error *error) {
    return dmap__link_agree(comm->link, error);
}

dmap_status dmap__comm_bcast(dmap__comm *comm, void *data, size_t size, dmap__error *error) {
    return dmap__link_bcast(comm->link, data, size, error);
}

dmap_status dmap__comm_gather(dmap__comm *comm, const void *mine, size_t size, void *all, dmap__error *error) {
    return dmap__link_gather(comm->link, mine, size, all, error);
}

/* ---- opening and closing ---- */

/* What can fail on this rank alone, so before the first collective that needs it. */
static dmap_status allocate(dmap__comm *comm, dmap__error *error) {
    size_t n = (size_t)comm->size;
    comm->names = calloc(n, sizeof *comm->names);
    comm->places = calloc(n, sizeof *comm->places);
    comm->reached = calloc(n, sizeof *comm->reached);
    comm->lost = calloc(n, sizeof *comm->lost);
    comm->found = calloc(n, sizeof *comm->found);
    if (!comm->names || !comm->places || !comm->reached || !comm->lost || !comm->found ||
        !dmap__peer_watch_init(&comm->watch, comm->size) || !dmap__outbox_init(&comm->outbox, comm->link, comm->size))
        return dmap__fail_memory(error, n * (sizeof *comm->names + sizeof *comm->places), "the table of ranks");
    return DMAP_OK;
}

static dmap_status learn_hosts(dmap__comm *comm, dmap__error *error) {
    char name[DMAP__HOST_BYTES] = "";
    dmap__link_host(name, error);
    if (dmap__comm_agree(comm, error))
        return error->status;
    dmap_status status = dmap__comm_gather(comm, name, sizeof name, comm->names, error);
    if (status == DMAP_OK && !dmap__hosts_place((const char(*)[DMAP__HOST_BYTES])comm->names, comm->size, comm->places))
        dmap__fail_memory(error, (unsigned long long)comm->size, "the table of hosts");
    return status ? status : dmap__comm_agree(comm, error);
}

static dmap_status meet_neighbours(dmap__comm *comm, dmap__error *error) {
    const dmap__host_place *place = &comm->places[comm->rank];
    dmap__node_shm_offer mine, *all = calloc((size_t)comm->size, sizeof *all);
    dmap__node_shm_init(&comm->node, place, &mine);
    if (!all)
        dmap__fail_memory(error, (size_t)comm->size * sizeof *all, "the offers of ranks");
    if (dmap__comm_agree(comm, error) == DMAP_OK &&
        dmap__comm_gather(comm, &mine, sizeof mine, all, error) == DMAP_OK) {
        dmap__node_shm_reached reached = dmap__node_shm_accept(&comm->node, place, &all[place->leader]);
        dmap__comm_gather(comm, &reached, sizeof reached, comm->reached, error);
    }
    dmap__node_shm_end_offer(&comm->node);
    free(all);
    return error->status;
}

/* Those that have found this rank's pages: they know it by its number, so it knows them by theirs. */
static void watch_neighbours(dmap__comm *comm) {
    for (int rank = 1; comm->rank == 0 && rank < comm->size; rank++)
        if (comm->places[rank].leader == 0 && comm->reached[rank].process)
            dmap__peer_watch_add(&comm->watch, rank, comm->reached[rank].process);
}

static dmap__comm *create(dmap__link *link, dmap__error *error) {
    dmap__comm *comm = calloc(1, sizeof *comm);
    if (!comm) {
        dmap__fail_memory(error, sizeof *comm, "the communicator");
        return NULL;
    }
    comm->link = link;
    comm->rank = dmap__link_rank(link);
    comm->size = dmap__link_size(link);
    comm->node.descriptor = -1;
    allocate(comm, error);
    return comm;
}

dmap_status dmap__comm_open(const void *mpi_comm, dmap__comm **opened, dmap__error *error) {
    dmap__error local;
    dmap__link *link;
    error = error ? error : &local;
    dmap__error_clear(error);
    if (dmap__link_open(mpi_comm, &link, error))
        return error->status;
    dmap__comm *comm = create(link, error);
    if (dmap__link_agree(link, error) || learn_hosts(comm, error) || meet_neighbours(comm, error)) {
        if (comm)
            dmap__comm_close(comm);
        else
            dmap__link_close(link, false);
        return error->status;
    }
    watch_neighbours(comm);
    *opened = comm;
    return DMAP_OK;
}

dmap_status dmap__comm_open_world(dmap__comm **comm, dmap__error *error) {
    return dmap__comm_open(NULL, comm, error);
}

void dmap__comm_end(dmap__comm *comm) {
    if (comm->has_ended)
        return;
    comm->has_ended = true;
    dmap__outbox_fini(&comm->outbox);
    dmap__inbox_fini(&comm->inbox);
    dmap__node_shm_close_gates(&comm->node);
}

/* One that was stopped would keep the launcher waiting. */
static bool has_lost(dmap__comm *comm) {
    bool has = false;
    for (int rank = 0; comm->lost && rank < comm->size; rank++) {
        if (comm->lost[rank])
            dmap__peer_watch_kill(&comm->watch, rank, END_S);
        has = has || comm->lost[rank];
    }
    return has;
}

void dmap__comm_close(dmap__comm *comm) {
    if (!comm)
        return;
    dmap__comm_end(comm);
    dmap__node_shm_fini(&comm->node);
    dmap__link_close(comm->link, comm->broken.status != DMAP_OK || has_lost(comm));
    dmap__peer_watch_fini(&comm->watch);
    free(comm->found);
    free(comm->lost);
    free(comm->reached);
    free(comm->places);
    free(comm->names);
    free(comm);
}

void dmap__comm_bytes(const dmap__comm *comm, uint64_t *sent, uint64_t *received) {
    dmap__link_bytes(comm->link, sent, received);
}
