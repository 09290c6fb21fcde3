/* Writing messages of Google's protocol buffers (https://protobuf.dev/programming-guides/encoding): fields into memory
 * of fixed size. A message within a message is begun and ended; its size is written over room that was left for it. */
#ifndef DMAP_WATCH_PROTOBUF_H
#define DMAP_WATCH_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DMAP__PROTOBUF_ROOM 1024

typedef struct dmap__protobuf {
    size_t size;
    bool is_full; /* something did not fit: the message is no use */
    unsigned char bytes[DMAP__PROTOBUF_ROOM];
} dmap__protobuf;

void dmap__protobuf_number(dmap__protobuf *p, uint32_t field, uint64_t value);
void dmap__protobuf_double(dmap__protobuf *p, uint32_t field, double value);
/** Text that is too long is cut; no byte of it may be other than UTF-8. */
void dmap__protobuf_text(dmap__protobuf *p, uint32_t field, const char *text);
/** Returns what dmap__protobuf_end needs. */
size_t dmap__protobuf_begin(dmap__protobuf *p, uint32_t field);
void dmap__protobuf_end(dmap__protobuf *p, size_t begun);

#endif
