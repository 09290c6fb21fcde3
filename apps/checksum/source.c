#include "source.h"

#include <errno.h>
#include <string.h>

static void say(tally *t, const char *path, const char *what) {
    t->failed = true;
    if (t->prints)
        fprintf(stderr, "checksum: %s: %s\n", path, what);
}

static void complain(void *arg, int error, const char *path) {
    say(arg, path, strerror(error));
}

int source_open_walk(source *s, char *const *paths, int n, tally *t) {
    *s = (source){.walk = walk_begin(paths, (size_t)n, complain, t), .tally = t};
    return s->walk ? 0 : -1;
}

int source_open_list(source *s, const char *path, tally *t) {
    *s = (source){.path = path, .tally = t};
    s->list.file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (!s->list.file)
        complain(t, errno, path);
    tally_begin_list(t);
    return s->list.file ? 0 : -1;
}

bool source_is_stdin(char *const *paths, int n) {
    bool is_stdin = n == 0;
    for (int i = 0; i < n; i++)
        is_stdin = is_stdin || strcmp(paths[i], "-") == 0;
    return is_stdin;
}

int source_next(source *s, const entry **file, size_t *size) {
    return s->walk ? walk_next(s->walk, file, size) : list_next(&s->list, file, size);
}

int source_hash_serially(source *s, tally *t) {
    hasher *h = hasher_create();
    const entry *file;
    size_t size;
    int got = -1;
    while (h && (got = source_next(s, &file, &size)) > 0) {
        const answer *a = hasher_answer(h, file, &size);
        if (!a || tally_add(t, a) != 0)
            break;
    }
    hasher_destroy(h);
    if (got != 0)
        fprintf(stderr, "checksum: out of memory\n");
    return got != 0;
}

void source_close(source *s) {
    walk_end(s->walk);
    if (!s->list.file)
        return;
    if (ferror(s->list.file))
        say(s->tally, s->path, "read error");
    else
        tally_end_list(s->tally, s->path, s->list.files, s->list.malformed);
    if (s->list.file != stdin)
        fclose(s->list.file);
    list_end(&s->list);
}
