#include "ranges.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void ranges_free(ranges *r) {
    free(r->ranges);
    free(r->shared);
    *r = (ranges){0};
}

static bool add(ranges *r, range one) {
    if (r->count == r->capacity) {
        size_t capacity = 2 * r->capacity + 16;
        range *larger = realloc(r->ranges, capacity * sizeof *larger);
        if (!larger)
            return false;
        r->ranges = larger;
        r->capacity = capacity;
    }
    r->ranges[r->count++] = one;
    return true;
}

/* Returns 0 or an errno. */
static int cut(ranges *r, const char *path, uint64_t block) {
    struct stat s;
    if (stat(path, &s) != 0)
        return errno;
    if (S_ISDIR(s.st_mode))
        return EISDIR;
    if (!S_ISREG(s.st_mode))
        return ESPIPE; /* it cannot be read in pieces */
    for (uint64_t begin = 0, size = (uint64_t)s.st_size; begin < size; begin += block)
        if (!add(r, (range){r->shared_size, begin, size - begin < block ? size : begin + block}))
            return ENOMEM;
    return 0;
}

int ranges_make(ranges *r, char *const *paths, int n_paths, uint64_t block, bool keep_case, char *error, size_t size) {
    size_t bytes = 1;
    for (int i = 0; i < n_paths; i++)
        bytes += strlen(paths[i]) + 1;
    *r = (ranges){.shared = malloc(bytes), .shared_size = 1};
    int code = r->shared ? 0 : ENOMEM;
    if (!code)
        r->shared[0] = keep_case;
    for (int i = 0; i < n_paths && !code; i++) {
        code = cut(r, paths[i], block);
        if (code)
            snprintf(error, size, "%s: %s", paths[i], strerror(code));
        memcpy(r->shared + r->shared_size, paths[i], strlen(paths[i]) + 1);
        r->shared_size += strlen(paths[i]) + 1;
    }
    if (!r->shared)
        snprintf(error, size, "out of memory");
    if (code)
        ranges_free(r);
    return code ? -1 : 0;
}
