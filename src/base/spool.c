#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void dmap__spool_init(dmap__spool *spool) {
    *spool = (dmap__spool){.descriptor = -1};
}

void dmap__spool_fini(dmap__spool *spool) {
    if (spool->descriptor >= 0)
        close(spool->descriptor);
    dmap__spool_init(spool);
}

/* File systems that know no file without a name get one with a name for a moment. */
static int open_unnamed(const char *folder) {
    int descriptor = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    char path[4096];
    if (descriptor >= 0 || snprintf(path, sizeof path, "%s/dmap-spool-XXXXXX", folder) >= (int)sizeof path)
        return descriptor;
    descriptor = mkostemp(path, O_CLOEXEC);
    if (descriptor >= 0)
        unlink(path);
    return descriptor;
}

static const char *folder_of(void) {
    const char *folder = getenv("TMPDIR");
    return folder && *folder ? folder : "/tmp";
}

static dmap_status fail(dmap__error *error, const char *what) {
    char sentence[4200];
    int reason = errno;
    snprintf(sentence, sizeof sentence, "%s a temporary file in %s, for items that wait", what, folder_of());
    return dmap__fail_system(error, reason, sentence);
}

dmap_status dmap__spool_push(dmap__spool *spool, const void *data, size_t size, dmap__error *error) {
    if (spool->descriptor < 0 && (spool->descriptor = open_unnamed(folder_of())) < 0)
        return fail(error, "make");
    for (size_t at = 0; at < size;) {
        ssize_t n = pwrite(spool->descriptor, (const char *)data + at, size - at, (off_t)(spool->end + at));
        if (n < 0 && errno != EINTR)
            return fail(error, "write to");
        at += n > 0 ? (size_t)n : 0;
    }
    spool->end += size;
    spool->written += size;
    return DMAP_OK;
}

dmap_status dmap__spool_pop(dmap__spool *spool, void *data, size_t size, dmap__error *error) {
    uint64_t begin = spool->end - size;
    for (size_t at = 0; at < size;) {
        ssize_t n = pread(spool->descriptor, (char *)data + at, size - at, (off_t)(begin + at));
        if (n == 0)
            errno = EIO;
        if (n == 0 || (n < 0 && errno != EINTR))
            return fail(error, "read from");
        at += n > 0 ? (size_t)n : 0;
    }
    spool->end = begin;
    if (ftruncate(spool->descriptor, (off_t)begin) < 0)
        return fail(error, "shorten");
    return DMAP_OK;
}
