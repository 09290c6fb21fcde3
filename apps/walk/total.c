#include "total.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(total *t, const note *n) {
    t->errors++;
    if (!t->is_silent)
        fprintf(stderr, "walk: %s: %s\n", n->path, strerror((int)n->error));
}

static int add_note(total *t, const note *n) {
    if (n->kind == NOTE_ERROR) {
        say(t, n);
        return 0;
    }
    return finding_note(n->kind == NOTE_LINK ? &t->links : &t->large, n, n->path, NULL);
}

int total_add(total *t, const counts *c, const void *notes, size_t size) {
    t->counts.entries += c->entries;
    t->counts.bytes += c->bytes;
    t->counts.folders += c->folders;
    t->counts.folder_bytes += c->folder_bytes;
    for (size_t at = 0; at < size; at += note_at(notes, at)->size)
        if (add_note(t, note_at(notes, at)) != 0)
            return -1;
    return t->large.size > 1 << 16 ? finding_keep_largest(&t->large, t->most) : 0;
}

/* What is the same thing side by side, its first name by bytes first. */
static int by_inode(const void *a, const void *b) {
    const note *x = *(note *const *)a, *y = *(note *const *)b;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    if (x->inode != y->inode)
        return x->inode < y->inode ? -1 : 1;
    return strcmp(x->path, y->path);
}

/* The notes, in that order: to be freed; NULL if memory is out. */
static const note **sorted(const finding *f, int (*order)(const void *, const void *), size_t *n) {
    *n = 0;
    for (size_t at = 0; at < f->size; at += note_at(f->notes, at)->size)
        ++*n;
    const note **notes = malloc((*n + 1) * sizeof *notes);
    size_t i = 0;
    for (size_t at = 0; notes && at < f->size; at += note_at(f->notes, at)->size)
        notes[i++] = note_at(f->notes, at);
    if (notes)
        qsort(notes, *n, sizeof *notes, order);
    return notes;
}

int total_end(total *t) {
    size_t n;
    const note **links = sorted(&t->links, by_inode, &n);
    int status = links ? 0 : -1;
    for (size_t i = 0; i < n && status == 0; i++) {
        note large = *links[i];
        if (i > 0 && links[i - 1]->device == large.device && links[i - 1]->inode == large.inode)
            continue;
        t->counts.bytes += large.bytes;
        large.kind = NOTE_LARGE;
        if (large.is_file)
            status = finding_note(&t->large, &large, links[i]->path, NULL);
    }
    free(links);
    return status == 0 ? finding_keep_largest(&t->large, t->most) : status;
}

bool total_is_same(const total *a, const total *b) {
    return memcmp(&a->counts, &b->counts, sizeof a->counts) == 0 && a->errors == b->errors;
}

/* Bytes that a terminal may take for more than letters are shown as '?'. */
static void print_path(const char *path) {
    for (; *path; path++)
        putchar((unsigned char)*path < ' ' || *path == 127 ? '?' : *path);
    putchar('\n');
}

void total_print(const total *t) {
    size_t n;
    const note **large = sorted(&t->large, note_by_size, &n);
    printf("entries  %" PRIu64 "\nbytes    %" PRIu64 "\nfolders  %" PRIu64 ", %" PRIu64 " bytes\n", t->counts.entries,
           t->counts.bytes, t->counts.folders, t->counts.folder_bytes);
    for (size_t i = 0; large && i < n; i++) {
        printf("%12" PRIu64 "  ", large[i]->bytes);
        print_path(large[i]->path);
    }
    free(large);
}

void total_free(total *t) {
    free(t->large.notes);
    free(t->links.notes);
}
