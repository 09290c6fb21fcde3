#include "pool/share.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crew/shared.h"
#include "net/wire.h"
#include "pool/lost.h"
#include "pool/wait_replies.h"

void dmap__share_drop(dmap_pool *pool) {
    if (pool->crew)
        dmap__crew_share(pool->crew, NULL, 0, 0, -1);
    dmap__shared_destroy(pool->shared, pool->shared_size, pool->shared_fd);
    pool->shared = NULL;
    pool->shared_size = 0;
    pool->shared_fd = -1;
}

/* fd: holds it for the workers' processes, and on the first rank of a host for the others. */
static bool keep(dmap_pool *pool, void *mapping, size_t size, int fd) {
    if (!mapping)
        return false;
    pool->shared = mapping;
    pool->shared_size = size;
    pool->shared_fd = fd;
    if (pool->crew)
        dmap__crew_share(pool->crew, mapping, size, getpid(), fd);
    return true;
}

/* Returns 0, or why not, as errno has it. */
static int copy(dmap_pool *pool, const void *data, size_t size) {
    int fd = -1;
    void *mapping = dmap__shared_create(data, size, &fd);
    return keep(pool, mapping, size, fd) ? 0 : errno;
}

/* reason: as errno has it; where: "", or " on HOST, rank N". */
static dmap_status fail(dmap_pool *pool, size_t size, int reason, const char *where) {
    char what[160];
    if (reason == ENOMEM)
        return dmap__fail(&pool->error, DMAP_ENOMEM, "out of memory for %zu bytes of shared data%s", size, where);
    snprintf(what, sizeof what, "keep %zu bytes of shared data%s", size, where);
    return dmap__fail_system(&pool->error, reason, what);
}

/* Where other ranks of the host find it: numbers as they travel. */
typedef struct place {
    uint64_t process, descriptor, file;
} place;

static place place_of(const dmap_pool *pool) {
    return (place){(uint64_t)getpid(), (uint64_t)pool->shared_fd, dmap__shared_file(pool->shared_fd)};
}

void dmap__share_take(dmap_pool *pool, const dmap__message *message, dmap__head *reply) {
    size_t size = (size_t)message->head.share.size;
    long process = (long)message->head.share.process;
    int descriptor = (int)message->head.share.descriptor;
    uint64_t file = message->head.share.file;
    dmap__share_drop(pool);
    int reason = message->data ? copy(pool, message->data, size) : 0;
    dmap_status status = reason ? DMAP_EIO : DMAP_OK;
    int fd = -1;
    void *mapping = !message->data && size ? dmap__shared_map(process, descriptor, size, file, &fd) : NULL;
    if (!message->data && size && !keep(pool, mapping, size, fd))
        status = DMAP_EUNSUPPORTED;
    place there = reason ? (place){.process = (uint64_t)reason} : place_of(pool);
    *reply =
        (dmap__head){.type = DMAP__SHARED, .shared = {(uint64_t)status, there.process, there.descriptor, there.file}};
}

/* ---- the master ---- */

typedef struct sharing {
    dmap_pool *pool;
    const void *data;
    size_t size;
    dmap__replies replies;
    bool *owes; /* each rank: it was sent something, and has not answered */
    dmap_status status;
} sharing;

/* there: NULL: the data themselves go. */
static void send(sharing *s, int rank, const place *there) {
    dmap__head head = {.type = DMAP__SHARE, .share.size = s->size};
    dmap_blob part = {s->data, s->size};
    if (there) {
        head.share.process = there->process;
        head.share.descriptor = there->descriptor;
        head.share.file = there->file;
    }
    dmap_status status = dmap__comm_send(s->pool->comm, rank, &head, NULL, 0, &part, !there && s->size ? 1 : 0, NULL,
                                         NULL, &s->pool->error);
    if (status != DMAP_OK) {
        s->status = s->pool->broken = DMAP_EMPI;
        return;
    }
    s->replies.waiting++;
    s->owes[rank] = true;
}

/* The lowest rank of a host that is not lost has the data for all of it. */
static int leader_of(const dmap_pool *pool, int rank) {
    int first = dmap__comm_node_leader(pool->comm, rank);
    for (int i = first; i < pool->ranks; i++)
        if (dmap__comm_node_leader(pool->comm, i) == first && !dmap__lost_is(pool, i))
            return i;
    return -1;
}

static void send_host(sharing *s, int leader, place there) {
    for (int rank = 1; rank < s->pool->ranks && s->status == DMAP_OK; rank++)
        if (rank != leader && !dmap__lost_is(s->pool, rank) && leader_of(s->pool, rank) == leader)
            send(s, rank, &there);
}

static dmap_status fail_there(const sharing *s, int rank, int reason) {
    char where[128];
    snprintf(where, sizeof where, " on %s, rank %d", dmap__comm_host(s->pool->comm, rank), rank);
    return fail(s->pool, s->size, reason, where);
}

static void take_answer(void *arg, dmap__message *message) {
    sharing *s = arg;
    if (message->head.type != DMAP__SHARED || !s->owes[message->from])
        return;
    s->replies.waiting--;
    s->owes[message->from] = false;
    if (message->head.shared.status == DMAP_EUNSUPPORTED)
        send(s, message->from, NULL);
    else if (message->head.shared.status != DMAP_OK && s->status == DMAP_OK)
        s->status = fail_there(s, message->from, (int)message->head.shared.process);
    else if (leader_of(s->pool, message->from) == message->from && s->size)
        send_host(s, message->from,
                  (place){message->head.shared.process, message->head.shared.descriptor, message->head.shared.file});
}

/* What a host was sent is gone with the rank that had it for all: another one is sent it, and then tells the rest. One
 * that owes an answer may have been told where to find what is gone: it asks for the data itself then. */
static void lose_answer(void *arg, int rank) {
    sharing *s = arg;
    int next = leader_of(s->pool, rank);
    bool was_first = s->owes[rank] && s->size && next > rank;
    s->replies.waiting -= s->owes[rank];
    s->owes[rank] = false;
    if (was_first && !s->owes[next] && s->status == DMAP_OK)
        send(s, next, NULL);
}

static dmap_status give_all(sharing *s) {
    dmap_pool *pool = s->pool;
    if (s->size)
        send_host(s, 0, place_of(pool));
    for (int rank = 1; rank < pool->ranks && s->status == DMAP_OK; rank++)
        if (!dmap__lost_is(pool, rank) && (!s->size || leader_of(pool, rank) == rank))
            send(s, rank, NULL);
    dmap_status status = dmap__replies_wait(pool, &s->replies);
    return status == DMAP_OK ? s->status : status;
}

dmap_status dmap__share_give(dmap_pool *pool, const void *data, size_t size) {
    dmap__share_drop(pool);
    int reason = size ? copy(pool, data, size) : 0;
    if (reason)
        return fail(pool, size, reason, "");
    if (!pool->comm)
        return DMAP_OK;
    sharing s = {.pool = pool,
                 .data = pool->shared,
                 .size = size,
                 .replies = {.take = take_answer, .lost = lose_answer, .arg = &s},
                 .owes = calloc((size_t)pool->ranks, sizeof *s.owes),
                 .status = DMAP_OK};
    if (!s.owes)
        return dmap__fail_memory(&pool->error, (unsigned long long)pool->ranks, "sharing");
    dmap_status status = give_all(&s);
    free(s.owes);
    return status;
}
