/* The processes of a run, seen from the master. A worker's process is a grandchild of its rank (or a child, if it was
 * forked by it), and ranks of one launcher are siblings: nothing of another run is ever looked at or killed. */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "crash.h"
#include "crew/shm_channel.h"
#include "proc/process_system.h"

static bool read_stat(int pid, char *name, char *state, int *parent) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[n] = '\0';
    char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close || sscanf(close, ") %c %d", state, parent) != 2)
        return false;
    snprintf(name, 32, "%.*s", (int)(close - open - 1), open + 1);
    return true;
}

/* True if it is this process, or one of its siblings. */
static bool is_rank(int pid) {
    char name[32], state;
    int parent;
    bool has_siblings = getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMI_SIZE");
    return pid == (int)getpid() || (has_siblings && read_stat(pid, name, &state, &parent) && parent == (int)getppid());
}

static bool is_worker(int pid, char *state) {
    char name[32], servers[32], other;
    int parent, above;
    if (!read_stat(pid, name, state, &parent) || strncmp(name, "dmap worker", 11))
        return false;
    if (read_stat(parent, servers, &other, &above) && !strcmp(servers, "dmap-forkserver"))
        return is_rank(above);
    return is_rank(parent);
}

static int look(int *pids, int most, bool zombies_only) {
    int n = 0;
    DIR *all = opendir("/proc");
    for (struct dirent *entry; all && n < most && (entry = readdir(all));) {
        int pid = (int)strtol(entry->d_name, NULL, 10);
        char state;
        if (pid > 0 && is_worker(pid, &state) && (!zombies_only || state == 'Z'))
            pids[n++] = pid;
    }
    if (all)
        closedir(all);
    return n;
}

int look_workers(int *pids, int most) {
    return look(pids, most, false);
}

static void doze(double seconds) {
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

bool look_no_zombies(void) {
    int pids[64];
    double end = now_s() + 60;
    while (look(pids, 64, true)) {
        if (now_s() > end)
            return false;
        doze(0.01);
    }
    return true;
}

int look_descriptors(void) {
    int n = -1; /* the directory's own */
    DIR *all = opendir("/proc/self/fd");
    for (struct dirent *entry; all && (entry = readdir(all));)
        n += entry->d_name[0] != '.';
    if (all)
        closedir(all);
    return n;
}

/* ---- the killer ---- */

#define UNBEGUN_MOST 2 /* with one that had begun before, as many as a batch puts up with: then it ends the call */

struct killer {
    pthread_t thread;
    uint64_t random;
    int wanted, killed, unbegun;
    _Atomic bool stop;
};

static bool has_begun(int pid, uintptr_t channel) {
    dmap__shm_channel_head head;
    struct iovec here = {&head, sizeof head}, there = {(void *)channel, sizeof head}; /* NOLINT */
    uint32_t phase;
    return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof head &&
           (atomic_load(&head.answer) || (phase = atomic_load(&head.phase)) == DMAP__PHASE_ITEM ||
            phase == DMAP__PHASE_BATCH);
}

/* True if it has ended an item, or is at one. A process that was forked by its rank has the channels of others, too. */
static bool is_begun(int pid) {
    char path[64], line[512];
    bool begun = true;
    int channels = 0;
    unsigned long from;
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    FILE *maps = fopen(path, "r");
    while (maps && begun && fgets(line, sizeof line, maps))
        if (strstr(line, "memfd:" DMAP__SHM_CHANNEL_NAME) && sscanf(line, "%lx-", &from) == 1 && ++channels)
            begun = has_begun(pid, from);
    if (maps)
        fclose(maps);
    return begun && channels;
}

/* The process is looked at again once its pidfd is held: its number may have become another's. */
static void kill_one(killer *k, int pid) {
    char state;
    int pidfd = dmap__pidfd_open(pid), unbegun = !is_begun(pid);
    bool killed = pidfd >= 0 && is_worker(pid, &state) && k->unbegun + unbegun <= UNBEGUN_MOST &&
                  dmap__pidfd_signal(pidfd, SIGKILL) == 0;
    dmap__close_one(&pidfd);
    k->killed += killed;
    k->unbegun += killed && unbegun;
}

static void *kill_some(void *arg) {
    killer *k = arg;
    int pids[64];
    while (!atomic_load(&k->stop) && k->killed < k->wanted) {
        int n = look_workers(pids, 64);
        if (n)
            kill_one(k, pids[draw_below(&k->random, (uint64_t)n)]);
        doze((double)draw_below(&k->random, 20000) * 1e-6);
    }
    return NULL;
}

killer *killer_start(uint64_t seed, int wanted) {
    killer *k = calloc(1, sizeof *k);
    if (!k)
        return NULL;
    k->random = seed;
    k->wanted = wanted;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&k->thread, NULL, kill_some, k);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failed)
        return k;
    free(k);
    return NULL;
}

int killer_stop(killer *k) {
    if (!k)
        return 0;
    atomic_store(&k->stop, true);
    pthread_join(k->thread, NULL);
    int killed = k->killed;
    free(k);
    return killed;
}

struct dmap__shm_channel_head *look_channel(void) {
    char line[512];
    unsigned long from = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps))
        if (strstr(line, "memfd:" DMAP__SHM_CHANNEL_NAME) && sscanf(line, "%lx-", &from) == 1)
            break;
    if (maps)
        fclose(maps);
    return (struct dmap__shm_channel_head *)from; /* NOLINT */
}
