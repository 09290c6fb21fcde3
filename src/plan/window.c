/* Pieces that wait to be taken, and the bytes they hold.
 *
 * Invariant at every fresh grant, ordered: held + (items out or to be granted again + the grant) * bytes of an item
 * <= size, bytes of an item being given or, at that moment, the measured mean. The exception is the head: with nothing
 * out and nothing held one item is let in whatever its size, so that the map goes on. Before anything was measured a
 * lease gets at most one item a worker.
 *
 * So with sizes known beforehand memory never passes max(size, one result). With measured sizes it passes by what the
 * items out turn out larger than the mean so far.
 *
 * A chunk that fits only in a small part waits for more room: else every release would send one item on its way. It is
 * sure to get it, since something is out or held. And no lease takes more than half a branch's part of the window,
 * else a few branches would fill it while the others stand idle. */
#include "plan/window.h"

#include <string.h>

typedef struct entry {
    uint64_t key;
    dmap__piece piece;
} entry;

void dmap__window_init(dmap__window *window, const dmap__plan_config *config) {
    memset(window, 0, sizeof *window);
    dmap__heap_init(&window->pieces, sizeof(entry));
    dmap__heap_init(&window->dropped, sizeof(entry));
    window->ordered = config->ordered;
    window->size = config->window;
    window->result_bytes = config->result_bytes;
}

void dmap__window_fini(dmap__window *window) {
    dmap__heap_fini(&window->pieces);
    dmap__heap_fini(&window->dropped);
}

dmap_status dmap__window_add(dmap__window *window, const dmap__piece *piece, uint64_t limit) {
    entry new = {.key = window->ordered ? piece->begin : window->arrivals, .piece = *piece};
    if (!dmap__heap_reserve(&window->pieces, 1) || !dmap__heap_reserve(&window->dropped, window->pieces.count + 1))
        return DMAP_ENOMEM;
    window->arrivals++;
    window->measured_bytes += (double)piece->bytes;
    window->measured_items += (double)(piece->end - piece->begin);
    if (piece->begin >= limit) {
        dmap__heap_push(&window->dropped, &new);
        return DMAP_OK;
    }
    dmap__heap_push(&window->pieces, &new);
    window->held += piece->bytes;
    if (window->held > window->peak)
        window->peak = window->held;
    return DMAP_OK;
}

bool dmap__window_take(dmap__window *window, dmap__piece *piece) {
    const entry *top = dmap__heap_top(&window->pieces);
    if (!top || (window->ordered && top->piece.begin != window->head))
        return false;
    entry taken;
    dmap__heap_pop(&window->pieces, &taken);
    window->head = taken.piece.end;
    *piece = taken.piece;
    return true;
}

bool dmap__window_drop(dmap__window *window, dmap__piece *piece) {
    if (!dmap__heap_top(&window->dropped))
        return false;
    entry dropped;
    dmap__heap_pop(&window->dropped, &dropped);
    *piece = dropped.piece;
    return true;
}

void dmap__window_release(dmap__window *window, uint64_t bytes) {
    window->held -= bytes < window->held ? bytes : window->held;
}

void dmap__window_cut(dmap__window *window, uint64_t limit) {
    size_t kept = 0;
    for (size_t i = 0; i < window->pieces.count; i++) {
        const entry *piece = dmap__heap_at(&window->pieces, i);
        if (piece->piece.begin < limit) {
            memmove(dmap__heap_at(&window->pieces, kept++), piece, sizeof *piece);
        } else {
            window->held -= piece->piece.bytes;
            dmap__heap_push(&window->dropped, piece);
        }
    }
    dmap__heap_restore(&window->pieces, kept);
}

/* Bytes to be expected of an item. *known: false before any was measured. */
static double item_bytes_of(const dmap__window *window, bool *known) {
    *known = window->result_bytes || window->measured_items > 0;
    if (window->result_bytes)
        return (double)window->result_bytes;
    return *known ? window->measured_bytes / window->measured_items : 0;
}

/* Items that still fit; wanted, if they do. */
static uint64_t room(const dmap__window *window, double item_bytes, uint64_t pending, uint64_t wanted) {
    double fit = ((double)window->size - (double)window->held) / item_bytes - (double)pending;
    if (fit >= (double)wanted)
        return wanted;
    return fit >= 1 ? (uint64_t)fit : 0;
}

static uint64_t lesser(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

uint64_t dmap__window_admit(const dmap__window *window, uint64_t wanted, uint64_t pending, int workers, int branches) {
    bool known;
    double item_bytes = item_bytes_of(window, &known);
    if (!window->ordered || (known && item_bytes <= 0))
        return wanted;
    if (!known)
        return lesser(wanted, (uint64_t)workers);
    double part = (double)window->size / item_bytes / 2 / branches;
    part = part > workers ? part : workers;
    uint64_t chunk = part < (double)wanted ? (uint64_t)part : wanted;
    uint64_t fit = room(window, item_bytes, pending, chunk);
    if (pending == 0 && window->held == 0)
        return fit ? fit : 1;
    return fit >= (chunk + 1) / 2 ? fit : 0;
}
