/* Sending. The first MPI message of each message is copied to a staging buffer and handed to MPI at once, so first
 * messages leave in the order of dmap__comm_send. What does not fit there becomes a transfer, which waits in the queue
 * of its peer; the front of each queue has up to AHEAD fragments with MPI.
 *
 * Invariant: fragments for a peer are handed to MPI in the order of the first messages they belong to, and MPI keeps
 * the order of a (source, tag): so the receiver knows what each fragment is without a word in it. A fragment that lies
 * within one part is sent from there; one that straddles parts is packed in the transfer's staging. A call tests a
 * bounded number of requests, whatever the number that waits, in turns, so that a peer that does not receive cannot
 * keep the others' memory. It does not know what the head says, beyond sizes. */
#include "net/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/fragments.h"

enum {
    AHEAD = 4,     /* fragments of a transfer with MPI at a time */
    TURNS = 8,     /* queues, and waiting first messages, looked at in a call */
    SPARES = 64,   /* staging buffers kept of each class */
    GIVE_UP_S = 10 /* without movement, when closing */
};

#define MAX_NAP_S 1e-3

static const size_t class_bytes[2] = {1024, DMAP__FIRST_BYTES};

struct dmap__staging {
    dmap__staging *next;
    dmap__request request;
    int class, to;
    _Alignas(16) unsigned char bytes[];
};

typedef struct transfer {
    dmap__peer_queue_entry entry;
    int to;
    dmap__framing framing;
    const unsigned char *meta;
    dmap__cursor cursor;
    uint64_t posted, done; /* fragments handed to MPI, and left; posted - done <= AHEAD */
    dmap__request requests[AHEAD];
    void *packed[AHEAD]; /* made when first needed */
    void (*sent)(void *arg);
    void *arg;
    dmap_blob parts[];
} transfer;

bool dmap__outbox_init(dmap__outbox *outbox, dmap__link *link, int n_ranks) {
    *outbox = (dmap__outbox){.link = link};
    return dmap__peer_queues_init(&outbox->queues, n_ranks);
}

/* ---- first messages ---- */

static dmap__staging *get_staging(dmap__outbox *outbox, size_t size) {
    int class = size > class_bytes[0];
    dmap__staging *staging = outbox->spare[class];
    if (staging) {
        outbox->spare[class] = staging->next;
        outbox->n_spare[class]--;
        return staging;
    }
    staging = malloc(sizeof *staging + class_bytes[class]);
    if (staging)
        staging->class = class;
    return staging;
}

static void put_staging(dmap__outbox *outbox, dmap__staging *staging) {
    if (outbox->n_spare[staging->class] >= SPARES) {
        free(staging);
        return;
    }
    staging->next = outbox->spare[staging->class];
    outbox->spare[staging->class] = staging;
    outbox->n_spare[staging->class]++;
}

static void push_waiting(dmap__outbox *outbox, dmap__staging *staging) {
    staging->next = NULL;
    if (outbox->oldest)
        outbox->newest->next = staging;
    else
        outbox->oldest = staging;
    outbox->newest = staging;
    outbox->n_waiting++;
}

static dmap__staging *pop_waiting(dmap__outbox *outbox) {
    dmap__staging *staging = outbox->oldest;
    outbox->oldest = staging->next;
    outbox->n_waiting--;
    return staging;
}

static void fill_first(unsigned char *bytes, const dmap__outgoing *message, const dmap__framing *framing) {
    dmap__head head = *message->head;
    head.meta_size = framing->meta_size;
    head.data_size = framing->data_size;
    memcpy(bytes, &head, sizeof head);
    if (framing->is_meta_first && framing->meta_size > 0)
        memcpy(bytes + sizeof head, message->meta, (size_t)framing->meta_size);
    if (framing->is_data_first && framing->data_size > 0) {
        size_t meta_end = sizeof head + (size_t)framing->meta_size;
        memset(bytes + meta_end, 0, framing->first_data - meta_end);
        dmap__cursor cursor = {.parts = message->parts, .n_parts = message->n_parts};
        dmap__cursor_copy(&cursor, bytes + framing->first_data, (size_t)framing->data_size);
    }
}

/* Hands the first MPI message over. Most have left by the time MPI_Isend returns: those cost no poll. */
static dmap_status send_first(dmap__outbox *outbox, const dmap__outgoing *message, const dmap__framing *framing,
                              dmap__error *error) {
    dmap__staging *staging = get_staging(outbox, framing->first_size);
    if (!staging)
        return dmap__fail_memory(error, class_bytes[1], "message to send");
    staging->to = message->to;
    fill_first(staging->bytes, message, framing);
    dmap_status status = dmap__link_send(outbox->link, staging->bytes, framing->first_size, message->to,
                                         DMAP__TAG_FIRST, &staging->request, error);
    int left = status ? -1 : dmap__link_test(outbox->link, &staging->request, NULL, error);
    if (left == 0)
        push_waiting(outbox, staging);
    else
        put_staging(outbox, staging);
    return left < 0 ? DMAP_EMPI : DMAP_OK;
}

static dmap_status move_first(dmap__outbox *outbox, dmap__error *error) {
    size_t budget = outbox->n_waiting < TURNS ? outbox->n_waiting : TURNS;
    while (budget > 0 && outbox->oldest) {
        dmap__staging *staging = pop_waiting(outbox);
        int left = dmap__link_test(outbox->link, &staging->request, NULL, error);
        if (left == 0) {
            push_waiting(outbox, staging);
            budget--;
            continue;
        }
        put_staging(outbox, staging);
        if (left < 0)
            return DMAP_EMPI;
        outbox->moved++;
    }
    return DMAP_OK;
}

/* ---- transfers ---- */

static transfer *transfer_create(const dmap__outgoing *message, const dmap__framing *framing) {
    transfer *t = calloc(1, sizeof *t + message->n_parts * sizeof *t->parts);
    if (t) {
        t->to = message->to;
        t->framing = *framing;
        t->meta = message->meta;
        t->cursor = (dmap__cursor){.parts = t->parts, .n_parts = message->n_parts};
        t->sent = message->sent;
        t->arg = message->arg;
        if (message->n_parts > 0)
            memcpy(t->parts, message->parts, message->n_parts * sizeof *t->parts);
    }
    return t;
}

static void transfer_destroy(transfer *t) {
    for (int i = 0; t && i < AHEAD; i++)
        free(t->packed[i]);
    free(t);
}

/* The bytes of the next fragment to be handed over, packed if they must be. NULL: out of memory. */
static const void *next_bytes(transfer *t, const dmap__fragment *fragment) {
    if (fragment->is_meta)
        return t->meta + fragment->offset;
    const void *in_place = dmap__cursor_take(&t->cursor, fragment->size);
    if (in_place)
        return in_place;
    void **packed = &t->packed[t->posted % AHEAD];
    if (!*packed) {
        *packed =
            malloc(t->framing.data_size < DMAP__FRAGMENT_BYTES ? (size_t)t->framing.data_size : DMAP__FRAGMENT_BYTES);
    }
    if (*packed)
        dmap__cursor_copy(&t->cursor, *packed, fragment->size);
    return *packed;
}

static dmap_status post_fragments(dmap__outbox *outbox, transfer *t, dmap__error *error) {
    while (t->posted < t->framing.fragments && t->posted - t->done < AHEAD) {
        dmap__fragment fragment = dmap__framing_fragment(&t->framing, t->posted);
        const void *bytes = next_bytes(t, &fragment);
        if (!bytes)
            return dmap__fail_memory(error, DMAP__FRAGMENT_BYTES, "message to send");
        dmap_status status = dmap__link_send(outbox->link, bytes, fragment.size, t->to, DMAP__TAG_FRAGMENT,
                                             &t->requests[t->posted % AHEAD], error);
        if (status)
            return status;
        t->posted++;
    }
    return DMAP_OK;
}

/* Hands fragments over and looks which left, once round the AHEAD of them. */
static dmap_status advance(dmap__outbox *outbox, transfer *t, dmap__error *error) {
    dmap_status status = post_fragments(outbox, t, error);
    for (int i = 0; status == DMAP_OK && i < AHEAD && t->done < t->posted; i++) {
        int left = dmap__link_test(outbox->link, &t->requests[t->done % AHEAD], NULL, error);
        if (left == 0)
            break;
        t->done++;
        outbox->moved++;
        status = left < 0 ? DMAP_EMPI : post_fragments(outbox, t, error);
    }
    return status;
}

static void end_transfer(dmap__outbox *outbox, transfer *t) {
    dmap__peer_queues_pop(&outbox->queues, t->to);
    void (*sent)(void *arg) = t->sent;
    void *arg = t->arg;
    transfer_destroy(t);
    if (sent)
        sent(arg);
}

static dmap_status move_transfers(dmap__outbox *outbox, dmap__error *error) {
    dmap_status status = DMAP_OK;
    for (int i = 0; status == DMAP_OK && i < TURNS; i++) {
        int peer = dmap__peer_queues_take_turn(&outbox->queues);
        if (peer < 0)
            break;
        transfer *t = (transfer *)dmap__peer_queues_front(&outbox->queues, peer);
        status = t ? advance(outbox, t, error) : DMAP_OK;
        if (t && status == DMAP_OK && t->done == t->framing.fragments)
            end_transfer(outbox, t);
        dmap__peer_queues_end_turn(&outbox->queues, peer);
    }
    return status;
}

/* ---- the whole ---- */

dmap_status dmap__outbox_send(dmap__outbox *outbox, const dmap__outgoing *message, dmap__error *error) {
    dmap__framing framing = dmap__framing_of(message->meta_size, dmap__parts_size(message->parts, message->n_parts));
    transfer *t = NULL;
    if (framing.fragments > 0) {
        t = transfer_create(message, &framing);
        if (!t)
            return dmap__fail_memory(error, sizeof *t + message->n_parts * sizeof *t->parts, "message to send");
    }
    dmap_status status = send_first(outbox, message, &framing, error);
    if (status == DMAP_OK && t) {
        dmap__peer_queues_push(&outbox->queues, message->to, &t->entry);
        return DMAP_OK;
    }
    transfer_destroy(t);
    if (message->sent && status != DMAP_ENOMEM)
        message->sent(message->arg);
    return status;
}

dmap_status dmap__outbox_move(dmap__outbox *outbox, dmap__error *error) {
    dmap_status status = move_first(outbox, error);
    return status ? status : move_transfers(outbox, error);
}

bool dmap__outbox_is_busy(const dmap__outbox *outbox) {
    return outbox->oldest || !dmap__peer_queues_is_empty(&outbox->queues);
}

/* ---- the end ---- */

static void wait_until_left(dmap__outbox *outbox) {
    dmap__error error;
    double nap_s = 0;
    uint64_t moved = outbox->moved;
    double since = dmap__clock_now();
    while (dmap__outbox_is_busy(outbox) && dmap__clock_now() - since < GIVE_UP_S) {
        if (dmap__outbox_move(outbox, &error))
            return;
        if (moved != outbox->moved) {
            moved = outbox->moved;
            since = dmap__clock_now();
            nap_s = 0;
            continue;
        }
        dmap__clock_sleep(nap_s);
        nap_s = nap_s * 2 + 1e-6 < MAX_NAP_S ? nap_s * 2 + 1e-6 : MAX_NAP_S;
    }
}

static void drop_transfer(dmap__outbox *outbox, transfer *t) {
    for (; t->done < t->posted; t->done++)
        dmap__link_drop_send(outbox->link, &t->requests[t->done % AHEAD]);
    end_transfer(outbox, t);
}

/* What MPI may still look at is not used again: first messages are kept until the end, what a transfer has packed for
 * good. */
void dmap__outbox_lose(dmap__outbox *outbox, int rank) {
    for (transfer *t; (t = (transfer *)dmap__peer_queues_front(&outbox->queues, rank));) {
        memset(t->packed, 0, sizeof t->packed);
        drop_transfer(outbox, t);
    }
    for (size_t n = outbox->n_waiting; n > 0; n--) {
        dmap__staging *staging = pop_waiting(outbox);
        if (staging->to != rank) {
            push_waiting(outbox, staging);
            continue;
        }
        dmap__link_drop_send(outbox->link, &staging->request);
        staging->next = outbox->left;
        outbox->left = staging;
    }
}

static void free_staging(dmap__staging *first) {
    while (first) {
        dmap__staging *next = first->next;
        free(first);
        first = next;
    }
}

void dmap__outbox_fini(dmap__outbox *outbox) {
    if (!outbox->queues.queue)
        return;
    wait_until_left(outbox);
    for (int peer; (peer = dmap__peer_queues_take_turn(&outbox->queues)) >= 0;) {
        if (dmap__peer_queues_front(&outbox->queues, peer))
            drop_transfer(outbox, (transfer *)dmap__peer_queues_front(&outbox->queues, peer));
        dmap__peer_queues_end_turn(&outbox->queues, peer);
    }
    for (dmap__staging *staging = outbox->oldest; staging; staging = staging->next)
        dmap__link_drop_send(outbox->link, &staging->request);
    free_staging(outbox->oldest);
    free_staging(outbox->left);
    free_staging(outbox->spare[0]);
    free_staging(outbox->spare[1]);
    dmap__peer_queues_fini(&outbox->queues);
}
