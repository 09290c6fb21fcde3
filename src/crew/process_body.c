/* The body: a head, the argument, then strings, each ended by a zero: name, code, argv, environment. The writer and the
 * reader are copies of one program, so the layout is the compiler's. The argument starts at 64, so that it is aligned
 * as the documentation says. The reader takes no memory from malloc. */
#include "crew/process_body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/memory_file.h"
#include "crew/process_system.h"

#define MAGIC UINT64_C(0x646d617070726f63)

typedef struct head {
    uint64_t magic, argument_size, strings_size;
    uint64_t n_argv, n_environment;
    uint64_t unused[3];
} head;

_Static_assert(sizeof(head) == 64, "the argument is aligned to 64 bytes");

static uint64_t count_strings(const char *const *strings, uint64_t *bytes) {
    uint64_t n = 0;
    for (; strings && strings[n]; n++)
        *bytes += strlen(strings[n]) + 1;
    return n;
}

static char *put_string(char *to, const char *text) {
    return stpcpy(to, text) + 1;
}

static char *put_strings(char *to, const char *const *strings, uint64_t n) {
    for (uint64_t i = 0; i < n; i++)
        to = put_string(to, strings[i]);
    return to;
}

/* Returns 0, or why not. */
static int write_parts(int descriptor, const head *h, const void *argument, const char *strings) {
    int reason = dmap__memory_file_append(descriptor, h, sizeof *h);
    reason = reason ? reason : dmap__memory_file_append(descriptor, argument, (size_t)h->argument_size);
    return reason ? reason : dmap__memory_file_append(descriptor, strings, (size_t)h->strings_size);
}

dmap_status dmap__process_body_write(const dmap_process_options *options, const char *name, const char *code,
                                     const char *const *environment, int *descriptor, dmap__error *error) {
    head h = {.magic = MAGIC, .argument_size = options->argument_size};
    h.strings_size = strlen(name) + 1 + strlen(code) + 1;
    h.n_argv = count_strings(options->argv, &h.strings_size);
    h.n_environment = count_strings(environment, &h.strings_size);
    char *strings = malloc((size_t)h.strings_size);
    if (!strings)
        return dmap__fail_memory(error, h.strings_size, "the environment of a process");
    char *next = put_string(put_string(strings, name), code);
    next = put_strings(next, options->argv, h.n_argv);
    put_strings(next, environment, h.n_environment);
    dmap_status status = DMAP_OK;
    int made = dmap__memory_file("dmap-process", NULL);
    int reason = made < 0 ? errno : write_parts(made, &h, options->argument, strings);
    if (reason)
        status = dmap__fail_system(error, reason, "keep the argument of a process");
    if (status == DMAP_OK)
        *descriptor = made;
    else
        dmap__close_one(&made);
    free(strings);
    return status;
}

/* Points list[0..n) at the strings from text on; returns what follows, or NULL if they do not end before end. */
static char *take_strings(char *text, const char *end, char **list, uint64_t n) {
    for (uint64_t i = 0; i < n; i++) {
        char *zero = text < end ? memchr(text, '\0', (size_t)(end - text)) : NULL;
        if (!zero)
            return NULL;
        list[i] = text;
        text = zero + 1;
    }
    return text;
}

static void *map_all(int descriptor, size_t *size) {
    struct stat info;
    if (fstat(descriptor, &info) || (size_t)info.st_size < sizeof(head))
        return NULL;
    *size = (size_t)info.st_size;
    void *data = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0);
    return data == MAP_FAILED ? NULL : data;
}

static bool is_whole(const head *h, size_t size) {
    size_t rest = size - sizeof *h;
    return h->magic == MAGIC && h->argument_size <= rest && h->strings_size == rest - h->argument_size &&
           h->n_argv <= h->strings_size && h->n_environment <= h->strings_size;
}

/* names, argv and environment have room for as many strings as the head says. */
static bool take_all(char *data, size_t size, char **names, char **argv, char **environment) {
    const head *h = (const head *)(const void *)data;
    char *end = data + size, *next = take_strings(data + sizeof *h + h->argument_size, end, names, 2);
    next = next ? take_strings(next, end, argv, h->n_argv) : NULL;
    return next && take_strings(next, end, environment, h->n_environment) == end;
}

bool dmap__process_body_read(int descriptor, dmap__process_body *body) {
    size_t size;
    char *names[2], *data = map_all(descriptor, &size);
    const head *h = (const head *)(const void *)data;
    if (!data)
        return false;
    bool has_head = is_whole(h, size);
    size_t lists = has_head ? (size_t)(h->n_argv + 1 + h->n_environment + 2) * sizeof(char *) : 0;
    char **argv = lists ? dmap__memory_lasting(lists) : NULL;
    char **environment = argv ? argv + h->n_argv + 1 : NULL;
    if (!argv || !take_all(data, size, names, argv, environment)) {
        if (argv)
            munmap(argv, lists);
        munmap(data, size);
        return false;
    }
    void *argument = h->argument_size ? data + sizeof *h : NULL;
    *body = (dmap__process_body){argument, (size_t)h->argument_size, names[0], names[1], argv, environment};
    return true;
}
