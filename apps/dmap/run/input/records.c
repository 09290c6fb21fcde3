/* A file is read in big blocks, and a record found in the buffer costs no system call. */
#include "run/input/records.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024 };

bool run_records_open(run_records *r, const char *path, const run_options *options, char *error, size_t size) {
    *r = (run_records){.delimiter = options->delimiter, .delimiter_size = options->delimiter_size};
    if (!run_file_open(&r->file, path, error, size))
        return false;
    r->offset = r->file.regular ? lseek(r->file.fd, 0, SEEK_CUR) : 0;
    return true;
}

bool run_records_again(const run_records *records, run_records *again) {
    *again = *records;
    again->file.own_fd = false;
    again->buffer = NULL;
    again->begin = again->end = again->room = again->scanned = 0;
    again->offset -= (off_t)(records->end - records->begin);
    again->ended = false;
    return records->file.regular;
}

void run_records_close(run_records *r) {
    run_file_close(&r->file);
    free(r->buffer);
    r->buffer = NULL;
}

static bool make_room(run_records *r) {
    if (r->room - r->end >= BLOCK / 2)
        return true;
    if (r->begin > 0) {
        memmove(r->buffer, r->buffer + r->begin, r->end - r->begin);
        r->end -= r->begin;
        r->begin = 0;
    }
    if (r->room - r->end >= BLOCK / 2)
        return true;
    size_t room = r->room ? 2 * r->room : BLOCK;
    char *buffer = realloc(r->buffer, room);
    if (!buffer)
        return false;
    r->buffer = buffer;
    r->room = room;
    return true;
}

/* RUN_INPUT_JOB: there is more in the buffer, or nothing more to come. */
static int fill(run_records *r, char *error, size_t size) {
    struct pollfd ready = {.fd = r->file.fd, .events = POLLIN};
    if (!r->file.regular && poll(&ready, 1, 0) <= 0)
        return RUN_INPUT_LATER;
    if (!make_room(r)) {
        snprintf(error, size, "out of memory: a value of %s has over %zu bytes", r->file.name, r->end - r->begin);
        return RUN_INPUT_ERROR;
    }
    char *to = r->buffer + r->end;
    size_t room = r->room - r->end;
    ssize_t got = r->file.regular ? pread(r->file.fd, to, room, r->offset) : read(r->file.fd, to, room);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return RUN_INPUT_LATER;
    if (got < 0) {
        run_file_refuse(&r->file, error, size);
        return RUN_INPUT_ERROR;
    }
    r->end += (size_t)got;
    r->offset += got;
    r->ended = got == 0;
    return RUN_INPUT_JOB;
}

static const char *find_delimiter(run_records *r) {
    const char *from = r->buffer + r->begin + r->scanned, *found;
    size_t size = r->end - r->begin - r->scanned, part = r->delimiter_size - 1;
    if (size == 0)
        return NULL;
    found = part == 0 ? memchr(from, r->delimiter[0], size) : memmem(from, size, r->delimiter, r->delimiter_size);
    if (!found && size > part) /* a delimiter may lie half in the buffer */
        r->scanned = r->end - r->begin - part;
    return found;
}

/* No argument of a command can have a NUL in it. */
static int check(const run_records *r, const char *data, size_t data_size, char *error, size_t size) {
    if (!memchr(data, '\0', data_size))
        return RUN_INPUT_JOB;
    snprintf(error, size, "value %" PRIu64 " of %s has a NUL byte in it; -0 reads values that end with one", r->count,
             r->file.name);
    return RUN_INPUT_ERROR;
}

int run_records_next(run_records *r, const char **data, size_t *data_size, char *error, size_t size) {
    const char *found;
    while (!(found = find_delimiter(r)) && !r->ended) {
        int got = fill(r, error, size);
        if (got != RUN_INPUT_JOB)
            return got;
    }
    if (!found && r->begin == r->end)
        return RUN_INPUT_END;
    *data = r->buffer + r->begin;
    *data_size = found ? (size_t)(found - *data) : r->end - r->begin;
    r->begin += *data_size + (found ? r->delimiter_size : 0);
    r->scanned = 0;
    r->count++;
    return check(r, *data, *data_size, error, size);
}
