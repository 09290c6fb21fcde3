/* Slurm tells the end in SLURM_JOB_END_TIME, or is asked for the time left, or, of a squeue that does not know it, for
 * the end. PBS is asked for what is left of the walltime (Torque), or for its length and the job's start. Whatever
 * cannot be understood counts as not known: then nothing is held back. */
#include "run/control/allocation.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <dmap/process.h>

#include "run/base/parse.h"

enum { ANSWER_SIZE = 1 << 16, PATIENCE_MS = 5000 };

/* "[days-][[hours:]minutes:]seconds". */
static bool read_length(const char *text, size_t size, double *seconds) {
    char copy[64], *at = copy, *part;
    uint64_t number, days = 0, sum = 0;
    snprintf(copy, sizeof copy, "%.*s", (int)size, text);
    char *dash = strchr(copy, '-');
    if (dash) {
        *dash = '\0';
        if (!run_read_number(copy, 100000, &days))
            return false;
        at = dash + 1;
    }
    while ((part = strsep(&at, ":"))) {
        if (!run_read_number(part, 100000000, &number))
            return false;
        sum = sum * 60 + number;
    }
    *seconds = (double)(days * 86400 + sum);
    return true;
}

bool run_allocation_read_squeue(const char *text, double now, double *end) {
    double left;
    text += strspn(text, " \t\n");
    if (!read_length(text, strcspn(text, " \t\n"), &left))
        return false;
    *end = now + left;
    return true;
}

/* Behind the last "key" in the text; NULL if it is not there. */
static const char *find_value(const char *text, const char *key) {
    const char *at = strstr(text, key);
    return at ? at + strlen(key) : NULL;
}

static bool read_date(const char *text, const char *format, double *seconds) {
    struct tm tm = {.tm_isdst = -1};
    if (!text || !strptime(text, format, &tm))
        return false;
    time_t at = mktime(&tm);
    *seconds = (double)at;
    return at > 0;
}

bool run_allocation_read_scontrol(const char *text, double *end) {
    return read_date(find_value(text, " EndTime="), "%Y-%m-%dT%H:%M:%S", end);
}

/* "    Resource_List.walltime = 01:00:00" */
static bool read_walltime(const char *text, const char *key, double *seconds) {
    const char *value = find_value(text, key);
    return value && read_length(value, strcspn(value, " \t\r\n"), seconds);
}

bool run_allocation_read_qstat(const char *text, double now, double *end) {
    double length, start, left;
    if (read_walltime(text, "Walltime.Remaining = ", &left)) {
        *end = now + left;
        return true;
    }
    if (!read_walltime(text, "Resource_List.walltime = ", &length))
        return false;
    const char *started = find_value(text, "\n    stime = ");
    if (!started)
        started = find_value(text, "\n    start_time = ");
    if (read_date(started, "%a %b %d %H:%M:%S %Y", &start)) {
        *end = start + length;
        return true;
    }
    double used;
    if (!read_walltime(text, "resources_used.walltime = ", &used))
        return false;
    *end = now + length - used;
    return true;
}

/* Reads until its end, or until the patience is over. */
static bool read_all(int from, char *answer, size_t size) {
    size_t n = 0;
    struct timespec begun, now;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (;;) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        long waited = (now.tv_sec - begun.tv_sec) * 1000 + (now.tv_nsec - begun.tv_nsec) / 1000000;
        struct pollfd ready = {.fd = from, .events = POLLIN};
        if (waited >= PATIENCE_MS || (poll(&ready, 1, (int)(PATIENCE_MS - waited)) <= 0 && errno != EINTR))
            return false;
        ssize_t got = ready.revents ? read(from, answer + n, size - 1 - n) : -1;
        if (got == 0 || (got > 0 && (n += (size_t)got) == size - 1)) {
            answer[n] = '\0';
            return true;
        }
    }
}

/* Runs the command and takes what it prints. Returns false if it cannot be run, takes too long or fails. */
static bool ask(const char *const *argv, char *answer, size_t size) {
    int ends[2], code = -1;
    dmap_process *child = NULL;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    dmap_process_options what = {.argv = argv, .daemon = true, .output = ends[1], .error = DMAP_FD_NONE};
    bool started = dmap_process_open(&what, &child) == DMAP_OK && dmap_process_start(child) == DMAP_OK;
    close(ends[1]);
    bool answered = started && read_all(ends[0], answer, size);
    close(ends[0]);
    if (started && !answered)
        dmap_process_kill(child);
    answered = started && dmap_process_join(child, answered ? 1 : -1) == DMAP_OK && answered &&
               dmap_process_exit_code(child, &code) == DMAP_OK && code == 0;
    if (started && dmap_process_is_alive(child)) {
        dmap_process_kill(child);
        dmap_process_join(child, -1);
    }
    dmap_process_close(child);
    return answered;
}

static double ask_slurm(const char *job, double now) {
    const char *squeue[] = {"squeue", "-h", "-j", job, "-o", "%L", NULL};
    const char *scontrol[] = {"scontrol", "-o", "show", "job", job, NULL};
    char *answer = malloc(ANSWER_SIZE);
    double end = 0;
    bool known = answer && ((ask(squeue, answer, ANSWER_SIZE) && run_allocation_read_squeue(answer, now, &end)) ||
                            (ask(scontrol, answer, ANSWER_SIZE) && run_allocation_read_scontrol(answer, &end)));
    free(answer);
    return known ? end : 0;
}

static double ask_pbs(const char *job, double now) {
    const char *qstat[] = {"qstat", "-f", job, NULL};
    char *answer = malloc(ANSWER_SIZE);
    double end = 0;
    bool known = answer && ask(qstat, answer, ANSWER_SIZE) && run_allocation_read_qstat(answer, now, &end);
    free(answer);
    return known ? end : 0;
}

double run_allocation_end(double now) {
    const char *told = getenv("SLURM_JOB_END_TIME"), *slurm = getenv("SLURM_JOB_ID"), *pbs = getenv("PBS_JOBID");
    uint64_t end;
    if (told && run_read_number(told, UINT32_MAX, &end))
        return (double)end;
    if (slurm)
        return ask_slurm(slurm, now);
    return pbs ? ask_pbs(pbs, now) : 0;
}
