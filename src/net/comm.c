/* What goes on a comm once it is open: messages, and what is known of the ranks. No call of MPI: those are the link's.
 * Who sends to a rank of its own host rings that one's bell afterwards. */
#include "net/comm_state.h"

enum {
    MASTER_SLOTS = 64, /* receives posted for first messages */
    SLOTS = 16
};

#define WRITE_S 0.05 /* that a write of a lost rank may take to end */
#define KILL_S  5

/* ---- what is known ---- */

int dmap__comm_rank(const dmap__comm *comm) {
    return comm->rank;
}

int dmap__comm_size(const dmap__comm *comm) {
    return comm->size;
}

const char *dmap__comm_host(const dmap__comm *comm, int rank) {
    return comm->names[rank];
}

int dmap__comm_node_size(const dmap__comm *comm, int rank) {
    return comm->places[rank].size;
}

int dmap__comm_node_leader(const dmap__comm *comm, int rank) {
    return comm->places[rank].leader;
}

/* ---- neighbours ---- */

static bool is_neighbour(const dmap__comm *comm, int rank) {
    return comm->places[rank].leader == comm->places[comm->rank].leader;
}

static bool reaches(const dmap__comm *comm, int rank) {
    return comm->node.bells && comm->reached[rank].pages && is_neighbour(comm, rank);
}

dmap__bell *dmap__comm_bell(dmap__comm *comm) {
    dmap__node_shm *node = &comm->node;
    return node->bells ? &node->bells[comm->places[comm->rank].rank] : &node->own;
}

bool dmap__comm_is_rung(const dmap__comm *comm) {
    int end = comm->rank ? 1 : comm->size; /* the master is sent to by all, the others by the master */
    for (int rank = 0; rank < end; rank++)
        if (!reaches(comm, rank))
            return false;
    return true;
}

const dmap__cross_memory *dmap__comm_reach(const dmap__comm *comm) {
    bool is_there = comm->rank > 0 && is_neighbour(comm, 0) && comm->node.reach.process;
    return is_there ? &comm->node.reach : NULL;
}

bool dmap__comm_is_reached_by(const dmap__comm *comm, int rank) {
    return rank > 0 && is_neighbour(comm, rank) && comm->reached[rank].memory &&
           dmap__node_shm_was_written(&comm->node);
}

void dmap__comm_close_gates(dmap__comm *comm) {
    dmap__node_shm_close_gates(&comm->node);
}

/* ---- messages ---- */

/* An MPI error is for good; out of memory may pass. */
static dmap_status note(dmap__comm *comm, dmap_status status, const dmap__error *error) {
    if (status == DMAP_EMPI)
        comm->broken = *error;
    return status;
}

dmap_status dmap__comm_start(dmap__comm *comm, dmap__place_fn *place, void *arg, dmap__error *error) {
    dmap__error local;
    error = error ? error : &local;
    int slots = comm->rank == 0 ? MASTER_SLOTS : SLOTS;
    dmap_status status = dmap__inbox_init(&comm->inbox, comm->link, comm->size, slots, error);
    comm->inbox.lost = comm->lost;
    comm->inbox.place = place;
    comm->inbox.arg = arg;
    return note(comm, status, error);
}

dmap_status dmap__comm_send(dmap__comm *comm, int to, const dmap__head *head, const void *meta, size_t meta_size,
                            const dmap_blob *parts, size_t n_parts, void (*sent)(void *arg), void *arg,
                            dmap__error *error) {
    dmap__error local;
    error = error ? error : &local;
    if (comm->broken.status || comm->lost[to]) {
        *error = comm->broken;
        if (sent)
            sent(arg);
        return error->status;
    }
    dmap__outgoing message = {.to = to,
                              .head = head,
                              .meta = meta,
                              .meta_size = meta_size,
                              .parts = parts,
                              .n_parts = n_parts,
                              .sent = sent,
                              .arg = arg};
    dmap_status status = note(comm, dmap__outbox_send(&comm->outbox, &message, error), error);
    if (reaches(comm, to))
        dmap__bell_ring(&comm->node.bells[comm->places[to].rank]);
    return status;
}

int dmap__comm_poll(dmap__comm *comm, dmap__message *message, dmap__error *error) {
    dmap__error local;
    error = error ? error : &local;
    if (comm->broken.status) {
        *error = comm->broken;
        return -1;
    }
    int got = dmap__outbox_move(&comm->outbox, error) ? -1 : 0;
    if (got == 0)
        got = dmap__inbox_poll(&comm->inbox, message, error);
    if (got < 0)
        note(comm, error->status, error);
    return got;
}

void dmap__comm_release(dmap__comm *comm, dmap__message *message) {
    dmap__error error;
    note(comm, dmap__inbox_release(&comm->inbox, message, &error), &error);
}

/* ---- lost ranks ---- */

int dmap__comm_next_lost(dmap__comm *comm, double now, const char **why) {
    int rank = dmap__peer_watch_next(&comm->watch, now);
    *why = "its process has ended";
    if (rank < 0 && comm->n_found == 0)
        comm->n_found = dmap__link_lost(comm->link, comm->found, comm->size);
    while (rank < 0 && comm->n_found > 0) {
        int found = comm->found[--comm->n_found];
        *why = "MPI says that it has failed";
        rank = found >= 0 && !comm->lost[found] ? found : -1;
    }
    return rank;
}

/* A process that was stopped in the midst of writing would go on one day. */
void dmap__comm_lose(dmap__comm *comm, int rank) {
    comm->lost[rank] = true;
    if (is_neighbour(comm, rank) && !dmap__node_shm_close_gate(&comm->node, comm->places[rank].rank, WRITE_S))
        dmap__peer_watch_kill(&comm->watch, rank, KILL_S);
    dmap__outbox_lose(&comm->outbox, rank);
    dmap__inbox_lose(&comm->inbox, rank);
}

int dmap__comm_late(dmap__comm *comm) {
    int late = comm->inbox.late;
    comm->inbox.late = -1;
    return late;
}

void dmap__comm_dismiss(dmap__comm *comm, int rank, const dmap__head *head) {
    dmap__error error;
    dmap__outgoing message = {.to = rank, .head = head};
    note(comm, dmap__outbox_send(&comm->outbox, &message, &error), &error);
}

bool dmap__comm_is_busy(const dmap__comm *comm) {
    return dmap__outbox_is_busy(&comm->outbox) || dmap__inbox_is_busy(&comm->inbox);
}
