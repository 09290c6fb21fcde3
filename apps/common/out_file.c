/* The bytes go to a file without a name in the folder of `path`: however the program ends, the system removes it. In
 * the end it gets the name `path`.part, and that is renamed to `path`, as only a rename replaces what is there. Where
 * there are no files without a name (NFS), it is `path`.part from the beginning. */
#include "out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct out_file {
    FILE *stream;
    char *path, *part;
    bool direct; /* written to where it is */
    bool named;  /* `part` is ours */
};

static const char descriptors[] = "/proc/self/fd";

/* Returns a descriptor, or -1: also if it could not be given a name later. */
static int open_nameless(const char *path) {
    if (access(descriptors, X_OK) != 0)
        return -1;
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int file = folder ? open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666) : -1;
    free(folder);
    return file;
}

/* Returns a descriptor, or -1 with errno. */
static int open_bytes(out_file *f) {
    struct stat about;
    bool there = stat(f->path, &about) == 0;
    if (there && S_ISDIR(about.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    f->direct = there && !S_ISREG(about.st_mode);
    int file = f->direct ? open(f->path, O_WRONLY | O_CLOEXEC) : open_nameless(f->path);
    if (file < 0 && !f->direct) {
        file = open(f->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        f->named = file >= 0;
    }
    return file;
}

out_file *out_file_open(const char *path) {
    out_file *f = calloc(1, sizeof *f);
    if (!f || !(f->path = strdup(path)) || asprintf(&f->part, "%s.part", path) < 0) {
        if (f)
            free(f->path);
        free(f);
        errno = ENOMEM;
        return NULL;
    }
    int file = open_bytes(f);
    f->stream = file >= 0 ? fdopen(file, "w") : NULL;
    if (f->stream)
        return f;
    int code = errno;
    if (file >= 0)
        close(file);
    out_file_close(f);
    errno = code;
    return NULL;
}

FILE *out_file_stream(const out_file *file) {
    return file->stream;
}

/* Gives the file without a name that of `part`. Returns 0, or -1 with errno. */
static int give_name(out_file *f) {
    char link[64];
    snprintf(link, sizeof link, "%s/%d", descriptors, fileno(f->stream));
    unlink(f->part); /* of a run that was killed where files have names */
    if (linkat(AT_FDCWD, link, AT_FDCWD, f->part, AT_SYMLINK_FOLLOW) != 0)
        return -1;
    f->named = true;
    return 0;
}

int out_file_finish(out_file *file) {
    bool written = fflush(file->stream) == 0 && !ferror(file->stream); /* this may be what meets a full disk */
    if (!written || (!file->direct && !file->named && give_name(file) != 0))
        return -1;
    FILE *stream = file->stream;
    file->stream = NULL;
    if (fclose(stream) != 0 || (file->named && rename(file->part, file->path) != 0))
        return -1;
    file->named = false;
    return 0;
}

void out_file_close(out_file *file) {
    if (!file)
        return;
    if (file->stream)
        fclose(file->stream);
    if (file->named)
        unlink(file->part);
    free(file->part);
    free(file->path);
    free(file);
}
