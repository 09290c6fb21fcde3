/* Linux's memory files (memfd_create, 3.17), and where a sandbox forbids them a file in /dev/shm that never had a name:
 * it does all that the other does but take seals. Keeps no state.
 *
 * A program's limit on files (ulimit -f) holds for these, too, and the kernel tells of it by a signal that ends the
 * program: so that is held back, and taken away, as the error says the same. One pending before is not ours. */
#include "base/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

typedef struct guard {
    sigset_t limit, before;
    bool was_pending;
} guard;

static void hold(guard *g) {
    sigset_t pending;
    sigemptyset(&g->limit);
    sigaddset(&g->limit, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &g->limit, &g->before);
    g->was_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGXFSZ) == 1;
}

static int let_go(const guard *g, int code) {
    static const struct timespec at_once = {0, 0};
    if (code == EFBIG && !g->was_pending)
        sigtimedwait(&g->limit, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, &g->before, NULL);
    return code;
}

int dmap__memory_file(const char *name, bool *can_seal) {
    int made = memfd_create(name, MFD_CLOEXEC | (can_seal ? MFD_ALLOW_SEALING : 0)), reason = errno;
    if (can_seal)
        *can_seal = made >= 0;
    if (made >= 0 || !dmap__error_is_lack(reason))
        return made;
    made = open("/dev/shm", O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    errno = made < 0 ? reason : errno;
    return made;
}

int dmap__memory_file_reserve(int descriptor, uint64_t from, uint64_t size) {
    guard g;
    hold(&g);
    return let_go(&g, posix_fallocate(descriptor, (off_t)from, (off_t)size));
}

static int append(int descriptor, const char *from, size_t size) {
    while (size) {
        ssize_t put = write(descriptor, from, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? errno : EIO;
        from += put;
        size -= (size_t)put;
    }
    return 0;
}

int dmap__memory_file_append(int descriptor, const void *data, size_t size) {
    guard g;
    hold(&g);
    return let_go(&g, append(descriptor, data, size));
}
