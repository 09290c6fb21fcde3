/* Perfetto's own format: a Trace is TracePackets one after the other, each a field 1, so that a file may be cut off
 * between any two of them, and files may be joined. Field numbers are those of its .proto files (TracePacket,
 * TrackDescriptor, TrackEvent, DebugAnnotation: the part that is promised to stay). Times are nanoseconds of the
 * master's monotonic clock. Readers sort by time: so packets are written as they are known.
 *
 * It is bounded: beyond so many bytes what a worker does within a time becomes one slice, which says how many items
 * they were; that time doubles each quarter of them. A write that fails ends the trace: no call fails because of it. */
#include "watch/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "watch/protobuf.h"

#define JOINED_S       1e-3
#define FEW_WORKERS    32 /* for which that holds */
#define COUNT_S        10e-3
#define MOST_BYTES     (UINT64_C(256) << 20)
#define FIRST_JOINED_S 10e-3 /* beyond that */

/* Field numbers. */
enum {
    PACKET = 1,
    PACKET_TIMESTAMP = 8,
    PACKET_SEQUENCE = 10,
    PACKET_EVENT = 11,
    PACKET_TRACK = 60,
    TRACK_UUID = 1,
    TRACK_NAME = 2,
    TRACK_PROCESS = 3,
    TRACK_THREAD = 4,
    TRACK_PARENT = 5,
    TRACK_COUNTER = 8,
    PROCESS_PID = 1,
    PROCESS_NAME = 6,
    THREAD_PID = 1,
    THREAD_TID = 2,
    THREAD_NAME = 5,
    EVENT_ANNOTATION = 4,
    EVENT_TYPE = 9,
    EVENT_TRACK = 11,
    EVENT_NAME = 23,
    EVENT_COUNT = 30,
    EVENT_DOUBLE_COUNT = 44,
    ANNOTATION_NUMBER = 3,
    ANNOTATION_TEXT = 6,
    ANNOTATION_NAME = 10
};
enum { SLICE_BEGIN = 1, SLICE_END = 2, INSTANT = 3, COUNTER = 4 };

/* Tracks: those of ranks, then of workers, then of calls. */
#define RANK_TRACK   (UINT64_C(1) << 32)
#define WORKER_TRACK (UINT64_C(2) << 32)
#define COUNT_TRACK  (UINT64_C(3) << 32)
#define CALL_TRACK   (UINT64_C(1) << 48)

/* What a worker did, that is not written yet. */
typedef struct pending {
    const char *task; /* NULL: nothing */
    dmap__event event;
} pending;

struct dmap__trace {
    FILE *file; /* NULL: it has failed */
    int ranks, workers;
    int *first; /* of each rank, among all workers: its number 0 */
    pending *pendings;
    uint64_t most_bytes;
    uint64_t bytes, next_bytes; /* written; joined_s grows then */
    double joined_s;            /* 0: all that comes is written */
    int calls;                  /* that have begun, and not ended */
    double counted_s;
    uint64_t counted_items;
};

static const char *const counters[] = {
    "items/s", "leases", "window (bytes)", "master in source (%)", "master in sink (%)", "master in messages (%)"};
enum { COUNTERS = sizeof counters / sizeof *counters };

/* ---- packets ---- */

static void write_packet(dmap__trace *t, const dmap__protobuf *p) {
    if (!t->file || p->is_full)
        return;
    if (fwrite(p->bytes, 1, p->size, t->file) != p->size) {
        fclose(t->file);
        t->file = NULL;
    }
    t->bytes += p->size;
}

static size_t begin_packet(dmap__protobuf *p, double now) {
    p->size = 0;
    p->is_full = false;
    size_t packet = dmap__protobuf_begin(p, PACKET);
    dmap__protobuf_number(p, PACKET_SEQUENCE, 1);
    if (now > 0)
        dmap__protobuf_number(p, PACKET_TIMESTAMP, (uint64_t)(now * 1e9));
    return packet;
}

/* Names are cut to what a packet holds. Bytes that are no ASCII are left out: they may be no UTF-8. */
static void put_name(dmap__protobuf *p, uint32_t field, const char *name) {
    char text[300];
    size_t n = 0;
    for (; *name && n < sizeof text - 1; name++)
        text[n++] = *name >= ' ' && *name < 0x7f ? *name : '?';
    text[n] = '\0';
    dmap__protobuf_text(p, field, text);
}

typedef struct track {
    uint64_t uuid, parent; /* 0: none */
    const char *name;
    int pid, tid; /* < 0: it is no process's; no thread's */
    bool is_counter;
} track;

static void write_track(dmap__trace *t, const track *about) {
    dmap__protobuf p;
    size_t packet = begin_packet(&p, 0), inner = dmap__protobuf_begin(&p, PACKET_TRACK), owner;
    dmap__protobuf_number(&p, TRACK_UUID, about->uuid);
    put_name(&p, TRACK_NAME, about->name);
    if (about->parent)
        dmap__protobuf_number(&p, TRACK_PARENT, about->parent);
    if (about->tid >= 0) {
        owner = dmap__protobuf_begin(&p, TRACK_THREAD);
        dmap__protobuf_number(&p, THREAD_PID, (uint64_t)about->pid);
        dmap__protobuf_number(&p, THREAD_TID, (uint64_t)about->tid);
        put_name(&p, THREAD_NAME, about->name);
        dmap__protobuf_end(&p, owner);
    } else if (about->pid >= 0) {
        owner = dmap__protobuf_begin(&p, TRACK_PROCESS);
        dmap__protobuf_number(&p, PROCESS_PID, (uint64_t)about->pid);
        put_name(&p, PROCESS_NAME, about->name);
        dmap__protobuf_end(&p, owner);
    }
    if (about->is_counter)
        dmap__protobuf_end(&p, dmap__protobuf_begin(&p, TRACK_COUNTER));
    dmap__protobuf_end(&p, inner);
    dmap__protobuf_end(&p, packet);
    write_packet(t, &p);
}

static void annotate(dmap__protobuf *p, const char *name, const char *text, uint64_t number) {
    size_t begun = dmap__protobuf_begin(p, EVENT_ANNOTATION);
    dmap__protobuf_text(p, ANNOTATION_NAME, name);
    if (text)
        put_name(p, ANNOTATION_TEXT, text);
    else
        dmap__protobuf_number(p, ANNOTATION_NUMBER, number);
    dmap__protobuf_end(p, begun);
}

static size_t begin_event(dmap__protobuf *p, int type, uint64_t on, const char *name) {
    size_t event = dmap__protobuf_begin(p, PACKET_EVENT);
    dmap__protobuf_number(p, EVENT_TYPE, (uint64_t)type);
    dmap__protobuf_number(p, EVENT_TRACK, on);
    if (name)
        put_name(p, EVENT_NAME, name);
    return event;
}

static void end_event(dmap__trace *t, dmap__protobuf *p, size_t packet, size_t event) {
    dmap__protobuf_end(p, event);
    dmap__protobuf_end(p, packet);
    write_packet(t, p);
}

static void write_event(dmap__trace *t, int type, uint64_t on, const char *name, double now) {
    dmap__protobuf p;
    size_t packet = begin_packet(&p, now), event = begin_event(&p, type, on, name);
    end_event(t, &p, packet, event);
}

static void count(dmap__trace *t, uint64_t counter, double value, double now) {
    dmap__protobuf p;
    size_t packet = begin_packet(&p, now), event = begin_event(&p, COUNTER, COUNT_TRACK + counter, NULL);
    dmap__protobuf_double(&p, EVENT_DOUBLE_COUNT, value);
    end_event(t, &p, packet, event);
}

/* ---- opening ---- */

static void write_tracks(dmap__trace *t, const dmap__trace_config *config) {
    char name[400];
    for (int rank = 0; rank < t->ranks; rank++) {
        uint64_t process = RANK_TRACK + (uint64_t)rank;
        dmap__text_print(name, sizeof name, "rank %d on %s", rank, config->ranks[rank].host);
        write_track(t, &(track){.uuid = process, .name = name, .pid = rank + 1, .tid = -1});
        for (int i = 0; i < config->ranks[rank].workers; i++) {
            snprintf(name, sizeof name, "worker %d", i);
            int number = t->first[rank] + i;
            write_track(t, &(track){.uuid = WORKER_TRACK + (uint64_t)number,
                                    .parent = process,
                                    .name = name,
                                    .pid = rank + 1,
                                    .tid = t->ranks + number + 1});
        }
    }
    for (uint64_t i = 0; i < COUNTERS; i++)
        write_track(t, &(track){.uuid = COUNT_TRACK + i,
                                .parent = RANK_TRACK,
                                .name = counters[i],
                                .pid = -1,
                                .tid = -1,
                                .is_counter = true});
}

static bool make_lists(dmap__trace *t, const dmap__trace_config *config) {
    t->ranks = config->n_ranks;
    t->first = calloc((size_t)t->ranks, sizeof *t->first);
    for (int rank = 0; t->first && rank < t->ranks; rank++) {
        t->first[rank] = t->workers;
        t->workers += config->ranks[rank].workers;
    }
    t->pendings = calloc((size_t)t->workers + 1, sizeof *t->pendings);
    return t->first && t->pendings;
}

dmap__trace *dmap__trace_open(const dmap__trace_config *config, dmap__error *error) {
    dmap__trace *t = calloc(1, sizeof *t);
    if (!t || !make_lists(t, config)) {
        dmap__trace_close(t);
        dmap__fail(error, DMAP_ENOMEM, "out of memory for a trace");
        return NULL;
    }
    t->most_bytes = t->next_bytes = config->bytes ? config->bytes : MOST_BYTES;
    t->file = fopen(config->file, "we");
    if (!t->file) {
        char what[300];
        int reason = errno;
        dmap__text_print(what, sizeof what, "write to DMAP_TRACE=\"%s\"", config->file);
        dmap__fail_system(error, reason, what);
        dmap__trace_close(t);
        return NULL;
    }
    write_tracks(t, config);
    return t;
}

double dmap__trace_joined_s(const dmap__trace *t) {
    return JOINED_S * (1 + t->workers / FEW_WORKERS);
}

/* ---- workers ---- */

static void write_slice(dmap__trace *t, int worker, const pending *p) {
    char name[400];
    dmap__protobuf packet;
    const dmap__event *e = &p->event;
    uint64_t on = WORKER_TRACK + (uint64_t)worker;
    dmap__text_print(name, sizeof name, "%s [%" PRIu64 ", %" PRIu64 ")", e->items ? p->task : "set-up", e->begin,
                     e->end);
    size_t begun = begin_packet(&packet, e->began_s), event = begin_event(&packet, SLICE_BEGIN, on, name);
    annotate(&packet, "items", NULL, e->items);
    annotate(&packet, "in items (us)", NULL, (uint64_t)(e->task_s * 1e6));
    if (e->setup_s > 0)
        annotate(&packet, "in set-ups (us)", NULL, (uint64_t)(e->setup_s * 1e6));
    if (e->attempt > 1)
        annotate(&packet, "attempt", NULL, (uint64_t)e->attempt);
    end_event(t, &packet, begun, event);
    write_event(t, SLICE_END, on, NULL, e->ended_s);
}

static void flush(dmap__trace *t, int worker) {
    if (t->pendings[worker].task)
        write_slice(t, worker, &t->pendings[worker]);
    t->pendings[worker].task = NULL;
}

static bool join(const dmap__trace *t, pending *into, const pending *next) {
    dmap__event *a = &into->event;
    const dmap__event *b = &next->event;
    if (into->task != next->task || b->began_s < a->ended_s || b->ended_s - a->began_s > t->joined_s)
        return false;
    a->begin = b->begin < a->begin ? b->begin : a->begin;
    a->end = b->end > a->end ? b->end : a->end;
    a->ended_s = b->ended_s;
    a->items += b->items;
    a->task_s += b->task_s;
    a->setup_s += b->setup_s;
    return true;
}

static void grow_joined(dmap__trace *t) {
    if (t->bytes < t->next_bytes)
        return;
    t->next_bytes += t->most_bytes / 4;
    t->joined_s = t->joined_s > 0 ? 2 * t->joined_s : FIRST_JOINED_S;
}

void dmap__trace_event(dmap__trace *t, int rank, const char *task, const dmap__event *event, double offset_s) {
    int worker = t->first[rank] + event->worker;
    pending next = {task, *event};
    next.event.began_s += offset_s;
    next.event.ended_s += offset_s;
    grow_joined(t);
    if (t->pendings[worker].task && join(t, &t->pendings[worker], &next))
        return;
    flush(t, worker);
    t->pendings[worker] = next;
    if (t->joined_s <= 0)
        flush(t, worker);
}

/* ---- calls, messages, losses ---- */

void dmap__trace_call(dmap__trace *t, uint64_t call, const char *task, double now) {
    char name[400];
    if (t->calls++ == 0)
        t->counted_s = now;
    dmap__text_print(name, sizeof name, "call of %s", task);
    write_track(t, &(track){.uuid = CALL_TRACK + call, .parent = RANK_TRACK, .name = name, .pid = -1, .tid = -1});
    write_event(t, SLICE_BEGIN, CALL_TRACK + call, task, now);
}

/* What was written until then is to be there, should the program be killed after that. */
void dmap__trace_call_end(dmap__trace *t, uint64_t call, const char *diagnosis, double now) {
    dmap__protobuf p;
    size_t packet = begin_packet(&p, now), event = begin_event(&p, SLICE_END, CALL_TRACK + call, NULL);
    if (*diagnosis)
        annotate(&p, "diagnosis", diagnosis, 0);
    end_event(t, &p, packet, event);
    for (int i = 0; i < t->workers; i++)
        flush(t, i);
    t->calls--;
    for (uint64_t i = 0; !t->calls && i < COUNTERS; i++)
        count(t, i, 0, now);
    if (t->file)
        fflush(t->file);
}

void dmap__trace_message(dmap__trace *t, int rank, const char *what, uint64_t begin, uint64_t end, double now) {
    char name[100];
    snprintf(name, sizeof name, "%s [%" PRIu64 ", %" PRIu64 ")", what, begin, end);
    write_event(t, INSTANT, RANK_TRACK + (uint64_t)rank, name, now);
}

void dmap__trace_lost(dmap__trace *t, int rank, double now) {
    write_event(t, INSTANT, RANK_TRACK + (uint64_t)rank, "lost", now);
}

/* ---- counters ---- */

bool dmap__trace_is_due(const dmap__trace *t, double now) {
    return now - t->counted_s >= COUNT_S;
}

void dmap__trace_count(dmap__trace *t, const dmap__trace_counts *counts, const dmap__timeline *line, double now) {
    double doings[DMAP__DOINGS] = {0}, since_s = t->counted_s, seconds = now - since_s;
    uint64_t items = counts->items > t->counted_items ? counts->items - t->counted_items : 0;
    dmap__timeline_between(line, since_s, now, doings);
    count(t, 0, (double)items / seconds, now);
    count(t, 1, (double)counts->leases, now);
    count(t, 2, (double)counts->window, now);
    count(t, 3, 100 * doings[DMAP__DOING_SOURCE] / seconds, now);
    count(t, 4, 100 * doings[DMAP__DOING_SINK] / seconds, now);
    count(t, 5, 100 * doings[DMAP__DOING_MESSAGES] / seconds, now);
    t->counted_s = now;
    t->counted_items = counts->items;
}

void dmap__trace_close(dmap__trace *t) {
    if (!t)
        return;
    for (int i = 0; t->pendings && i < t->workers; i++)
        flush(t, i);
    if (t->file)
        fclose(t->file);
    free(t->first);
    free(t->pendings);
    free(t);
}
