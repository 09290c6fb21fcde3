/* Runs a command on a system that does less: some system calls fail, in it and in all that it starts, as older kernels
 * and the filters of sandboxes (seccomp) have it.
 * usage: forbid ENOSYS|EPERM CALL... -- COMMAND... */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ANY UINT32_MAX

static const struct call {
    const char *name;
    uint32_t number, first; /* first: only with this first argument */
} calls[] = {
    {"pidfd_open", SYS_pidfd_open, ANY},
    {"pidfd_send_signal", SYS_pidfd_send_signal, ANY},
    {"waitid_pidfd", SYS_waitid, 3}, /* P_PIDFD */
    {"close_range", SYS_close_range, ANY},
    {"memfd_create", SYS_memfd_create, ANY},
    {"process_vm_readv", SYS_process_vm_readv, ANY},
    {"process_vm_writev", SYS_process_vm_writev, ANY},
    {"sched_setattr", SYS_sched_setattr, ANY},
    {"sched_getattr", SYS_sched_getattr, ANY},
    {"sched_setaffinity", SYS_sched_setaffinity, ANY},
    {"getrandom", SYS_getrandom, ANY},
    {"clone3", SYS_clone3, ANY},
};
enum { N_CALLS = sizeof calls / sizeof *calls, MOST = 4 * N_CALLS + 8 };

static struct sock_filter filter[MOST];
static unsigned short length;

static void add(uint16_t code, uint32_t value, uint8_t yes, uint8_t no) {
    filter[length++] = (struct sock_filter){code, yes, no, value};
}

static void add_call(const struct call *call, uint32_t reason) {
    bool any = call->first == ANY;
    add(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
    add(BPF_JMP | BPF_JEQ | BPF_K, call->number, 0, any ? 1 : 3);
    if (!any) {
        add(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args), 0, 0);
        add(BPF_JMP | BPF_JEQ | BPF_K, call->first, 0, 1);
    }
    add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | reason, 0, 0);
}

static int find(const char *name) {
    for (int i = 0; i < N_CALLS; i++)
        if (!strcmp(calls[i].name, name))
            return i;
    return -1;
}

int main(int argc, char **argv) {
    int i = 2;
    uint32_t reason = argc > 1 && !strcmp(argv[1], "EPERM") ? EPERM : ENOSYS;
    for (; i < argc && strcmp(argv[i], "--") && find(argv[i]) >= 0 && length + 8 < MOST; i++)
        add_call(&calls[find(argv[i])], reason);
    if (i + 1 >= argc || strcmp(argv[i], "--")) {
        fprintf(stderr, "usage: forbid ENOSYS|EPERM CALL... -- COMMAND...\n");
        return 2;
    }
    add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    struct sock_fprog program = {length, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
        perror("forbid");
        return 77;
    }
    execvp(argv[i + 1], argv + i + 1);
    perror(argv[i + 1]);
    return 2;
}
