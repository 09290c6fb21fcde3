/* The trace: a file of Perfetto's format, read back here by the rules of protocol buffers alone; tests/cli/trace has it
 * read by protoc. However much is told, it is bounded, and no item is lost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "watch/protobuf.h"
#include "watch/trace.h"

typedef struct reader {
    const unsigned char *at, *end;
} reader;

typedef struct field {
    uint64_t number, value; /* a varint; of bytes, how many they are */
    const unsigned char *bytes;
} field;

static uint64_t get_varint(reader *r) {
    uint64_t value = 0;
    for (int shift = 0; r->at < r->end && shift < 64; shift += 7) {
        unsigned char byte = *r->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    return value;
}

static bool get_field(reader *r, field *f) {
    if (r->at >= r->end)
        return false;
    uint64_t key = get_varint(r);
    *f = (field){.number = key >> 3};
    if ((key & 7) == 1)
        f->value = 8;
    else
        f->value = get_varint(r);
    CU_ASSERT_FATAL((key & 7) <= 2 && (!(key & 7) || f->value <= (uint64_t)(r->end - r->at)));
    if (key & 7) {
        f->bytes = r->at;
        r->at += f->value;
    }
    return true;
}

static reader within(const field *f) {
    return (reader){f->bytes, f->bytes + f->value};
}

/* ---- messages ---- */

static void test_protobuf(void) {
    dmap__protobuf p = {0};
    uint64_t number = unit_random() >> unit_below(64);
    double value = (double)unit_random(), got;
    field outer, f;
    size_t begun = dmap__protobuf_begin(&p, 900);
    dmap__protobuf_number(&p, 1, number);
    dmap__protobuf_end(&p, dmap__protobuf_begin(&p, 16));
    dmap__protobuf_double(&p, 44, value);
    dmap__protobuf_text(&p, 23, "text");
    dmap__protobuf_end(&p, begun);
    reader r = {p.bytes, p.bytes + p.size};
    CU_ASSERT(get_field(&r, &outer) && outer.number == 900 && r.at == r.end);
    r = within(&outer);
    CU_ASSERT(get_field(&r, &f) && f.number == 1 && f.value == number);
    CU_ASSERT(get_field(&r, &f) && f.number == 16 && f.value == 0);
    CU_ASSERT_FATAL(get_field(&r, &f) && f.number == 44);
    memcpy(&got, f.bytes, sizeof got);
    CU_ASSERT(got == value);
    CU_ASSERT(get_field(&r, &f) && f.number == 23 && f.value == 4 && !memcmp(f.bytes, "text", 4));
    CU_ASSERT(!get_field(&r, &f) && !p.is_full);
    for (int i = 0; i < 1000; i++)
        dmap__protobuf_text(&p, 1, "more than fits");
    CU_ASSERT(p.is_full && p.size <= sizeof p.bytes);
}

/* ---- a file ---- */

static const dmap__metrics_rank ranks[] = {{.host = "a host", .workers = 1}, {.host = "another", .workers = 2}};

/* What the slices of workers say: how many there are, and items. */
static void count_slices(reader file, uint64_t *slices, uint64_t *items) {
    field packet, event, f, note;
    while (get_field(&file, &packet)) {
        CU_ASSERT_EQUAL_FATAL(packet.number, 1);
        for (reader r = within(&packet); get_field(&r, &event);) {
            uint64_t type = 0, said = 0;
            if (event.number != 11)
                continue;
            for (reader e = within(&event); get_field(&e, &f);) {
                type = f.number == 9 ? f.value : type;
                bool is_items = false;
                for (reader n = within(&f); f.number == 4 && get_field(&n, &note);) {
                    is_items = is_items || (note.number == 10 && note.value == 5 && !memcmp(note.bytes, "items", 5));
                    said = note.number == 3 && is_items ? note.value : said;
                }
            }
            *slices += type == 1;
            *items += said;
        }
    }
}

static reader read_file(const char *name, unsigned char **bytes) {
    FILE *file = fopen(name, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    *bytes = malloc(size);
    CU_ASSERT_FATAL(*bytes && fread(*bytes, 1, size, file) == size);
    fclose(file);
    return (reader){*bytes, *bytes + size};
}

static void trace_events(const char *name, uint64_t bytes, uint64_t n) {
    dmap__error error;
    dmap__trace_config config = {.file = name, .bytes = bytes, .n_ranks = 2, .ranks = ranks};
    dmap__trace *trace = dmap__trace_open(&config, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(trace);
    dmap__trace_call(trace, 1, "a task", 1);
    for (uint64_t i = 0; i < n; i++) {
        dmap__event event = {.begin = i, .end = i + 1, .items = 1, .worker = (int32_t)(i % 2), .attempt = 1};
        event.began_s = 1 + 1e-3 * (double)i;
        event.ended_s = event.began_s + 1.5e-3;
        dmap__trace_event(trace, 1, "a task", &event, 0);
    }
    dmap__trace_call_end(trace, 1, "50%: \xff \"why\"", 1 + 1e-3 * (double)n);
    dmap__trace_close(trace);
}

static void test_bounded(void) {
    enum { EVENTS = 60000, BYTES = 1 << 20 };
    char name[] = "/tmp/dmap-trace-XXXXXX";
    unsigned char *bytes;
    int file = mkstemp(name);
    CU_ASSERT_FATAL(file >= 0);
    close(file);
    for (int is_bounded = 0; is_bounded < 2; is_bounded++) {
        uint64_t slices = 0, items = 0;
        trace_events(name, is_bounded ? BYTES : 0, EVENTS);
        reader all = read_file(name, &bytes);
        count_slices(all, &slices, &items);
        CU_ASSERT_EQUAL(items, EVENTS);
        CU_ASSERT(is_bounded ? slices < EVENTS / 2 : slices == EVENTS + 1);
        CU_ASSERT((all.end - all.at < 2 * BYTES) == is_bounded);
        free(bytes);
    }
    unlink(name);
}

/* A disk that is full ends the trace, nothing else. */
static void test_full(void) {
    if (access("/dev/full", W_OK) == 0)
        trace_events("/dev/full", 0, 1000);
    dmap__error error;
    dmap__trace_config config = {.file = "/no/such/file", .n_ranks = 2, .ranks = ranks};
    CU_ASSERT(!dmap__trace_open(&config, &error) && error.status == DMAP_EIO);
}

int main(void) {
    CU_TestInfo tests[] = {
        {"protobuf", test_protobuf}, {"bounded", test_bounded}, {"full disk", test_full}, CU_TEST_INFO_NULL};
    return unit_run("trace", tests);
}
