#include "finding.h"

#include <stdlib.h>
#include <string.h>

static bool has_room(finding *f, size_t more) {
    if (f->size + more <= f->room)
        return true;
    unsigned char *wider = realloc(f->notes, 2 * (f->size + more));
    if (!wider)
        return false;
    f->notes = wider;
    f->room = 2 * (f->size + more);
    return true;
}

size_t path_join(char *to, const char *folder, const char *name) {
    size_t length = strlen(folder), size = name ? strlen(name) + 1 : 1;
    bool has_slash = name && (length == 0 || folder[length - 1] != '/');
    if (!to)
        return length + has_slash + size;
    memcpy(to, folder, length);
    if (has_slash)
        to[length] = '/';
    memcpy(to + length + has_slash, name ? name : "", size);
    return length + has_slash + size;
}

int finding_note(finding *f, const note *head, const char *folder, const char *name) {
    size_t path = path_join(NULL, folder, name), size = (sizeof *head + path + 7) / 8 * 8;
    if (!has_room(f, size))
        return -1;
    note *n = (note *)(void *)(f->notes + f->size);
    memset(n, 0, size);
    *n = *head;
    n->size = (uint32_t)size;
    path_join(n->path, folder, name);
    f->size += size;
    return 0;
}

int note_by_size(const void *a, const void *b) {
    const note *x = *(note *const *)a, *y = *(note *const *)b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return strcmp(x->path, y->path);
}

int finding_keep_largest(finding *f, size_t most) {
    size_t n = 0, kept = 0;
    for (size_t at = 0; at < f->size; at += note_at(f->notes, at)->size)
        n += note_at(f->notes, at)->kind == NOTE_LARGE;
    if (n <= most)
        return 0;
    const note **large = malloc(n * sizeof *large);
    unsigned char *notes = malloc(f->size);
    if (!large || !notes) {
        free(large);
        free(notes);
        return -1;
    }
    n = 0;
    for (size_t at = 0; at < f->size; at += note_at(f->notes, at)->size) {
        const note *x = note_at(f->notes, at);
        if (x->kind == NOTE_LARGE) {
            large[n++] = x;
            continue;
        }
        memcpy(notes + kept, x, x->size);
        kept += x->size;
    }
    qsort(large, n, sizeof *large, note_by_size);
    for (size_t i = 0; i < most; i++) {
        memcpy(notes + kept, large[i], large[i]->size);
        kept += large[i]->size;
    }
    free(large);
    free(f->notes);
    f->notes = notes;
    f->room = f->size;
    f->size = kept;
    return 0;
}
