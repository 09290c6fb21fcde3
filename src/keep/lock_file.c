/* Taking a lock over: whoever makes FILE.lock.over has the right to replace the lock, and looks once more whether it
 * still is the dead one; so of several that have seen a dead lock one replaces it, and none replaces a live one. */
#include "keep/lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

enum { TRIES = 20 };

/* ---- who ---- */

/* A line of a file of /proc; "-" if there is none. */
static void read_line(const char *path, char *text, size_t size) {
    FILE *file = fopen(path, "re");
    if (!file || !fgets(text, (int)size, file) || !strcspn(text, "\n"))
        snprintf(text, size, "-");
    text[strcspn(text, "\n")] = '\0';
    if (file)
        fclose(file);
}

/* When a process began, in the kernel's ticks: two of one number differ in that. "-": it is gone, or dead and not yet
 * waited for. */
static void read_start(long process, char *text, size_t size) {
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", process);
    read_line(path, line, sizeof line);
    char *at = strrchr(line, ')'); /* the name before it may be anything */
    if (at && strspn(at, ") ZX") > 2)
        at = NULL;
    for (int i = 0; at && i < 20; i++)
        at = strchr(at + 1, ' ');
    snprintf(text, size, "%.*s", at ? (int)strcspn(at + 1, " ") : 1, at ? at + 1 : "-");
}

/* Which run of which kernel, and which of its name spaces of processes. */
static void read_machine(char *text, size_t size) {
    char boot[64], space[64] = "-";
    read_line("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
    ssize_t n = readlink("/proc/self/ns/pid", space, sizeof space - 1);
    space[n > 0 ? n : 1] = '\0';
    snprintf(text, size, "%s/%s", boot, space);
}

static void name_self(char *text, size_t size) {
    static _Atomic unsigned count;
    char host[256] = "", start[32], machine[160];
    gethostname(host, sizeof host - 1);
    read_start((long)getpid(), start, sizeof start);
    read_machine(machine, sizeof machine);
    snprintf(text, size, "%s %ld %s %s %u\n", host[0] ? host : "-", (long)getpid(), start, machine,
             atomic_fetch_add(&count, 1));
}

/* ---- another's lock ---- */

/* Returns false if there is no such file. */
static bool read_lock(const char *path, char *text, size_t size, struct stat *info) {
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return false;
    ssize_t n = read(file, text, size - 1);
    bool there = fstat(file, info) == 0;
    text[n > 0 ? n : 0] = '\0';
    close(file);
    return there;
}

/* Seconds by which `now`, a file made just now on the same file system, is younger: clocks of hosts differ. */
static double age_s(const struct stat *info, const struct stat *now) {
    return (double)(now->st_mtim.tv_sec - info->st_mtim.tv_sec) +
           1e-9 * (double)(now->st_mtim.tv_nsec - info->st_mtim.tv_nsec);
}

static bool is_dead(const char *text, const struct stat *info, const struct stat *now) {
    char host[256], start[32], machine[160], started[32], here[160];
    long process;
    read_machine(here, sizeof here);
    if (sscanf(text, "%255s %ld %31s %159s", host, &process, start, machine) == 4 && !strcmp(machine, here)) {
        read_start(process, started, sizeof started);
        return strcmp(start, started) != 0;
    }
    return age_s(info, now) > DMAP__LOCK_STALE_S;
}

static dmap_status refuse(const char *file, const char *text, const struct stat *info, const struct stat *now,
                          dmap__error *error) {
    char host[256] = "another host";
    long process = 0;
    sscanf(text, "%255s %ld", host, &process);
    return dmap__fail(error, DMAP_EIO,
                      "the journal \"%s\" is in use by process %ld on %s, heard of %.0f s ago: \"%s.lock\" says so (it "
                      "counts for %.0f s)",
                      file, process, host, age_s(info, now) > 0 ? age_s(info, now) : 0, file, DMAP__LOCK_STALE_S);
}

/* ---- taking ---- */

/* Makes the file with our text; some file systems have no links: there it is made in place. Errno says why not. */
static bool make(const char *from, const char *path, const char *text) {
    if (!link(from, path))
        return true;
    if (errno == EEXIST)
        return false;
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0)
        return false;
    bool written = write(file, text, strlen(text)) == (ssize_t)strlen(text);
    return close(file) == 0 && written;
}

/* True if it has become ours. */
static bool take_over(const char *mine, const char *path, const char *dead, const char *text, const struct stat *now) {
    char over[4200], seen[512];
    struct stat info;
    snprintf(over, sizeof over, "%s.over", path);
    if (!make(mine, over, text)) {
        if (read_lock(over, seen, sizeof seen, &info) && is_dead(seen, &info, now))
            unlink(over);
        return false;
    }
    bool is_same = read_lock(path, seen, sizeof seen, &info) && !strcmp(seen, dead);
    bool taken = is_same && !rename(over, path);
    if (!taken)
        unlink(over);
    return taken;
}

/* One try. Returns DMAP_PENDING: something has changed, another try is worth it. */
static dmap_status try_take(const dmap__lock_file *lock, const char *file, const char *mine, const struct stat *now,
                            dmap__error *error) {
    char seen[512];
    struct stat info;
    if (make(mine, lock->path, lock->text))
        return DMAP_OK;
    if (errno != EEXIST)
        return dmap__fail(error, DMAP_EIO, "cannot make \"%s\": %s", lock->path, strerror(errno));
    if (!read_lock(lock->path, seen, sizeof seen, &info))
        return DMAP_PENDING;
    if (!is_dead(seen, &info, now))
        return refuse(file, seen, &info, now, error);
    return take_over(mine, lock->path, seen, lock->text, now) ? DMAP_OK : DMAP_PENDING;
}

static bool write_mine(const char *path, const char *text, struct stat *now) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0)
        return false;
    bool written = write(file, text, strlen(text)) == (ssize_t)strlen(text) && fstat(file, now) == 0;
    int kept = errno;
    close(file);
    errno = kept;
    return written;
}

static dmap_status take(const dmap__lock_file *lock, const char *file, const char *mine, dmap__error *error) {
    struct stat now;
    for (int i = 0; i < TRIES; i++) {
        if (!write_mine(mine, lock->text, &now)) {
            int number = errno;
            char what[4400];
            snprintf(what, sizeof what, "write beside the journal \"%s\"", file);
            return dmap__fail_system(error, number, what);
        }
        dmap_status status = try_take(lock, file, mine, &now, error);
        unlink(mine);
        if (status != DMAP_PENDING)
            return status;
        dmap__clock_sleep(0.01);
    }
    return dmap__fail(error, DMAP_EIO, "the journal \"%s\" is being taken by other processes: try again", file);
}

dmap_status dmap__lock_file_take(dmap__lock_file *lock, const char *file, dmap__error *error) {
    char mine[4200];
    size_t size = strlen(file) + sizeof ".lock";
    if (size > 4096 || !(lock->path = malloc(size)))
        return size > 4096 ? dmap__fail(error, DMAP_EINVAL, "the journal's name is too long")
                           : dmap__fail_memory(error, size, "the name of a lock");
    snprintf(lock->path, size, "%s.lock", file);
    name_self(lock->text, sizeof lock->text);
    snprintf(mine, sizeof mine, "%s.%ld.%08x", lock->path, (long)getpid(),
             (unsigned)(uint64_t)(dmap__clock_now() * 1e6)); /* other hosts have processes of that number */
    dmap_status status = take(lock, file, mine, error);
    if (status != DMAP_OK) {
        free(lock->path);
        lock->path = NULL;
    }
    return status;
}

bool dmap__lock_file_renew(dmap__lock_file *lock) {
    char seen[512];
    struct stat info;
    if (!read_lock(lock->path, seen, sizeof seen, &info) || strcmp(seen, lock->text) != 0)
        return false;
    utimensat(AT_FDCWD, lock->path, NULL, 0);
    return true;
}

void dmap__lock_file_drop(dmap__lock_file *lock) {
    char seen[512];
    struct stat info;
    if (!lock->path)
        return;
    if (read_lock(lock->path, seen, sizeof seen, &info) && !strcmp(seen, lock->text))
        unlink(lock->path);
    free(lock->path);
    lock->path = NULL;
}
