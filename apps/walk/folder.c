#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder that is looked into. */
typedef struct look {
    const char *path;
    finding *found;
    folder_left_fn *left;
    void *arg;
    char *part; /* the path and names that were read and not looked at, as an item */
    size_t size, room, n_names;
} look;

static int note_error(finding *found, int error, const char *folder, const char *name) {
    note n = {.kind = NOTE_ERROR, .error = (uint32_t)error};
    return finding_note(found, &n, folder, name);
}

/* Counts an entry. What has several names counts once, however often it is met: so it is noted, and counted at the
 * end. */
static int count(finding *found, const struct stat *s, const char *folder, const char *name) {
    note n = {.bytes = (uint64_t)s->st_size, .is_file = S_ISREG(s->st_mode)};
    counts *c = &found->counts;
    if (!S_ISDIR(s->st_mode) && s->st_nlink > 1) {
        n.kind = NOTE_LINK;
        n.device = s->st_dev;
        n.inode = s->st_ino;
        return finding_note(found, &n, folder, name);
    }
    c->bytes += n.bytes;
    if (S_ISDIR(s->st_mode)) {
        c->folders++;
        c->folder_bytes += n.bytes;
    }
    n.kind = NOTE_LARGE;
    return n.is_file ? finding_note(found, &n, folder, name) : 0;
}

static int hand_on(look *l, const char *name) {
    size_t size = path_join(NULL, l->path, name);
    char *path = malloc(size);
    if (!path)
        return -1;
    path_join(path, l->path, name);
    int status = l->left(l->arg, path, size);
    free(path);
    return status;
}

static int look_at(look *l, int folder, const char *name) {
    struct stat s;
    l->found->counts.entries++;
    if (fstatat(folder, name, &s, AT_SYMLINK_NOFOLLOW) != 0)
        return note_error(l->found, errno, l->path, name);
    if (count(l->found, &s, l->path, name) != 0)
        return -1;
    return S_ISDIR(s.st_mode) ? hand_on(l, name) : 0;
}

static int look_at_names(look *l, int folder, const char *names, size_t size) {
    for (size_t at = 0; at < size; at += strlen(names + at) + 1)
        if (look_at(l, folder, names + at) != 0)
            return -1;
    return 0;
}

static int append(look *l, const char *text) {
    size_t size = strlen(text) + 1;
    if (l->size + size > l->room) {
        char *wider = realloc(l->part, 2 * (l->size + size));
        if (!wider)
            return -1;
        l->part = wider;
        l->room = 2 * (l->size + size);
    }
    memcpy(l->part + l->size, text, size);
    l->size += size;
    return 0;
}

/* Another name. When there are many, they go to whoever has time. */
static int add_name(look *l, const char *name) {
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    if (l->n_names == FOLDER_NAMES) {
        if (l->left(l->arg, l->part, l->size) != 0)
            return -1;
        l->n_names = 0;
        l->size = strlen(l->path) + 1;
    }
    l->n_names++;
    return append(l, name);
}

static int read_names(look *l, DIR *stream) {
    const struct dirent *name;
    if (append(l, l->path) != 0)
        return -1;
    for (errno = 0; (name = readdir(stream)); errno = 0)
        if (add_name(l, name->d_name) != 0)
            return -1;
    if (errno && note_error(l->found, errno, l->path, NULL) != 0)
        return -1;
    size_t path_size = strlen(l->path) + 1;
    return look_at_names(l, dirfd(stream), l->part + path_size, l->size - path_size);
}

int folder_look(const char *item, size_t size, size_t most, finding *found, folder_left_fn *left, void *arg) {
    look l = {.path = item, .found = found, .left = left, .arg = arg};
    size_t path_size = strlen(item) + 1;
    int folder = open(item, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *stream = folder >= 0 ? fdopendir(folder) : NULL;
    int status;
    if (!stream)
        status = note_error(found, errno, item, NULL);
    else if (size > path_size)
        status = look_at_names(&l, folder, item + path_size, size - path_size);
    else
        status = read_names(&l, stream);
    if (stream)
        closedir(stream);
    else if (folder >= 0)
        close(folder);
    free(l.part);
    return status == 0 ? finding_keep_largest(found, most) : status;
}

int folder_begin(const char *path, finding *found, folder_left_fn *left, void *arg) {
    struct stat s;
    if (lstat(path, &s) != 0)
        return note_error(found, errno, path, NULL);
    found->counts.entries++;
    if (count(found, &s, path, NULL) != 0)
        return -1;
    return S_ISDIR(s.st_mode) ? left(arg, path, strlen(path) + 1) : 0;
}
