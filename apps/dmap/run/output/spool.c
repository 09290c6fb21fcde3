/* In $TMPDIR, with no name from the start, so that nothing is left of it whatever happens. Bytes are added at the end
 * only; what is dropped becomes a hole, and when nothing is wanted any more the file begins anew. */
#include "run/output/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void run_spool_init(run_spool *spool) {
    *spool = (run_spool){.fd = -1};
}

void run_spool_fini(run_spool *spool) {
    if (spool->fd >= 0)
        close(spool->fd);
    spool->fd = -1;
}

static bool fail(run_spool *spool, const char *what) {
    const char *folder = getenv("TMPDIR");
    if (!spool->error[0])
        snprintf(spool->error, sizeof spool->error, "cannot %s a temporary file in %s for output held back: %s", what,
                 folder && folder[0] ? folder : "/tmp", strerror(errno));
    return false;
}

static bool open_file(run_spool *spool) {
    const char *folder = getenv("TMPDIR");
    char name[4096];
    if (!folder || !folder[0])
        folder = "/tmp";
    spool->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (spool->fd >= 0)
        return true;
    /* Not every file system can make a file without a name. */
    if (snprintf(name, sizeof name, "%s/dmap-XXXXXX", folder) >= (int)sizeof name) {
        errno = ENAMETOOLONG;
        return fail(spool, "make");
    }
    spool->fd = mkostemp(name, O_CLOEXEC);
    if (spool->fd < 0)
        return fail(spool, "make");
    unlink(name);
    return true;
}

bool run_spool_write(run_spool *spool, const void *data, size_t size, uint64_t *offset) {
    if (spool->fd < 0 && !open_file(spool))
        return false;
    const char *next = data;
    for (size_t left = size; left > 0;) {
        ssize_t n = pwrite(spool->fd, next, left, (off_t)(spool->end + (size - left)));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(spool, "write");
        next += n;
        left -= (size_t)n;
    }
    *offset = spool->end;
    spool->end += size;
    spool->in_use += size;
    return true;
}

bool run_spool_read(run_spool *spool, uint64_t offset, void *data, size_t size) {
    for (char *next = data; size > 0;) {
        ssize_t n = pread(spool->fd, next, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(spool, "read");
        next += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return true;
}

void run_spool_drop(run_spool *spool, uint64_t offset, uint64_t size) {
    spool->in_use -= size;
    if (spool->in_use == 0 && ftruncate(spool->fd, 0) == 0)
        spool->end = 0;
    else
        fallocate(spool->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size);
}
