/* A list in the order of the input. Only its first entry is ever written, and only standard output before its end:
 * standard error follows when the job has ended, as with GNU parallel. So is one without output, wherever it is: it
 * leaves the list as it ends. */
#include "run/output/order.h"

#include <stdlib.h>
#include <string.h>

bool run_order_init(run_order *order, run_printer *printer, size_t budget) {
    *order = (run_order){.printer = printer};
    return run_store_init(&order->store, budget);
}

static void take_out(run_order *order, run_entry *entry) {
    *(entry->previous ? &entry->previous->next : &order->first) = entry->next;
    *(entry->next ? &entry->next->previous : &order->last) = entry->previous;
    order->count--;
    run_buffer_clear(&order->store, &entry->output[0]);
    run_buffer_clear(&order->store, &entry->output[1]);
    free(entry->tag);
    run_text_free(&entry->row);
    run_text_free(&entry->tail);
    free(entry);
}

void run_order_fini(run_order *order) {
    while (order->first)
        take_out(order, order->first);
    run_store_fini(&order->store);
}

run_entry *run_order_begin(run_order *order, const char *tag) {
    run_entry *entry = calloc(1, sizeof *entry);
    if (entry && tag && !(entry->tag = strdup(tag))) {
        free(entry);
        entry = NULL;
    }
    if (!entry)
        return NULL;
    entry->previous = order->last;
    *(order->last ? &order->last->next : &order->first) = entry;
    order->last = entry;
    order->count++;
    return entry;
}

static bool print(run_order *order, run_entry *entry, int stream, const void *data, size_t size) {
    return run_print(order->printer, 1 + stream, data, size, entry->tag, &entry->inside[stream]);
}

typedef struct printing {
    run_order *order;
    run_entry *entry;
    int stream;
} printing;

static bool print_piece(void *arg, const void *data, size_t size) {
    const printing *p = arg;
    return print(p->order, p->entry, p->stream, data, size);
}

static bool print_buffer(run_order *order, run_entry *entry, int stream) {
    printing p = {order, entry, stream};
    bool good = run_buffer_read(&order->store, &entry->output[stream], print_piece, &p);
    run_buffer_clear(&order->store, &entry->output[stream]);
    return good;
}

/* True if its standard output goes straight through. */
static bool has_turn(const run_order *order, const run_entry *entry) {
    return entry == order->first && entry->is_live && !order->unordered && !order->whole;
}

static bool write_whole(run_order *order, run_entry *entry) {
    bool good = order->whole ? order->whole(order->whole_arg, &order->store, entry)
                             : print_buffer(order, entry, 0) && print_buffer(order, entry, 1);
    take_out(order, entry);
    return good;
}

/* Writes what has its turn now. */
static bool advance(run_order *order) {
    bool good = true;
    while (good && !order->unordered && order->first && order->first->has_ended)
        good = write_whole(order, order->first);
    if (good && order->first && has_turn(order, order->first))
        good = print_buffer(order, order->first, 0);
    return good;
}

bool run_order_add(run_order *order, run_entry *entry, int stream, const void *data, size_t size) {
    if (size == 0)
        return true;
    if ((order->lines && !order->whole) || (stream == 0 && has_turn(order, entry)))
        return print(order, entry, stream, data, size);
    return run_buffer_add(&order->store, &entry->output[stream], data, size);
}

void run_order_reset(run_order *order, run_entry *entry) {
    for (int i = 0; i < 2; i++) {
        run_buffer_clear(&order->store, &entry->output[i]);
        entry->inside[i] = false;
    }
}

bool run_order_split(run_order *order, run_entry *entry, run_text row, run_text tail) {
    run_entry *part = calloc(1, sizeof *part);
    if (!part) {
        run_text_free(&row);
        run_text_free(&tail);
        return false;
    }
    *part = (run_entry){.previous = entry->previous, .next = entry, .row = row, .tail = tail, .has_ended = true};
    memcpy(part->output, entry->output, sizeof part->output);
    memset(entry->output, 0, sizeof entry->output);
    *(part->previous ? &part->previous->next : &order->first) = part;
    entry->previous = part;
    order->count++;
    return order->unordered ? write_whole(order, part) : advance(order);
}

bool run_order_go_live(run_order *order, run_entry *entry) {
    entry->is_live = true;
    return advance(order);
}

bool run_order_end(run_order *order, run_entry *entry) {
    entry->has_ended = true;
    if (order->unordered)
        return write_whole(order, entry);
    if (entry != order->first && !order->whole &&
        run_buffer_size(&entry->output[0]) + run_buffer_size(&entry->output[1]) == 0)
        take_out(order, entry);
    return advance(order);
}

bool run_order_drop(run_order *order, run_entry *entry) {
    take_out(order, entry);
    return advance(order);
}
