/* The walk. It keeps, for each directory on the way down, the sorted names that are in it, and no directory open: so
 * its depth is bounded by the longest path only, and its order is that of the names, whatever the file system says
 * first. */
#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct name {
    char *text;
    bool is_directory;
} name;

typedef struct directory {
    name *names; /* sorted */
    size_t n_names, capacity;
    size_t next;
    size_t length; /* of its path, in walk.path, with the slash */
} directory;

struct walk {
    char *const *paths;
    size_t n_paths, next_path;
    void (*complain)(void *arg, int error, const char *path);
    void *arg;
    directory *directories; /* from the top down to where the walk is */
    size_t depth, depth_capacity;
    char *path;
    size_t path_capacity;
    entry_room room;
};

walk *walk_begin(char *const *paths, size_t n_paths, void (*complain)(void *arg, int error, const char *path),
                 void *arg) {
    walk *w = calloc(1, sizeof *w);
    if (w)
        *w = (walk){.paths = paths, .n_paths = n_paths, .complain = complain, .arg = arg};
    return w;
}

/* An array with room for `count` elements and *capacity as large as that: `array`, or what has become of it; NULL if
 * memory is out: `array` is as it was then. */
static void *grow(void *array, size_t *capacity, size_t count, size_t size) {
    if (count <= *capacity)
        return array;
    void *larger = realloc(array, 2 * count * size);
    if (larger)
        *capacity = 2 * count;
    return larger;
}

static bool make_room_for_path(walk *w, size_t size) {
    char *larger = grow(w->path, &w->path_capacity, size, 1);
    if (larger)
        w->path = larger;
    return larger != NULL;
}

static void leave(walk *w) {
    directory *d = &w->directories[--w->depth];
    for (size_t i = 0; i < d->n_names; i++)
        free(d->names[i].text);
    free(d->names);
}

void walk_end(walk *w) {
    if (!w)
        return;
    while (w->depth > 0)
        leave(w);
    free(w->directories);
    free(w->path);
    free(w->room.entry);
    free(w);
}

static int by_text(const void *a, const void *b) {
    return strcmp(((const name *)a)->text, ((const name *)b)->text);
}

/* DT_DIR, DT_REG, or anything else. */
static unsigned char type_of(DIR *stream, const struct dirent *found) {
    struct stat s;
    if (found->d_type != DT_UNKNOWN)
        return found->d_type;
    if (fstatat(dirfd(stream), found->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0)
        return DT_UNKNOWN;
    return S_ISDIR(s.st_mode) ? DT_DIR : S_ISREG(s.st_mode) ? DT_REG : DT_UNKNOWN;
}

static bool keep(directory *d, DIR *stream, const struct dirent *found) {
    unsigned char type = type_of(stream, found);
    if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0 || (type != DT_DIR && type != DT_REG))
        return true;
    name *names = grow(d->names, &d->capacity, d->n_names + 1, sizeof *d->names);
    if (!names)
        return false;
    d->names = names;
    name n = {strdup(found->d_name), type == DT_DIR};
    if (n.text)
        d->names[d->n_names++] = n;
    return n.text != NULL;
}

/* Returns false if memory is out; *error is the errno of what went wrong while reading, or 0. */
static bool read_names(directory *d, DIR *stream, int *error) {
    const struct dirent *found;
    errno = 0;
    while ((found = readdir(stream))) {
        if (!keep(d, stream, found))
            return false;
        errno = 0;
    }
    *error = errno;
    if (d->n_names > 1)
        qsort(d->names, d->n_names, sizeof *d->names, by_text);
    return true;
}

/* Enters the directory at w->path, which has `length` bytes. Returns false if memory is out. */
static bool enter(walk *w, size_t length, int flags) {
    directory *directories = grow(w->directories, &w->depth_capacity, w->depth + 1, sizeof *w->directories);
    if (!directories)
        return false;
    w->directories = directories;
    if (!make_room_for_path(w, length + 2))
        return false;
    int error = 0, file = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
    DIR *stream = file >= 0 ? fdopendir(file) : NULL;
    if (!stream) {
        w->complain(w->arg, errno, w->path);
        if (file >= 0)
            close(file);
        return true;
    }
    directory *d = &w->directories[w->depth++];
    *d = (directory){.length = length};
    bool read = read_names(d, stream, &error);
    closedir(stream);
    if (error)
        w->complain(w->arg, error, w->path);
    if (w->path[length - 1] != '/')
        w->path[d->length++] = '/';
    return read;
}

static int give(walk *w, entry_kind kind, const char *path, size_t length, const entry **file, size_t *size) {
    if (entry_make(&w->room, kind, path, length) != 0)
        return -1;
    *file = w->room.entry;
    *size = entry_size(length);
    return 1;
}

/* Puts text behind the first `begin` bytes of w->path. Returns the whole length, 0 if memory is out. */
static size_t set_path(walk *w, size_t begin, const char *text) {
    size_t length = strlen(text);
    if (!make_room_for_path(w, begin + length + 1))
        return 0;
    memcpy(w->path + begin, text, length + 1);
    return begin + length;
}

int walk_next(walk *w, const entry **file, size_t *size) {
    for (;;) {
        if (w->depth > 0) {
            directory *d = &w->directories[w->depth - 1];
            if (d->next == d->n_names) {
                leave(w);
                continue;
            }
            const name *n = &d->names[d->next++];
            size_t length = set_path(w, d->length, n->text);
            if (!length || (n->is_directory && !enter(w, length, O_NOFOLLOW)))
                return -1;
            if (!n->is_directory)
                return give(w, ENTRY_FOUND, w->path, length, file, size);
        } else if (w->next_path < w->n_paths) {
            const char *path = w->paths[w->next_path++];
            struct stat s;
            if (stat(path, &s) != 0 || !S_ISDIR(s.st_mode)) /* what is wrong with it, its reader will find */
                return give(w, ENTRY_GIVEN, path, strlen(path), file, size);
            if (!set_path(w, 0, path) || !enter(w, strlen(path), 0))
                return -1;
        } else {
            return 0;
        }
    }
}
