/* The rank's side of a spawner. */
#include "run/job/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <dmap/process.h>

#include "run/base/text.h"
#include "run/job/exported.h"
#include "run/job/memory_limit.h"
#include "run/job/spawner_child.h"
#include "run/job/suspend.h"

struct run_spawner {
    dmap_process *process;
    spawner_page *page;
    int socket;
    bool lost;
    bool limits_memory;
    run_text strings;
};

static void close_one(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Makes the page and the socket: ends[0] is the rank's. */
static bool connect_ends(run_spawner *s, int *page, int ends[2]) {
    *page = memfd_create("dmap-spawner", MFD_CLOEXEC);
    if (*page < 0 || ftruncate(*page, sizeof *s->page) < 0)
        return false;
    void *shared = mmap(NULL, sizeof *s->page, PROT_READ | PROT_WRITE, MAP_SHARED, *page, 0);
    if (shared == MAP_FAILED)
        return false;
    s->page = shared;
    run_suspend_add(s->page); /* one too many is not stopped with the rank */
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0;
}

run_spawner *run_spawner_open(const spawner_birth *birth, const char *exported, char *error, size_t size) {
    int page = -1, ends[2] = {-1, -1};
    run_spawner *s = calloc(1, sizeof *s);
    if (!s) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    s->socket = -1;
    s->limits_memory = birth->limits_memory != 0;
    bool good = connect_ends(s, &page, ends);
    if (!good)
        snprintf(error, size, "cannot make a socket for a spawner: %s", strerror(errno));
    run_text_add(&s->strings, birth, sizeof *birth);
    run_text_add(&s->strings, exported, run_exported_size(exported));
    if (good && s->strings.broken) {
        snprintf(error, size, "out of memory");
        good = false;
    }
    int fds[2 + SPAWNER_INHERITED] = {ends[1], page};
    memcpy(fds + 2, birth->inherited, (size_t)birth->n_inherited * sizeof *fds);
    dmap_process_options what = {.run = run_spawner_live,
                                 .argument = s->strings.data,
                                 .argument_size = s->strings.size,
                                 .name = "dmap-spawner",
                                 .output = DMAP_FD_NONE,
                                 .error = DMAP_FD_NONE,
                                 .fds = fds,
                                 .n_fds = 2 + birth->n_inherited};
    if (good && (dmap_process_open(&what, &s->process) != DMAP_OK || dmap_process_start(s->process) != DMAP_OK)) {
        snprintf(error, size, "%s", dmap_error(NULL));
        good = false;
    }
    close_one(&page);
    close_one(&ends[1]);
    s->socket = ends[0];
    if (good)
        return s;
    run_spawner_close(s);
    return NULL;
}

void run_spawner_close(run_spawner *s) {
    if (!s)
        return;
    close_one(&s->socket);
    if (dmap_process_pid(s->process) > 0)
        dmap_process_join(s->process, -1);
    /* One that was killed could not see to its job: the command itself has been killed with it, its group is left. */
    if (s->page && s->page->job > 0)
        kill(-s->page->job, SIGKILL);
    if (s->limits_memory && dmap_process_pid(s->process) > 0)
        run_memory_limit_remove("", (pid_t)dmap_process_pid(s->process));
    if (s->page)
        run_suspend_remove(s->page);
    if (s->page)
        munmap(s->page, sizeof *s->page);
    dmap_process_close(s->process);
    run_text_free(&s->strings);
    free(s);
}

int run_spawner_fd(const run_spawner *s) {
    return s->socket;
}

static bool send_all(int socket, struct msghdr *message) {
    while (message->msg_iovlen > 0) {
        ssize_t n = sendmsg(socket, message, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        message->msg_control = NULL;
        message->msg_controllen = 0;
        while (message->msg_iovlen > 0 && (size_t)n >= message->msg_iov->iov_len) {
            n -= (ssize_t)message->msg_iov->iov_len;
            message->msg_iov++;
            message->msg_iovlen--;
        }
        if (message->msg_iovlen > 0) {
            message->msg_iov->iov_base = (char *)message->msg_iov->iov_base + n;
            message->msg_iov->iov_len -= (size_t)n;
        }
    }
    return true;
}

static int gather_strings(run_spawner *s, const run_start *start) {
    int n = 0;
    run_text_clear(&s->strings);
    run_text_add(&s->strings, start->variables, start->variables_size);
    for (; start->args && start->args[n]; n++)
        run_text_add(&s->strings, start->args[n], strlen(start->args[n]) + 1);
    run_text_add(&s->strings, start->command, strlen(start->command) + 1);
    return n;
}

bool run_spawner_start(run_spawner *s, const run_start *start) {
    int fds[3] = {start->output, start->error, start->input}, n_fds = start->input >= 0 ? 3 : 2;
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof fds)];
    } control = {0};
    spawner_request request = {.what = SPAWNER_START,
                               .has_input = start->input >= 0,
                               .seq = start->seq,
                               .n_variables = start->n_variables,
                               .memory = start->memory};
    request.n_args = gather_strings(s, start);
    request.bytes = s->strings.size;
    if (s->strings.broken)
        return false;
    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_RIGHTS;
    control.head.cmsg_len = CMSG_LEN((size_t)n_fds * sizeof(int));
    memcpy(CMSG_DATA(&control.head), fds, (size_t)n_fds * sizeof(int));
    struct iovec parts[2] = {{&request, sizeof request}, {s->strings.data, s->strings.size}};
    struct msghdr message = {.msg_iov = parts,
                             .msg_iovlen = 2,
                             .msg_control = &control,
                             .msg_controllen = CMSG_SPACE((size_t)n_fds * sizeof(int))};
    return send_all(s->socket, &message);
}

bool run_spawner_signal(run_spawner *s, int signal) {
    spawner_request request = {.what = SPAWNER_SIGNAL, .signal = signal};
    struct iovec part = {&request, sizeof request};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return send_all(s->socket, &message);
}

bool run_spawner_take(run_spawner *s, spawner_report *report) {
    ssize_t n;
    do
        n = recv(s->socket, report, sizeof *report, MSG_WAITALL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *report;
}
