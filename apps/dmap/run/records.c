/* A file is read in big blocks, and a record found in the buffer costs no system call. Of what is not a regular file
 * nothing is read before poll() says that there is something: so standard input, which others may share, needs no
 * O_NONBLOCK. A FIFO is opened so, as its opening would wait for a writer; until the first one comes, poll() says no.
 */
#include "records.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024 };

static bool refuse(const run_records *r, const char *why, char *error, size_t size) {
    snprintf(error, size, "%s cannot be read: %s", r->name, why);
    return false;
}

bool run_records_open(run_records *r, const char *path, const run_options *options, char *error, size_t size) {
    bool standard = strcmp(path, "-") == 0;
    struct stat status;
    *r = (run_records){.name = standard ? "standard input" : path,
                       .fd = STDIN_FILENO,
                       .own_fd = !standard,
                       .delimiter = options->delimiter,
                       .delimiter_size = options->delimiter_size};
    if (!standard && (r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) < 0)
        return refuse(r, strerror(errno), error, size);
    if (fstat(r->fd, &status) != 0 || (S_ISDIR(status.st_mode) && (errno = EISDIR))) {
        int why = errno;
        run_records_close(r);
        return refuse(r, strerror(why), error, size);
    }
    r->regular = S_ISREG(status.st_mode);
    r->offset = r->regular ? lseek(r->fd, 0, SEEK_CUR) : 0;
    return true;
}

bool run_records_again(const run_records *records, run_records *again) {
    *again = *records;
    again->own_fd = false;
    again->buffer = NULL;
    again->begin = again->end = again->room = again->scanned = 0;
    again->offset -= (off_t)(records->end - records->begin);
    again->ended = false;
    return records->regular;
}

void run_records_close(run_records *r) {
    if (r->own_fd && r->fd >= 0)
        close(r->fd);
    r->fd = -1;
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
    struct pollfd ready = {.fd = r->fd, .events = POLLIN};
    if (!r->regular && poll(&ready, 1, 0) <= 0)
        return RUN_INPUT_LATER;
    if (!make_room(r)) {
        snprintf(error, size, "out of memory: a value of %s has over %zu bytes", r->name, r->end - r->begin);
        return RUN_INPUT_ERROR;
    }
    char *to = r->buffer + r->end;
    size_t room = r->room - r->end;
    ssize_t got = r->regular ? pread(r->fd, to, room, r->offset) : read(r->fd, to, room);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return RUN_INPUT_LATER;
    if (got < 0) {
        refuse(r, strerror(errno), error, size);
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
             r->name);
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
