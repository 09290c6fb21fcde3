/* One write a line, to a file opened for appending. Half a line that an earlier run left at the end is cut off: the job
 * in it runs again, and its line must not be glued to that. */
#include "run/log/joblog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/base/text.h"
#include "run/log/joblog_past.h"

struct run_joblog {
    int fd;
    const char *path;
    run_printer *printer; /* of one that goes to standard output; else NULL */
    bool resume_failed, changed;
    run_past past;
    run_text line;
};

static bool refuse(const run_joblog *log, const char *what, char *error, size_t size) {
    snprintf(error, size, "the joblog %s %s", log->path, what);
    return false;
}

static bool refuse_errno(const run_joblog *log, const char *what, char *error, size_t size) {
    snprintf(error, size, "the joblog %s cannot be %s: %s", log->path, what, strerror(errno));
    return false;
}

static bool write_all(const run_joblog *log, const char *data, size_t data_size, char *error, size_t size) {
    bool inside = false;
    if (log->printer)
        return run_print(log->printer, 1, data, data_size, NULL, &inside) || refuse(log, "is lost", error, size);
    while (data_size > 0) {
        ssize_t done = write(log->fd, data, data_size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return refuse_errno(log, "written", error, size);
        data += done;
        data_size -= (size_t)done;
    }
    return true;
}

/* Reads what is there, and leaves it ending with a whole line, but for a look (--dry-run). */
static bool read_past(run_joblog *log, bool look_only, size_t *damaged, char *error, size_t size) {
    uint64_t whole;
    int fd = open(log->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || refuse_errno(log, "read", error, size);
    run_look look = run_past_read(&log->past, fd, damaged, &whole);
    int why = errno;
    close(fd);
    errno = why;
    switch (look) {
    case RUN_LOOK_NO_JOBLOG:
        return refuse(log, "is none: its first line is not that of a joblog", error, size);
    case RUN_LOOK_UNREADABLE:
        return refuse_errno(log, "read", error, size);
    case RUN_LOOK_NO_MEMORY:
        return refuse(log, "is too large for the memory", error, size);
    case RUN_LOOK_FINE:
        break;
    }
    struct stat status;
    if (!look_only && stat(log->path, &status) == 0 && (uint64_t)status.st_size > whole &&
        truncate(log->path, (off_t)whole) != 0)
        return refuse_errno(log, "written", error, size);
    return true;
}

/* The file for writing, with its header, and ending with a whole line. */
static bool open_file(run_joblog *log, bool keep, char *error, size_t size) {
    char last = '\n';
    struct stat status;
    log->fd = open(log->path, (keep ? O_RDWR : O_WRONLY | O_TRUNC) | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log->fd < 0 || fstat(log->fd, &status) != 0)
        return refuse_errno(log, "written", error, size);
    if (!keep || status.st_size == 0)
        return write_all(log, run_joblog_header, strlen(run_joblog_header), error, size);
    return pread(log->fd, &last, 1, status.st_size - 1) < 0 || last == '\n' || write_all(log, "\n", 1, error, size);
}

/* Returns false with a sentence. */
static bool open_log(run_joblog *log, const run_options *options, size_t *damaged, char *error, size_t size) {
    bool resume = options->resume || options->resume_failed;
    if (log->printer)
        return options->dry_run || write_all(log, run_joblog_header, strlen(run_joblog_header), error, size);
    return (!resume || read_past(log, options->dry_run, damaged, error, size)) &&
           (options->dry_run || open_file(log, resume || options->joblog_append, error, size));
}

run_joblog *run_joblog_open(const run_options *options, run_printer *printer, size_t *damaged, char *error,
                            size_t size) {
    run_joblog *log = calloc(1, sizeof *log);
    *damaged = 0;
    if (!log) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    *log = (run_joblog){
        .fd = -1, .path = options->joblog, .resume_failed = options->resume_failed, .changed = options->changed};
    if (strcmp(log->path, "-") == 0)
        log->printer = printer;
    if (open_log(log, options, damaged, error, size))
        return log;
    run_joblog_close(log, NULL, 0);
    return NULL;
}

bool run_joblog_close(run_joblog *log, char *error, size_t size) {
    if (!log)
        return true;
    bool closed = log->fd < 0 || close(log->fd) == 0 || refuse_errno(log, "written", error, size);
    run_past_free(&log->past);
    run_text_free(&log->line);
    free(log);
    return closed;
}

run_verdict run_joblog_look(const run_joblog *log, uint64_t seq, const char *command, size_t size, int *exit_code,
                            int *signal) {
    run_ended ended;
    if (!run_past_get(&log->past, seq, &ended))
        return RUN_IT;
    if (command && !log->changed && ended.hash != run_hash_command(command, size))
        return RUN_CHANGED;
    bool failed = ended.exit_code != 0 || ended.signal != 0;
    if (ended.exit_code == RUN_CODE_TIMED_OUT || (failed && log->resume_failed))
        return RUN_IT;
    *exit_code = ended.exit_code;
    *signal = ended.signal;
    return RUN_DONE;
}

bool run_joblog_add(run_joblog *log, const run_record *record, char *error, size_t size) {
    char columns[512];
    int length =
        snprintf(columns, sizeof columns, "%" PRIu64 "\t%.255s\t%.3f\t%10.3f\t%" PRIu64 "\t%" PRIu64 "\t%d\t%d\t",
                 record->seq, record->host, record->started, record->seconds, record->sent, record->received,
                 record->exit_code, record->signal);
    run_text_clear(&log->line);
    run_text_add(&log->line, columns, (size_t)length);
    run_text_add(&log->line, record->command, record->command_size);
    run_text_add(&log->line, "\n", 1);
    if (log->line.broken)
        return refuse(log, "cannot be written: out of memory", error, size);
    for (char *c = log->line.data + length; (c = strchr(c, '\n')) && c < log->line.data + log->line.size - 1;)
        *c++ = '\0';
    return write_all(log, log->line.data, log->line.size, error, size);
}
