/* Perfetto's format, as far as dmap writes it: a file is packets, each a field 1; field numbers are those of its .proto
 * files. What is not known is passed over. A packet that is not whole ends the file. */
#include "trace_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    const unsigned char *at, *end;
    bool bad;
} reader;

typedef struct field {
    uint64_t number, value; /* of bytes: how many they are */
    const unsigned char *bytes;
} field;

static uint64_t get_varint(reader *r) {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (r->at >= r->end)
            break;
        unsigned char byte = *r->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    r->bad = true;
    return 0;
}

/* False at the end, and where what is there is no field. */
static bool get_field(reader *r, field *f) {
    if (r->bad || r->at >= r->end)
        return false;
    uint64_t key = get_varint(r), type = key & 7;
    *f = (field){.number = key >> 3};
    f->value = type == 1 ? 8 : type == 5 ? 4 : get_varint(r);
    r->bad = r->bad || type == 3 || type == 4 || type > 5 || (type && f->value > (uint64_t)(r->end - r->at));
    if (r->bad)
        return false;
    if (type) {
        f->bytes = r->at;
        r->at += f->value;
    }
    return true;
}

static reader within(const field *f) {
    return (reader){.at = f->bytes, .end = f->bytes ? f->bytes + f->value : NULL};
}

static bool grow(void **list, size_t *capacity, size_t n, size_t size) {
    if (n <= *capacity)
        return true;
    size_t wanted = *capacity ? 2 * *capacity : 64;
    void *grown = realloc(*list, wanted * size);
    if (!grown)
        return false;
    *list = grown;
    *capacity = wanted;
    return true;
}

/* ---- packets ---- */

static trace_track *find_track(const trace *t, uint64_t uuid) {
    for (size_t i = 0; i < t->n_tracks; i++)
        if (t->tracks[i].uuid == uuid)
            return &t->tracks[i];
    return NULL;
}

static bool take_track(trace *t, const field *packet) {
    trace_track track = {0};
    field f;
    for (reader r = within(packet); get_field(&r, &f);) {
        if (f.number == 1)
            track.uuid = f.value;
        else if (f.number == 5)
            track.parent = f.value;
        else if (f.number == 2 && f.bytes)
            track.name = (const char *)f.bytes, track.name_size = (size_t)f.value;
        track.is_rank = track.is_rank || f.number == 3;
        track.is_worker = track.is_worker || f.number == 4;
    }
    if ((!track.is_rank && !track.is_worker) || !track.name)
        return true;
    if (!grow((void **)&t->tracks, &t->capacity, t->n_tracks + 1, sizeof track))
        return false;
    t->tracks[t->n_tracks++] = track;
    t->n_workers += track.is_worker;
    return true;
}

static uint64_t items_of(const field *annotation) {
    bool is_items = false;
    uint64_t value = 0;
    field f;
    for (reader r = within(annotation); get_field(&r, &f);) {
        is_items = is_items || (f.number == 10 && f.bytes && f.value == 5 && memcmp(f.bytes, "items", 5) == 0);
        value = f.number == 3 ? f.value : value;
    }
    return is_items ? value : 0;
}

static bool end_slice(trace_track *track, uint64_t at_ns) {
    if (!track->begun_ns || at_ns < track->begun_ns)
        return true;
    track->open.begin_s = (double)track->begun_ns * 1e-9;
    track->open.end_s = (double)at_ns * 1e-9;
    track->begun_ns = 0;
    if (!grow((void **)&track->slices, &track->capacity, track->n_slices + 1, sizeof track->open))
        return false;
    track->slices[track->n_slices++] = track->open;
    return true;
}

static bool take_event(trace *t, const field *packet, uint64_t at_ns) {
    uint64_t type = 0, uuid = 0;
    trace_slice slice = {.name = ""};
    field f;
    for (reader r = within(packet); get_field(&r, &f);)
        if (f.number == 9)
            type = f.value;
        else if (f.number == 11)
            uuid = f.value;
        else if (f.number == 23 && f.bytes)
            slice.name = (const char *)f.bytes, slice.name_size = (size_t)f.value;
        else if (f.number == 4)
            slice.items += items_of(&f);
    trace_track *track = type == 1 || type == 2 ? find_track(t, uuid) : NULL;
    if (!track || !track->is_worker)
        return true;
    if (type == 2)
        return end_slice(track, at_ns);
    track->begun_ns = at_ns;
    track->open = slice;
    return true;
}

static bool take_packet(trace *t, const field *packet) {
    uint64_t at_ns = 0;
    bool good = true;
    field f;
    for (reader r = within(packet); good && get_field(&r, &f);)
        if (f.number == 8)
            at_ns = f.value;
        else if (f.number == 60 && f.bytes)
            good = take_track(t, &f);
        else if (f.number == 11 && f.bytes)
            good = take_event(t, &f, at_ns);
    return good;
}

/* ---- the whole ---- */

static int by_begin(const void *a, const void *b) {
    double x = ((const trace_slice *)a)->begin_s, y = ((const trace_slice *)b)->begin_s;
    return (x > y) - (x < y);
}

/* Times from the first slice on. */
static void settle(trace *t) {
    double first = 0, last = 0;
    bool is_any = false;
    for (size_t i = 0; i < t->n_tracks; i++) {
        trace_track *track = &t->tracks[i];
        qsort(track->slices, track->n_slices, sizeof *track->slices, by_begin);
        if (track->n_slices && (!is_any || track->slices[0].begin_s < first))
            first = track->slices[0].begin_s;
        for (size_t k = 0; k < track->n_slices; k++)
            last = track->slices[k].end_s > last ? track->slices[k].end_s : last;
        is_any = is_any || track->n_slices;
    }
    for (size_t i = 0; i < t->n_tracks; i++)
        for (size_t k = 0; k < t->tracks[i].n_slices; k++) {
            t->tracks[i].slices[k].begin_s -= first;
            t->tracks[i].slices[k].end_s -= first;
        }
    t->seconds = last - first;
}

static bool read_bytes(trace *t, const char *name) {
    FILE *file = fopen(name, "re");
    size_t capacity = 0, n = 1;
    while (file && n && grow((void **)&t->bytes, &capacity, t->size + 1, 1)) {
        n = fread(t->bytes + t->size, 1, capacity - t->size, file);
        t->size += n;
    }
    bool is_read = file && feof(file) && !ferror(file);
    int reason = errno;
    if (file)
        fclose(file);
    errno = reason;
    return is_read;
}

bool trace_read(trace *t, const char *file, char *error, size_t error_size) {
    *t = (trace){0};
    field packet;
    bool good = true;
    if (!read_bytes(t, file)) {
        snprintf(error, error_size, "%s cannot be read: %s", file, strerror(errno));
        return false;
    }
    reader r = {.at = t->bytes, .end = t->bytes + t->size};
    while (good && get_field(&r, &packet))
        good = packet.number != 1 || !packet.bytes || take_packet(t, &packet);
    if (!good)
        snprintf(error, error_size, "out of memory for the trace %s", file);
    else if (!t->n_workers)
        snprintf(error, error_size, "%s is no trace that DMAP_TRACE has written", file);
    if (!good || !t->n_workers)
        return false;
    settle(t);
    return true;
}

void trace_free(trace *t) {
    for (size_t i = 0; i < t->n_tracks; i++)
        free(t->tracks[i].slices);
    free(t->tracks);
    free(t->bytes);
}

double trace_busy_s(const trace_track *track, double from_s, double to_s) {
    size_t low = 0, high = track->n_slices;
    double busy_s = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (track->slices[middle].end_s <= from_s)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < track->n_slices && track->slices[low].begin_s < to_s; low++) {
        double begin = track->slices[low].begin_s, end = track->slices[low].end_s;
        busy_s += (end < to_s ? end : to_s) - (begin > from_s ? begin : from_s);
    }
    return busy_s;
}
