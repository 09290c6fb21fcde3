/* A file that is to be added to is looked at first: it must begin as such a log does. What a run that was killed left
 * of a line at its end is looked for from there backwards. */
#include "run/log/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/log/log_file.h"

enum { BLOCK = 4096 };

static const char header[] =
    "Seq\tHost\tStarttime\tJobRuntime\tUserTime\tSystemTime\tPeakKiB\tExitval\tSignal\tCommand\n";

struct run_usage {
    run_log_file file;
    uint64_t peak_kib, peak_seq;
};

/* Bytes up to the end of the last whole line. */
static off_t find_whole(int fd, off_t end) {
    char block[BLOCK];
    while (end > 0) {
        off_t begin = end > BLOCK ? end - BLOCK : 0;
        ssize_t n = pread(fd, block, (size_t)(end - begin), begin);
        const char *newline = n > 0 ? memrchr(block, '\n', (size_t)n) : NULL;
        if (n <= 0 || newline)
            return newline ? begin + (newline - block) + 1 : end;
        end = begin;
    }
    return 0;
}

/* Leaves what is there ending with a whole line. Returns false with a sentence. */
static bool cut_torn(const run_log_file *file, char *error, size_t size) {
    char first[sizeof header] = "";
    struct stat status;
    int fd = open(file->path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || run_log_file_refuse_errno(file, "written", error, size);
    bool good = fstat(fd, &status) == 0 && (!S_ISREG(status.st_mode) || pread(fd, first, sizeof header - 1, 0) >= 0);
    if (!good)
        run_log_file_refuse_errno(file, "read", error, size);
    else if (S_ISREG(status.st_mode) && strncmp(first, header, strlen(first)) != 0)
        good = run_log_file_refuse(file, "is none: its first line is not that of a usage log", error, size);
    off_t whole = good && S_ISREG(status.st_mode) ? find_whole(fd, status.st_size) : status.st_size;
    if (good && whole < status.st_size && ftruncate(fd, whole) != 0)
        good = run_log_file_refuse_errno(file, "written", error, size);
    close(fd);
    return good;
}

run_usage *run_usage_open(const run_options *options, run_printer *printer, char *error, size_t size) {
    run_usage *usage = calloc(1, sizeof *usage);
    bool keep = options->usage_append || options->resume || options->resume_failed || options->retry_failed;
    if (!usage) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    run_log_file_init(&usage->file, "usage log", options->usage, printer);
    if ((!keep || usage->file.printer || cut_torn(&usage->file, error, size)) &&
        run_log_file_open(&usage->file, header, keep, error, size))
        return usage;
    run_usage_close(usage, NULL, 0);
    return NULL;
}

bool run_usage_add(run_usage *usage, const run_record *r, char *error, size_t size) {
    char columns[512];
    if (r->peak_kib > usage->peak_kib) {
        usage->peak_kib = r->peak_kib;
        usage->peak_seq = r->seq;
    }
    snprintf(columns, sizeof columns, "%" PRIu64 "\t%.255s\t%.3f\t%.3f\t%.3f\t%.3f\t%" PRIu64 "\t%d\t%d\t", r->seq,
             r->host, r->started, r->seconds, r->user_s, r->system_s, r->peak_kib, r->exit_code, r->signal);
    return run_log_file_add(&usage->file, columns, r->command, r->command_size, error, size);
}

bool run_usage_close(run_usage *usage, char *error, size_t size) {
    bool closed = !usage || run_log_file_close(&usage->file, error, size);
    free(usage);
    return closed;
}

uint64_t run_usage_peak(const run_usage *usage, uint64_t *seq) {
    *seq = usage ? usage->peak_seq : 0;
    return usage ? usage->peak_kib : 0;
}
