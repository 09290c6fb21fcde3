/* Shared objects. A descriptor is handed on, so all processes have copies of one open file description, and by its
 * locks (F_OFD_SETLK) the kernel keeps count of them: a lock goes when the last copy is closed, or its process dies.
 * Nobody else can know of a process that was given a descriptor and died before it did anything. */
#include "proc/shared_object.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory_file.h"
#include "proc/process_system.h"

#define MAGIC UINT64_C(0x646d617073680002) /* its last digits change with the layout of any body */
#define BODY  ((size_t)4096)               /* where the body begins */

typedef struct head {
    uint64_t magic, kind, size;
} head;

static _Atomic unsigned generation, copies;

static void note_copy(void) {
    atomic_fetch_add(&copies, 1);
}

static void watch_forks(void) {
    pthread_atfork(NULL, NULL, note_copy);
}

unsigned dmap__shared_copies(void) {
    return atomic_load_explicit(&copies, memory_order_relaxed);
}

static const char *name_of(dmap__shared_kind kind) {
    static const char *const names[] = {"", "channel", "lock", "event", "barrier", "counter", "memory"};
    return names[kind];
}

static head *map(int descriptor, size_t size) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    void *at = mmap(NULL, BODY + size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    return at == MAP_FAILED ? NULL : at;
}

static dmap_status fail_system(dmap__shared_kind kind, const char *what, int number, dmap__error *error) {
    char text[64];
    snprintf(text, sizeof text, "%s a %s", what, name_of(kind));
    return dmap__fail_system(error, number, text);
}

/* A file that cannot become shorter cannot become a SIGBUS of all that map it. */
dmap_status dmap__shared_make(dmap__shared_object *object, dmap__shared_kind kind, size_t size, dmap__error *error) {
    bool can_seal;
    if (size > SIZE_MAX / 2 - BODY)
        return dmap__fail_memory(error, size, name_of(kind));
    int made = dmap__memory_file("dmap-shared", &can_seal);
    int reason = made < 0 ? errno : dmap__memory_file_reserve(made, 0, BODY + size);
    head *h = reason ? NULL : map(made, size);
    if (!h) {
        reason = reason ? reason : errno;
        dmap__close_one(&made);
        return reason == ENOSPC ? dmap__fail_memory(error, size, name_of(kind))
                                : fail_system(kind, "make", reason, error);
    }
    if (can_seal)
        fcntl(made, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
    *h = (head){MAGIC, kind, size};
    *object = (dmap__shared_object){(char *)h + BODY, size, made, atomic_load(&generation)};
    return DMAP_OK;
}

static int reopen(int descriptor, int flags) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    return open(path, O_RDWR | O_CLOEXEC | flags);
}

/* What is mapped is another description than the one handed on: a mapping counts as a copy, and goes on to all that
 * this process forks. */
static head *map_apart(int descriptor, size_t size) {
    int apart = reopen(descriptor, 0);
    head *h = map(apart >= 0 ? apart : descriptor, size);
    dmap__close_one(&apart);
    return h;
}

static bool is_fit(const head *h, dmap__shared_kind kind, uint64_t file_size) {
    return h->magic == MAGIC && h->kind == (uint64_t)kind && h->size == file_size - BODY;
}

dmap_status dmap__shared_take(dmap__shared_object *object, dmap__shared_kind kind, int descriptor, dmap__error *error) {
    struct stat info;
    if (fstat(descriptor, &info))
        return dmap__fail(error, DMAP_EINVAL, "descriptor %d is not open", descriptor);
    bool is_file = S_ISREG(info.st_mode) && (uint64_t)info.st_size > BODY;
    head *h = is_file ? map_apart(descriptor, (size_t)info.st_size - BODY) : NULL;
    if (is_file && !h)
        return fail_system(kind, "attach", errno, error);
    if (!h || !is_fit(h, kind, (uint64_t)info.st_size)) {
        if (h)
            munmap(h, (size_t)info.st_size);
        return dmap__fail(error, DMAP_EINVAL, "descriptor %d names no %s", descriptor, name_of(kind));
    }
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    *object =
        (dmap__shared_object){(char *)h + BODY, (size_t)info.st_size - BODY, descriptor, atomic_load(&generation)};
    return DMAP_OK;
}

void dmap__shared_close(dmap__shared_object *object) {
    if (object->body)
        munmap((char *)object->body - BODY, BODY + object->size);
    object->body = NULL;
    dmap__close_one(&object->descriptor);
}

dmap_status dmap__shared_make_handle(void **handle, size_t size, dmap__shared_kind kind, size_t body_size,
                                     dmap__error *error) {
    dmap__shared_object *made = calloc(1, size);
    if (!made)
        return dmap__fail_memory(error, size, name_of(kind));
    dmap_status status = dmap__shared_make(made, kind, body_size, error);
    if (status == DMAP_OK)
        *handle = made;
    else
        free(made);
    return status;
}

dmap_status dmap__shared_take_handle(void **handle, size_t size, dmap__shared_kind kind, int descriptor,
                                     dmap__error *error) {
    dmap__shared_object *made = calloc(1, size);
    if (!made)
        return dmap__fail_memory(error, size, name_of(kind));
    dmap_status status = dmap__shared_take(made, kind, descriptor, error);
    if (status == DMAP_OK)
        *handle = made;
    else
        free(made);
    return status;
}

void dmap__shared_close_handle(void *handle) {
    if (!handle)
        return;
    dmap__shared_close(handle);
    free(handle);
}

int dmap__shared_reopen(const dmap__shared_object *object, int flags) {
    return reopen(object->descriptor, flags);
}

static bool set(int descriptor, int byte, int kind) {
    struct flock lock = {.l_type = (short)kind, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(descriptor, F_OFD_SETLK, &lock) == 0;
}

bool dmap__shared_hold(int descriptor, int byte) {
    return set(descriptor, byte, F_RDLCK);
}

bool dmap__shared_seize(int descriptor, int byte) {
    return set(descriptor, byte, F_WRLCK);
}

void dmap__shared_let_go(int descriptor, int byte) {
    set(descriptor, byte, F_UNLCK);
}

/* If the kernel does not say, it is: a wait that is too long is less bad than an end that is none. */
bool dmap__shared_is_held(int descriptor, int byte) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(descriptor, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

bool dmap__shared_is_own(const dmap__shared_object *object) {
    return object->generation == atomic_load_explicit(&generation, memory_order_relaxed);
}

void dmap__shared_forget(void) {
    atomic_fetch_add(&generation, 1);
}
