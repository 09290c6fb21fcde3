/* Receiving. First MPI messages come into a ring of receives posted beforehand, from any rank; only the oldest is
 * tested, as MPI matches in the order of posting. A message that is whole with its first MPI message is handed out from
 * its slot. One that is not gets a transfer in the queue of its rank, with up to AHEAD receives posted into its final
 * memory.
 *
 * Invariant: messages of a rank leave in the order of their first MPI messages. So what arrives while a queue is not
 * empty waits in it, copied out of its slot: no rank's large message holds up another rank's. Only the front of a queue
 * has fragments posted, which makes the order of receives that of the sender's fragments.
 * Where memory is out, nothing is lost: the slot or the transfer stays as it is, and the next poll tries again.
 * It does not know what the head says, beyond sizes. */
#include "net/inbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "net/fragments.h"

enum {
    AHEAD = 4, /* fragments of a transfer posted at a time */
    TURNS = 8  /* queues looked at in a poll */
};

typedef struct transfer {
    dmap__peer_queue_entry entry;
    dmap__message message;
    dmap__framing framing;
    bool has_data;         /* its place is known */
    uint64_t posted, done; /* fragments with MPI, and come; posted - done <= AHEAD */
    dmap__request requests[AHEAD];
} transfer;

/* ---- the ring ---- */

static unsigned char *slot_bytes(const dmap__inbox *inbox, int slot) {
    return inbox->bytes + (size_t)slot * DMAP__FIRST_BYTES;
}

static dmap_status post_slot(dmap__inbox *inbox, int slot, dmap__error *error) {
    return dmap__link_receive(inbox->link, slot_bytes(inbox, slot), DMAP__FIRST_BYTES, DMAP__ANY_RANK, DMAP__TAG_FIRST,
                              &inbox->ring[slot], error);
}

dmap_status dmap__inbox_init(dmap__inbox *inbox, dmap__link *link, int n_ranks, int n_slots, dmap__error *error) {
    *inbox = (dmap__inbox){.link = link, .late = -1};
    size_t bytes = (size_t)n_slots * DMAP__FIRST_BYTES;
    inbox->bytes = aligned_alloc(64, bytes);
    inbox->ring = calloc((size_t)n_slots, sizeof *inbox->ring);
    if (!dmap__peer_queues_init(&inbox->queues, n_ranks) || !inbox->bytes || !inbox->ring)
        return dmap__fail_memory(error, bytes, "receive buffers");
    dmap_status status = DMAP_OK;
    while (status == DMAP_OK && inbox->n_slots < n_slots) {
        status = post_slot(inbox, inbox->n_slots, error);
        inbox->n_slots += status == DMAP_OK;
    }
    return status;
}

/* The slot is free again: its receive becomes the youngest of the ring. */
static dmap_status repost(dmap__inbox *inbox, dmap__error *error) {
    inbox->has_arrived = false;
    dmap_status status = post_slot(inbox, inbox->slot, error);
    if (status == DMAP_OK)
        inbox->slot = inbox->slot + 1 < inbox->n_slots ? inbox->slot + 1 : 0;
    return status;
}

/* A message as its slot shows it. Only what came with the head has an address yet. */
static dmap__message in_slot(const dmap__inbox *inbox, dmap__framing *framing) {
    unsigned char *bytes = slot_bytes(inbox, inbox->slot);
    dmap__message message = {.from = inbox->arrival.from, .slot = inbox->slot};
    memcpy(&message.head, bytes, sizeof message.head);
    *framing = dmap__framing_of(message.head.meta_size, message.head.data_size);
    if (framing->is_meta_first && framing->meta_size > 0)
        message.meta = bytes + sizeof message.head;
    if (framing->is_data_first && framing->data_size > 0)
        message.data = bytes + framing->first_data;
    return message;
}

/* Moves what came with the head out of its slot. */
static bool copy_out(dmap__message *message) {
    void *meta = message->meta, *data = message->data;
    message->meta_owned = dmap__message_take_meta(message);
    message->data_owned = dmap__message_take_data(message);
    message->meta = message->meta_owned;
    message->data = message->data_owned;
    message->slot = -1;
    return (message->meta || !meta) && (message->data || !data);
}

static void free_owned(dmap__message *message) {
    free(message->meta_owned);
    free(message->data_owned);
    message->meta_owned = message->data_owned = message->meta = message->data = NULL;
}

static dmap_status enqueue(dmap__inbox *inbox, dmap__message message, const dmap__framing *framing,
                           dmap__error *error) {
    transfer *t = calloc(1, sizeof *t);
    if (!t || !copy_out(&message)) {
        if (t)
            free_owned(&message);
        free(t);
        return dmap__fail_memory(error, DMAP__FIRST_BYTES, "message received");
    }
    t->message = message;
    t->framing = *framing;
    t->has_data = framing->is_data_first || framing->data_size == 0;
    dmap__peer_queues_push(&inbox->queues, message.from, &t->entry);
    return repost(inbox, error);
}

/* Takes what arrived in the oldest slot: out to the caller (1), or into a queue (0). */
static int take_slot(dmap__inbox *inbox, dmap__message *message, dmap__error *error) {
    dmap__framing framing;
    dmap__message seen = in_slot(inbox, &framing);
    if (inbox->lost && inbox->lost[seen.from]) {
        inbox->late = seen.from;
        return repost(inbox, error) ? -1 : 0;
    }
    if (inbox->arrival.size != framing.first_size) {
        dmap__fail(error, DMAP_EMPI, "rank %d sent %zu bytes where its head says %zu", seen.from, inbox->arrival.size,
                   framing.first_size);
        return -1;
    }
    if (framing.fragments == 0 && !dmap__peer_queues_front(&inbox->queues, seen.from)) {
        *message = seen;
        return 1;
    }
    return enqueue(inbox, seen, &framing, error) ? -1 : 0;
}

/* ---- transfers ---- */

static bool make(uint64_t size, void **place, void **owned) {
    *place = *owned = dmap__memory_large((size_t)size);
    return *place != NULL;
}

/* Finds memory for what comes next. Meta is whole before data's place is asked for. */
static dmap_status prepare(dmap__inbox *inbox, transfer *t, dmap__error *error) {
    dmap__message *message = &t->message;
    if (t->framing.meta_fragments > 0 && !message->meta &&
        !make(t->framing.meta_size, &message->meta, &message->meta_owned))
        return dmap__fail_memory(error, t->framing.meta_size, "a message's meta part");
    if (t->has_data || t->done < t->framing.meta_fragments)
        return DMAP_OK;
    if (inbox->place)
        message->data = inbox->place(inbox->arg, message->from, &message->head, message->meta);
    if (!message->data && !make(t->framing.data_size, &message->data, &message->data_owned))
        return dmap__fail_memory(error, t->framing.data_size, "a message's data part");
    t->has_data = true;
    return DMAP_OK;
}

static dmap_status post_fragments(dmap__inbox *inbox, transfer *t, dmap__error *error) {
    dmap_status status = prepare(inbox, t, error);
    uint64_t end = t->has_data ? t->framing.fragments : t->framing.meta_fragments;
    while (status == DMAP_OK && t->posted < end && t->posted - t->done < AHEAD) {
        dmap__fragment fragment = dmap__framing_fragment(&t->framing, t->posted);
        char *base = fragment.is_meta ? t->message.meta : t->message.data;
        status = dmap__link_receive(inbox->link, base + fragment.offset, fragment.size, t->message.from,
                                    DMAP__TAG_FRAGMENT, &t->requests[t->posted % AHEAD], error);
        t->posted += status == DMAP_OK;
    }
    return status;
}

static dmap_status test_fragment(dmap__inbox *inbox, transfer *t, bool *has_come, dmap__error *error) {
    dmap__arrival arrival;
    int done = dmap__link_test(inbox->link, &t->requests[t->done % AHEAD], &arrival, error);
    *has_come = done > 0;
    if (done == 0)
        return DMAP_OK;
    size_t expected = dmap__framing_fragment(&t->framing, t->done++).size;
    if (done > 0 && arrival.size != expected) {
        return dmap__fail(error, DMAP_EMPI, "rank %d sent a fragment of %zu bytes in place of %zu", t->message.from,
                          arrival.size, expected);
    }
    return done < 0 ? DMAP_EMPI : DMAP_OK;
}

/* Posts receives and takes what came, once round the AHEAD of them. */
static dmap_status advance(dmap__inbox *inbox, transfer *t, dmap__error *error) {
    dmap_status status = post_fragments(inbox, t, error);
    bool has_come = true;
    for (int i = 0; status == DMAP_OK && has_come && i < AHEAD && t->done < t->posted; i++) {
        status = test_fragment(inbox, t, &has_come, error);
        if (status == DMAP_OK && has_come)
            status = post_fragments(inbox, t, error);
    }
    return status;
}

static int move_transfers(dmap__inbox *inbox, dmap__message *message, dmap__error *error) {
    int got = 0;
    for (int i = 0; got == 0 && i < TURNS; i++) {
        int peer = dmap__peer_queues_take_turn(&inbox->queues);
        if (peer < 0)
            break;
        transfer *t = (transfer *)dmap__peer_queues_front(&inbox->queues, peer);
        got = t && advance(inbox, t, error) ? -1 : 0;
        if (t && got == 0 && t->done == t->framing.fragments) {
            dmap__peer_queues_pop(&inbox->queues, peer);
            *message = t->message;
            free(t);
            got = 1;
        }
        dmap__peer_queues_end_turn(&inbox->queues, peer);
    }
    return got;
}

/* ---- the whole ---- */

/* Transfers before the ring and, if the ring brought one, again: so that neither starves the other, and a transfer's
 * receives are posted in the poll that saw its head. */
int dmap__inbox_poll(dmap__inbox *inbox, dmap__message *message, dmap__error *error) {
    int got = dmap__peer_queues_is_empty(&inbox->queues) ? 0 : move_transfers(inbox, message, error);
    if (got != 0 || inbox->n_slots == 0)
        return got;
    if (!inbox->has_arrived) {
        got = dmap__link_test(inbox->link, &inbox->ring[inbox->slot], &inbox->arrival, error);
        if (got <= 0)
            return got;
        inbox->has_arrived = true;
    }
    got = take_slot(inbox, message, error);
    return got ? got : move_transfers(inbox, message, error);
}

dmap_status dmap__inbox_release(dmap__inbox *inbox, dmap__message *message, dmap__error *error) {
    free_owned(message);
    if (message->slot < 0)
        return DMAP_OK;
    message->slot = -1;
    return repost(inbox, error);
}

bool dmap__inbox_is_busy(const dmap__inbox *inbox) {
    return inbox->has_arrived || !dmap__peer_queues_is_empty(&inbox->queues);
}

/* Memory that MPI may still write to is left to it: a leak is better than a stray write. */
static void drop_transfer(dmap__inbox *inbox, transfer *t) {
    bool is_free = true;
    for (; t->done < t->posted; t->done++)
        is_free = dmap__link_drop_receive(inbox->link, &t->requests[t->done % AHEAD]) && is_free;
    if (is_free)
        free_owned(&t->message);
    free(t);
}

void dmap__inbox_lose(dmap__inbox *inbox, int rank) {
    for (transfer *t; (t = (transfer *)dmap__peer_queues_front(&inbox->queues, rank));) {
        dmap__peer_queues_pop(&inbox->queues, rank);
        drop_transfer(inbox, t);
    }
}

void dmap__inbox_fini(dmap__inbox *inbox) {
    for (int peer; inbox->queues.queue && (peer = dmap__peer_queues_take_turn(&inbox->queues)) >= 0;) {
        transfer *t = (transfer *)dmap__peer_queues_front(&inbox->queues, peer);
        if (t) {
            dmap__peer_queues_pop(&inbox->queues, peer);
            drop_transfer(inbox, t);
        }
        dmap__peer_queues_end_turn(&inbox->queues, peer);
    }
    bool is_free = true;
    for (int slot = 0; slot < inbox->n_slots; slot++)
        is_free = dmap__link_drop_receive(inbox->link, &inbox->ring[slot]) && is_free;
    if (is_free)
        free(inbox->bytes);
    free(inbox->ring);
    dmap__peer_queues_fini(&inbox->queues);
}
