/* What was found in a folder, as it travels: numbers, then notes on single entries, all in one piece. */
#ifndef WALK_FINDING_H
#define WALK_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct counts {
    uint64_t entries, bytes;        /* names; and the bytes of what has one name only */
    uint64_t folders, folder_bytes; /* of these */
} counts;

typedef enum note_kind {
    NOTE_LARGE, /* one of the largest files of one name */
    NOTE_LINK,  /* what has several names */
    NOTE_ERROR  /* what could not be read */
} note_kind;

typedef struct note {
    uint64_t bytes;
    uint64_t device, inode; /* of NOTE_LINK */
    uint32_t kind;
    uint32_t error; /* of NOTE_ERROR: errno */
    bool is_file;   /* a regular one */
    uint32_t size;  /* of the note, with what follows */
    char path[];    /* ended by a 0, then up to a multiple of 8 */
} note;

/** Notes side by side. Begins as all zeros; free(notes). */
typedef struct finding {
    counts counts;
    unsigned char *notes;
    size_t size, room;
} finding;

/** Writes the path of `name` in the folder, or of the folder if name is NULL, where to is not NULL. Returns its bytes,
 *  with the 0 that ends it. */
size_t path_join(char *to, const char *folder, const char *name);
/** Adds a note on folder/name, or on folder if name is NULL. Returns 0; -1 if memory is out. */
int finding_note(finding *f, const note *head, const char *folder, const char *name);
/** Sorts by size, the largest first, and then by path: for qsort, of pointers to notes. */
int note_by_size(const void *a, const void *b);
/** Leaves out notes of NOTE_LARGE beyond the `most` largest. Returns 0; -1 if memory is out. */
int finding_keep_largest(finding *f, size_t most);

static inline const note *note_at(const void *notes, size_t at) {
    return (const note *)(const void *)((const unsigned char *)notes + at);
}

#endif
