/* Noted once, then only read. */
#include "run/job/inherited.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MOST_FILES = 65536 }; /* enough for the largest -j */

static char **environment; /* NULL: it is not known, then nothing is undone */
static int fds[SPAWNER_INHERITED], n_fds;
static uint64_t soft_files;
static const char *changed; /* a variable that jobs are to have otherwise */

/* As exec had it: libraries that were loaded since may have added theirs. */
static char *read_environment(size_t *size) {
    size_t room = 1 << 16;
    int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
    char *text = fd >= 0 ? malloc(room) : NULL;
    *size = 0;
    for (ssize_t n; text && (n = read(fd, text + *size, room - *size)) > 0;) {
        *size += (size_t)n;
        char *more = *size == room ? realloc(text, room *= 2) : text;
        if (!more)
            free(text);
        text = more;
    }
    if (fd >= 0)
        close(fd);
    return text;
}

static void note_environment(void) {
    size_t size, count = 0;
    char *text = read_environment(&size);
    for (size_t i = 0; text && i < size; i++)
        count += text[i] == '\0';
    environment = text ? calloc(count + 1, sizeof *environment) : NULL;
    for (size_t i = 0; environment && i < count; i++) {
        environment[i] = text;
        text += strlen(text) + 1;
    }
}

static void note_descriptors(void) {
    DIR *folder = opendir("/proc/self/fd");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        int fd = atoi(entry->d_name), flags = fd > STDERR_FILENO && fd != dirfd(folder) ? fcntl(fd, F_GETFD) : -1;
        if (flags >= 0 && !(flags & FD_CLOEXEC) && n_fds < SPAWNER_INHERITED)
            fds[n_fds++] = fd;
    }
    if (folder)
        closedir(folder);
}

static void raise_limit(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= MOST_FILES)
        return;
    soft_files = files.rlim_cur;
    files.rlim_cur = files.rlim_max < MOST_FILES ? files.rlim_max : MOST_FILES;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        soft_files = 0;
}

void run_inherited_note(void) {
    note_descriptors();
    note_environment();
    raise_limit();
}

void run_inherited_change(const char *name, const char *value) {
    setenv(name, value, 1);
    changed = name;
}

static bool is_changed(const char *variable) {
    size_t size = changed ? strlen(changed) : 0;
    return changed && strncmp(variable, changed, size) == 0 && variable[size] == '=';
}

/* What a variable was; NULL: it was not there. */
static const char *find(const char *variable) {
    size_t size = strcspn(variable, "=");
    for (char **old = environment; *old; old++)
        if (strncmp(*old, variable, size) == 0 && (*old)[size] == '=')
            return *old;
    return NULL;
}

bool run_inherited_has(const char *name) {
    size_t size = strlen(name);
    for (char **old = environment; old && *old; old++)
        if (strncmp(*old, name, size) == 0 && (*old)[size] == '=')
            return (*old)[size + 1] != '\0';
    return false;
}

char *const *run_inherited_variables(void) {
    return environment ? environment : environ;
}

/* The number of threads that dmap's crew sets for its workers is right for jobs, too, as each is bound as they are; of
 * its six variables one will do, as the others' libraries follow it. Who does not want jobs bound sets it himself. */
static bool may_stay(const char *variable) {
    const char *bind = getenv("DMAP_BIND");
    return strncmp(variable, "OMP_NUM_THREADS=", 16) == 0 && (!bind || strcmp(bind, "none") != 0);
}

/* What a launcher that has loaded MPI hands on to its ranks. */
static bool is_launchers(const char *variable) {
    return getenv("OMPI_COMM_WORLD_SIZE") &&
           (strcmp(variable, "HFI_NO_BACKTRACE=1") == 0 || strcmp(variable, "IPATH_NO_BACKTRACE=1") == 0);
}

void run_inherited_describe(spawner_birth *birth) {
    size_t used = 0;
    memcpy(birth->inherited, fds, sizeof fds);
    birth->n_inherited = n_fds;
    birth->soft_files = soft_files;
    for (char **now = environ; environment && *now; now++) {
        const char *old = is_launchers(*now) ? NULL : find(*now), *entry = old ? old : *now;
        size_t size = old ? strlen(old) : strcspn(*now, "=");
        if (is_changed(*now) || (old && strcmp(old, *now) == 0) || (!old && may_stay(*now)) ||
            used + size + 2 > sizeof birth->undo)
            continue;
        memcpy(birth->undo + used, entry, size);
        birth->undo[used + size] = '\0';
        used += size + 1;
    }
    birth->undo[used] = '\0';
}
