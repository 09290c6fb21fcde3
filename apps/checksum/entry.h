/* A file to be hashed, as it travels to whoever reads it. */
#ifndef CHECKSUM_ENTRY_H
#define CHECKSUM_ENTRY_H

#include <stddef.h>

enum { SUM_SIZE = 32 }; /* bytes of a SHA-256 */

typedef enum entry_kind {
    ENTRY_GIVEN = 'g', /* on the command line: whatever it is, links are followed */
    ENTRY_FOUND = 'f', /* by the walk, as a regular file: passed over if it is none any more */
    ENTRY_LISTED = 'l' /* in a list of sums, with its sum */
} entry_kind;

typedef struct entry {
    unsigned char kind;
    unsigned char sum[SUM_SIZE];
    char name[]; /* ended by a 0 */
} entry;

/** Bytes of one whose name has `length` of them. */
static inline size_t entry_size(size_t length) {
    return offsetof(entry, name) + length + 1;
}

/** An entry that grows: where a source makes one after the other. */
typedef struct entry_room {
    entry *entry; /* free() it */
    size_t size;
} entry_room;

/** Makes the entry in the room. Returns 0, or -1 if memory is out. */
int entry_make(entry_room *room, entry_kind kind, const char *name, size_t length);

#endif
