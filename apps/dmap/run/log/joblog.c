/* Half a line that an earlier run left at the end is cut off: the job in it runs again, and its line must not be glued
 * to that. */
#include "run/log/joblog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/log/joblog_past.h"
#include "run/log/log_file.h"

struct run_joblog {
    run_log_file file;
    run_past past;
};

static bool has_number(const run_options *options, const char *text) {
    const char *own = options->style.tags[RUN_TAG_SEQ];
    return text && (strstr(text, "{#}") || strstr(text, "{0#}") || (own && strstr(text, own)));
}

/* Blocks, and jobs without values, have nothing but their number; and what lies in a folder that is named by the number
 * is what the job of that number made. */
static run_match match_of(const run_options *o) {
    if (o->changed)
        return RUN_MATCH_NUMBER;
    bool numbered = (o->pipe && !o->tee) || o->values == 0 || has_number(o, o->results) || has_number(o, o->folder);
    return numbered ? RUN_MATCH_BOTH : RUN_MATCH_COMMAND;
}

/* Reads what is there, and leaves it ending with a whole line, but for a look (--dry-run). */
static bool read_past(run_joblog *log, bool look_only, size_t *damaged, char *error, size_t size) {
    uint64_t whole;
    int fd = open(log->file.path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || run_log_file_refuse_errno(&log->file, "read", error, size);
    run_look look = run_past_read(&log->past, fd, damaged, &whole);
    int why = errno;
    close(fd);
    errno = why;
    switch (look) {
    case RUN_LOOK_NO_JOBLOG:
        return run_log_file_refuse(&log->file, "is none: its first line is not that of a joblog", error, size);
    case RUN_LOOK_UNREADABLE:
        return run_log_file_refuse_errno(&log->file, "read", error, size);
    case RUN_LOOK_NO_MEMORY:
        return run_log_file_refuse(&log->file, "is too large for the memory", error, size);
    case RUN_LOOK_FINE:
        break;
    }
    struct stat status;
    if (!look_only && stat(log->file.path, &status) == 0 && (uint64_t)status.st_size > whole &&
        truncate(log->file.path, (off_t)whole) != 0)
        return run_log_file_refuse_errno(&log->file, "written", error, size);
    return true;
}

/* Returns false with a sentence. */
static bool open_log(run_joblog *log, const run_options *options, size_t *damaged, char *error, size_t size) {
    bool resume = options->resume || options->resume_failed;
    return (!resume || read_past(log, options->dry_run, damaged, error, size)) &&
           (options->dry_run ||
            run_log_file_open(&log->file, run_joblog_header, resume || options->joblog_append, error, size));
}

run_joblog *run_joblog_open(const run_options *options, run_printer *printer, size_t *damaged, char *error,
                            size_t size) {
    run_joblog *log = calloc(1, sizeof *log);
    *damaged = 0;
    if (!log) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    *log = (run_joblog){.past = {.match = match_of(options), .failed_again = options->resume_failed}};
    run_log_file_init(&log->file, "joblog", options->joblog, printer);
    if (open_log(log, options, damaged, error, size))
        return log;
    run_joblog_close(log, NULL, 0);
    return NULL;
}

bool run_joblog_close(run_joblog *log, char *error, size_t size) {
    if (!log)
        return true;
    bool closed = run_log_file_close(&log->file, error, size);
    run_past_free(&log->past);
    free(log);
    return closed;
}

run_past *run_joblog_past(run_joblog *log) {
    return &log->past;
}

bool run_joblog_add(run_joblog *log, const run_record *record, char *error, size_t size) {
    char columns[512];
    snprintf(columns, sizeof columns, "%" PRIu64 "\t%.255s\t%.3f\t%10.3f\t%" PRIu64 "\t%" PRIu64 "\t%d\t%d\t",
             record->seq, record->host, record->started, record->seconds, record->sent, record->received,
             record->exit_code, record->signal);
    return run_log_file_add(&log->file, columns, record->command, record->command_size, error, size);
}
