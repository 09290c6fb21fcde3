/* Bytes are read until there is a block's worth of them, then cut after the last record that is whole; with a number of
 * records, after that many. A record that is longer than a block makes the block longer. The end of the input ends the
 * last record.
 *
 * A record ends where record_end is followed by record_start; one of them may be empty. */
#include "pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inputs.h"

struct run_pipe {
    int fd;
    bool at_end;
    char *data;
    size_t begin, end, room; /* what was read and not handed out yet: data[begin, end) */
    size_t block;
    uint64_t records;
    char *cut;               /* record_end followed by record_start */
    size_t cut_size, cut_at; /* the block ends cut_at bytes into it */
    size_t scanned;          /* bytes from begin on that hold no further cut */
    uint64_t found;          /* records before that */
    size_t wanted;           /* bytes to be read before the next look */
};

enum { LEAST_BLOCK = 4096, BIG_PIPE = 1024 * 1024 };

run_pipe *run_pipe_open(const run_options *options, int fd) {
    size_t end_size = options->record_end ? options->record_end_size : 0;
    size_t start_size = options->record_start ? options->record_start_size : 0;
    run_pipe *pipe = calloc(1, sizeof *pipe);
    if (!pipe)
        return NULL;
    pipe->fd = fd;
    fcntl(fd, F_SETPIPE_SZ, BIG_PIPE); /* fewer turns, if it is a pipe and the system allows it */
    pipe->records = options->records;
    pipe->block = options->block ? options->block : 1024 * 1024;
    pipe->wanted = pipe->records ? 1 : pipe->block;
    pipe->cut_at = end_size;
    pipe->cut_size = end_size + start_size;
    pipe->cut = malloc(pipe->cut_size + 1);
    pipe->room = pipe->block > LEAST_BLOCK ? pipe->block : LEAST_BLOCK;
    pipe->data = malloc(pipe->room);
    if (!pipe->cut || !pipe->data) {
        run_pipe_close(pipe);
        return NULL;
    }
    memcpy(pipe->cut, end_size ? options->record_end : "", end_size);
    memcpy(pipe->cut + end_size, start_size ? options->record_start : "", start_size);
    return pipe;
}

void run_pipe_close(run_pipe *pipe) {
    if (!pipe)
        return;
    free(pipe->cut);
    free(pipe->data);
    free(pipe);
}

/* The end of the last whole record in a block's worth of bytes; 0: there is none. */
static size_t find_last(const run_pipe *pipe) {
    const char *data = pipe->data + pipe->begin;
    size_t size = pipe->end - pipe->begin;
    if (pipe->cut_size == 0)
        return size;
    for (size_t left = size; left >= pipe->cut_size;) {
        const char *at = memrchr(data, pipe->cut[0], left - pipe->cut_size + 1);
        if (!at)
            return 0;
        size_t offset = (size_t)(at - data);
        if (offset + pipe->cut_at > 0 && memcmp(at, pipe->cut, pipe->cut_size) == 0)
            return offset + pipe->cut_at;
        left = offset + pipe->cut_size - 1;
    }
    return 0;
}

/* The end of the last of so many records; 0: they are not all there. */
static size_t find_records(run_pipe *pipe) {
    const char *data = pipe->data + pipe->begin;
    size_t size = pipe->end - pipe->begin;
    while (pipe->found < pipe->records && pipe->cut_size > 0) {
        const char *at = memmem(data + pipe->scanned, size - pipe->scanned, pipe->cut, pipe->cut_size);
        if (!at) {
            size_t keep = pipe->cut_size - 1;
            pipe->scanned = size - pipe->scanned > keep ? size - keep : pipe->scanned;
            return 0;
        }
        size_t end = (size_t)(at - data) + pipe->cut_at;
        pipe->found += end > 0;
        pipe->scanned = (size_t)(at - data) + (pipe->cut_at ? pipe->cut_at : 1);
        if (pipe->found == pipe->records)
            return end;
    }
    return 0;
}

static size_t find_cut(run_pipe *pipe) {
    return pipe->records ? find_records(pipe) : find_last(pipe);
}

/* Makes room for a block's worth more; what was handed out is given up. */
static bool make_room(run_pipe *pipe) {
    size_t size = pipe->end - pipe->begin;
    memmove(pipe->data, pipe->data + pipe->begin, size);
    pipe->begin = 0;
    pipe->end = size;
    if (pipe->room - size >= LEAST_BLOCK)
        return true;
    char *more = realloc(pipe->data, pipe->room * 2);
    if (!more)
        return false;
    pipe->data = more;
    pipe->room *= 2;
    return true;
}

/* Reads what is there: RUN_INPUT_JOB if that was something, or the end. */
static int read_more(run_pipe *pipe, char *error, size_t size) {
    struct pollfd on = {.fd = pipe->fd, .events = POLLIN};
    if (pipe->room - pipe->end < LEAST_BLOCK && !make_room(pipe)) {
        snprintf(error, size, "out of memory for a record of standard input");
        return RUN_INPUT_ERROR;
    }
    if (poll(&on, 1, 0) == 0)
        return RUN_INPUT_LATER;
    ssize_t n = read(pipe->fd, pipe->data + pipe->end, pipe->room - pipe->end);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return RUN_INPUT_LATER;
    if (n < 0) {
        snprintf(error, size, "cannot read standard input: %s", strerror(errno));
        return RUN_INPUT_ERROR;
    }
    pipe->at_end = n == 0;
    pipe->end += (size_t)n;
    return RUN_INPUT_JOB;
}

static int hand_out(run_pipe *pipe, size_t size, const char **block, size_t *size_out) {
    *block = pipe->data + pipe->begin;
    *size_out = size;
    pipe->begin += size;
    pipe->scanned = pipe->found = 0;
    pipe->wanted = pipe->records ? 1 : pipe->block;
    return RUN_INPUT_JOB;
}

int run_pipe_next(run_pipe *pipe, const char **block, size_t *size_out, char *error, size_t size) {
    for (;;) {
        size_t there = pipe->end - pipe->begin;
        if (there > 0 && (there >= pipe->wanted || pipe->at_end)) {
            size_t cut = find_cut(pipe);
            if (pipe->at_end && (cut == 0 || (!pipe->records && there <= pipe->block)))
                cut = there;
            if (cut > 0)
                return hand_out(pipe, cut, block, size_out);
            pipe->wanted = pipe->records ? there + 1 : there + there / 2;
        }
        if (pipe->at_end)
            return RUN_INPUT_END;
        int state = read_more(pipe, error, size);
        if (state != RUN_INPUT_JOB)
            return state;
    }
}
