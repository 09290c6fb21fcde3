/* Each hold is a socket that is bound to a name which says what is held. Such names ("abstract") are in no file system,
 * the kernel lists them in /proc/net/unix, and takes them back when the process that has them ends, however it ends. So
 * nothing outlives the run, and what a dead rank held is free. Ranks of a node are taken to have one network namespace;
 * if they have not, each sees its own holds only. */
#include "run/job/node_holds.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const struct timespec while_locked = {.tv_nsec = 200000};

void run_node_holds_open(run_node_holds *holds, uint64_t id) {
    snprintf(holds->prefix, sizeof holds->prefix, "dmap-run-%016" PRIx64 "-", id);
}

/* A socket of the name; -1 with errno, EADDRINUSE if somebody has it. */
__attribute__((format(printf, 2, 3))) static int take_name(const run_node_holds *holds, const char *format, ...) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = sizeof address.sun_path - 1, used = (size_t)snprintf(address.sun_path + 1, size, "%s", holds->prefix);
    va_list arguments;
    va_start(arguments, format);
    used += (size_t)vsnprintf(address.sun_path + 1 + used, size - used, format, arguments);
    va_end(arguments);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + used);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0)
        return fd;
    int why = errno;
    if (fd >= 0)
        close(fd);
    errno = why;
    return -1;
}

int run_node_holds_lock(const run_node_holds *holds) {
    int fd;
    while ((fd = take_name(holds, "lock")) < 0 && errno == EADDRINUSE)
        nanosleep(&while_locked, NULL);
    return fd;
}

int run_node_holds_job(const run_node_holds *holds, uint64_t memory) {
    static atomic_uint number;
    return take_name(holds, "job %" PRIu64 " %ld.%u", memory, (long)getpid(), atomic_fetch_add(&number, 1));
}

int run_node_holds_gpu(const run_node_holds *holds, const char *name) {
    return take_name(holds, "gpu %.*s", RUN_NODE_GPU - 1, name);
}

int run_node_holds_wait(const run_node_holds *holds, uint64_t since) {
    return take_name(holds, "wait %" PRIu64 " %ld", since, (long)getpid());
}

static void note(const char *name, run_node_held *held) {
    uint64_t number;
    if (sscanf(name, "job %" SCNu64, &number) == 1) {
        held->memory += number;
        held->jobs++;
    } else if (sscanf(name, "wait %" SCNu64, &number) == 1) {
        held->waits = held->waits && held->waits < number ? held->waits : number;
    } else if (strncmp(name, "gpu ", 4) == 0 && held->n_gpus < RUN_GPUS) {
        snprintf(held->gpus[held->n_gpus++], RUN_NODE_GPU, "%s", name + 4);
    }
}

bool run_node_holds_look(const run_node_holds *holds, run_node_held *held) {
    char line[512];
    size_t length = strlen(holds->prefix);
    FILE *file = fopen("/proc/net/unix", "re");
    *held = (run_node_held){0};
    while (file && fgets(line, sizeof line, file)) {
        const char *name = strchr(line, '@');
        line[strcspn(line, "\n")] = '\0';
        if (name && strncmp(name + 1, holds->prefix, length) == 0)
            note(name + 1 + length, held);
    }
    if (file)
        fclose(file);
    return file != NULL;
}
