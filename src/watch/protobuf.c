/* Wire types: 0 a varint, 1 eight bytes, 2 a length and so many bytes. The length of a message within is a varint of
 * LENGTH bytes, however short it is: a varint may have leading zeros. */
#include "watch/protobuf.h"

#include <string.h>

#define LENGTH 2 /* enough for 16 KiB */

_Static_assert(DMAP__PROTOBUF_ROOM < 1 << (7 * LENGTH), "a length fits in the room that is left for it");

static void put(dmap__protobuf *p, const void *bytes, size_t n) {
    p->is_full = p->is_full || n > sizeof p->bytes - p->size;
    if (p->is_full || !n)
        return;
    memcpy(p->bytes + p->size, bytes, n);
    p->size += n;
}

static void put_varint(dmap__protobuf *p, uint64_t value) {
    unsigned char bytes[10];
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[n++] = (unsigned char)(value | 0x80);
    bytes[n++] = (unsigned char)value;
    put(p, bytes, n);
}

static void put_key(dmap__protobuf *p, uint32_t field, uint32_t type) {
    put_varint(p, field << 3 | type);
}

void dmap__protobuf_number(dmap__protobuf *p, uint32_t field, uint64_t value) {
    put_key(p, field, 0);
    put_varint(p, value);
}

/* As the machine has it: little-endian, as the format wants it. */
void dmap__protobuf_double(dmap__protobuf *p, uint32_t field, double value) {
    put_key(p, field, 1);
    put(p, &value, sizeof value);
}

void dmap__protobuf_text(dmap__protobuf *p, uint32_t field, const char *text) {
    size_t n = strlen(text);
    put_key(p, field, 2);
    put_varint(p, n);
    put(p, text, n);
}

size_t dmap__protobuf_begin(dmap__protobuf *p, uint32_t field) {
    put_key(p, field, 2);
    put(p, (const unsigned char[LENGTH]){0}, LENGTH);
    return p->size;
}

void dmap__protobuf_end(dmap__protobuf *p, size_t begun) {
    size_t n = p->size - begun;
    if (p->is_full)
        return;
    p->bytes[begun - 2] = (unsigned char)(n | 0x80);
    p->bytes[begun - 1] = (unsigned char)(n >> 7);
}
