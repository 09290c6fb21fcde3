/* A log: a header, then a line a job, each written at once and ended by its command. The joblog and the usage log. */
#ifndef DMAP_APPS_RUN_LOG_LOG_FILE_H
#define DMAP_APPS_RUN_LOG_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/base/text.h"
#include "run/output/print.h"

typedef struct run_log_file {
    const char *what; /* "joblog" */
    const char *path;
    int fd;               /* -1: not open */
    run_printer *printer; /* of one that goes to standard output; else NULL */
    run_text line;
} run_log_file;

/** path: "-" is standard output, by the printer; borrowed until it is closed. Opens nothing yet. */
void run_log_file_init(run_log_file *file, const char *what, const char *path, run_printer *printer);
/** Opens it for writing. keep: what is there stays, and ends with a whole line. A new or empty one gets the header.
 *  Returns false with a sentence. */
bool run_log_file_open(run_log_file *file, const char *header, bool keep, char *error, size_t size);
/** Writes a line at once: the columns, the command with a NUL for each newline in it. Returns false with a sentence. */
bool run_log_file_add(run_log_file *file, const char *columns, const char *command, size_t command_size, char *error,
                      size_t size);
/** Of one that was only init it does nothing. Returns false with a sentence. */
bool run_log_file_close(run_log_file *file, char *error, size_t size);

/** Sets the sentence "the WHAT PATH why"; returns false. */
bool run_log_file_refuse(const run_log_file *file, const char *why, char *error, size_t size);
/** The same, with the reason of errno: "cannot be `how`: reason". */
bool run_log_file_refuse_errno(const run_log_file *file, const char *how, char *error, size_t size);

#endif
