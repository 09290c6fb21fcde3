#include "tally.h"

#include <inttypes.h>
#include <stdio.h>

/* FNV-1a, 64 bits. */
static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t size) {
    hash = hash ? hash : UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

int tally_add(tally *t, const answer *a) {
    t->hash = hash_bytes(t->hash, a->text, a->out_size);
    t->files += a->verdict == VERDICT_FINE || a->verdict == VERDICT_DIFFERS;
    t->unreadable += a->verdict == VERDICT_UNREADABLE;
    t->differing += a->verdict == VERDICT_DIFFERS;
    t->failed = t->failed || a->verdict == VERDICT_UNREADABLE || a->verdict == VERDICT_DIFFERS;
    if (!t->prints)
        return 0;
    bool written = fwrite(a->text, 1, a->out_size, stdout) == a->out_size;
    if (a->error_size > 0)
        fwrite(a->text + a->out_size, 1, a->error_size, stderr);
    return written ? 0 : -1;
}

bool tally_is_same(const tally *a, const tally *b) {
    return a->files == b->files && a->hash == b->hash && a->failed == b->failed;
}

void tally_begin_list(tally *t) {
    t->unreadable = t->differing = 0;
}

static void warn(uint64_t count, const char *one, const char *several) {
    if (count > 0)
        fprintf(stderr, "checksum: WARNING: %" PRIu64 " %s\n", count, count == 1 ? one : several);
}

void tally_end_list(tally *t, const char *path, uint64_t files, uint64_t malformed) {
    t->failed = t->failed || files == 0;
    if (!t->prints)
        return;
    if (files == 0) {
        fprintf(stderr, "checksum: %s: no properly formatted checksum lines found\n", path);
        return;
    }
    warn(malformed, "line is improperly formatted", "lines are improperly formatted");
    warn(t->unreadable, "listed file could not be read", "listed files could not be read");
    warn(t->differing, "computed checksum did NOT match", "computed checksums did NOT match");
}
