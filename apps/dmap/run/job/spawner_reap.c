/* Ending what is left of jobs. Killing a process makes its children ours (a subreaper's), so it is done in rounds,
 * until there are no children. /proc lists them; a process that was born meanwhile is found in the next round. */
#include "run/job/spawner_child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 500, PAUSE_MS = 10 }; /* beyond the grace */

/* Reads a file of /proc, ended by a NUL; returns false if it is not there. */
static bool read_file(const char *path, char *text, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, size - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

unsigned long long spawner_start_of(pid_t pid) {
    char path[64], text[1024];
    unsigned long long start = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    if (!read_file(path, text, sizeof text))
        return 0;
    /* The name may hold anything, blanks too, but ends at the last ')'. Then come 19 fields before the one wanted. */
    char *next = strrchr(text, ')');
    for (int field = 0; next && field < 20; field++)
        next = strchr(next + 1, ' ');
    if (next)
        start = strtoull(next, NULL, 10);
    return start;
}

/* One round: counts the children that are to end, and kills them if asked to. */
static int look_at_children(unsigned long long since, bool and_kill) {
    char path[64], text[16384];
    int count = 0;
    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    if (!read_file(path, text, sizeof text))
        return 0;
    char *next = text, *rest;
    for (long pid = strtol(next, &rest, 10); rest != next; pid = strtol(next = rest, &rest, 10)) {
        if (since && spawner_start_of((pid_t)pid) < since)
            continue;
        if (and_kill)
            kill((pid_t)pid, SIGKILL);
        count++;
    }
    return count;
}

static double seconds_of(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

void spawner_count(spawner_report *report, const struct rusage *usage) {
    uint64_t peak_kib = (uint64_t)usage->ru_maxrss;
    report->user_s += seconds_of(usage->ru_utime);
    report->system_s += seconds_of(usage->ru_stime);
    report->peak_kib = peak_kib > report->peak_kib ? peak_kib : report->peak_kib;
}

/* Returns how many children it reaped. */
static int reap_children(pid_t job, int *status, bool *reaped_job, spawner_report *report) {
    struct rusage usage;
    int end, count = 0;
    for (pid_t pid; (pid = wait4(-1, &end, WNOHANG, &usage)) > 0; count++) {
        spawner_count(report, &usage);
        if (pid == job) {
            *status = end;
            *reaped_job = true;
        }
    }
    return count;
}

bool spawner_end_all(unsigned long long since, int grace_ms, pid_t job, int *status, spawner_report *report) {
    struct timespec pause = {0, PAUSE_MS * 1000000L};
    bool reaped_job = false;
    for (int round = 0; round < ROUNDS + grace_ms / PAUSE_MS; round++) {
        int left = look_at_children(since, round * PAUSE_MS >= grace_ms);
        int reaped = reap_children(job, status, &reaped_job, report);
        if (!left && !reaped)
            break;
        if (!reaped)
            nanosleep(&pause, NULL);
    }
    return reaped_job;
}
