/* Slurm tells the end in SLURM_JOB_END_TIME, or is asked for the time left, or, of a squeue that does not know it, for
 * the end. PBS is asked for what is left of the walltime (Torque), or for its length and the job's start. */
#include "proc/allocation.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <dmap/dmap.h>

#include "proc/process.h"

enum { ANSWER_SIZE = 1 << 16, PATIENCE_MS = 5000 };

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
    dmap__error error;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    dmap_process_options what = {.argv = argv, .daemon = true, .output = ends[1], .error = DMAP_FD_NONE};
    bool started =
        dmap__process_open(&what, &child, &error) == DMAP_OK && dmap__process_start(child, &error) == DMAP_OK;
    close(ends[1]);
    bool answered = started && read_all(ends[0], answer, size);
    close(ends[0]);
    if (started && !answered)
        dmap__process_signal(child, SIGKILL, true, &error);
    answered = started && dmap__process_join(child, answered ? 1 : -1, &error) == DMAP_OK && answered &&
               dmap__process_exit_code(child, &code, &error) == DMAP_OK && code == 0;
    if (started && dmap__process_is_alive(child)) {
        dmap__process_signal(child, SIGKILL, true, &error);
        dmap__process_join(child, -1, &error);
    }
    if (child)
        dmap__process_close(child, &error);
    return answered;
}

static double ask_slurm(const char *job, double now) {
    const char *squeue[] = {"squeue", "-h", "-j", job, "-o", "%L", NULL};
    const char *scontrol[] = {"scontrol", "-o", "show", "job", job, NULL};
    char *answer = malloc(ANSWER_SIZE);
    double end = 0;
    bool known = answer && ((ask(squeue, answer, ANSWER_SIZE) && dmap__allocation_read_squeue(answer, now, &end)) ||
                            (ask(scontrol, answer, ANSWER_SIZE) && dmap__allocation_read_scontrol(answer, &end)));
    free(answer);
    return known ? end : 0;
}

static double ask_pbs(const char *job, double now) {
    const char *qstat[] = {"qstat", "-f", job, NULL};
    char *answer = malloc(ANSWER_SIZE);
    double end = 0;
    bool known = answer && ask(qstat, answer, ANSWER_SIZE) && dmap__allocation_read_qstat(answer, now, &end);
    free(answer);
    return known ? end : 0;
}

double dmap_allocation_end(void) {
    double now = (double)time(NULL);
    const char *told = getenv("SLURM_JOB_END_TIME"), *slurm = getenv("SLURM_JOB_ID"), *pbs = getenv("PBS_JOBID");
    uint64_t end;
    if (told && dmap__allocation_read_number(told, UINT32_MAX, &end))
        return (double)end;
    if (slurm)
        return ask_slurm(slurm, now);
    return pbs ? ask_pbs(pbs, now) : 0;
}

double dmap__allocation_left(void) {
    double end = dmap_allocation_end();
    return end > 0 ? end - (double)time(NULL) : INFINITY;
}
