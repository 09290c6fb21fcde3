/* A stream's buffer holds RUN_KEEP bytes. When it is full, all of it is sent ahead: of a job that writes no more than
 * that nothing is, and all comes with its result. By the line, everything up to the last line's end is sent after each
 * read, and a line that fills the buffer as it is; ungrouped, all is sent after
 * each read. */
#include "run/job/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool run_capture_init(run_capture *capture, run_output output) {
    *capture = (run_capture){.output = output};
    for (int i = 0; i < 2; i++) {
        capture->streams[i].fd = capture->streams[i].theirs = -1;
        capture->streams[i].data = malloc(1 + RUN_KEEP);
        if (!capture->streams[i].data) {
            run_capture_fini(capture);
            return false;
        }
        capture->streams[i].data[0] = (char)i;
    }
    return true;
}

void run_capture_fini(run_capture *capture) {
    for (int i = 0; i < 2; i++) {
        free(capture->streams[i].data);
        capture->streams[i].data = NULL;
    }
}

static void close_one(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_stream(run_stream *stream) {
    close_one(&stream->fd);
    close_one(&stream->theirs);
}

bool run_capture_begin(run_capture *capture, dmap_context *ctx) {
    capture->ctx = ctx;
    capture->failed = capture->sent_ahead = false;
    capture->received = 0;
    for (int i = 0; i < 2; i++) {
        run_stream *stream = &capture->streams[i];
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0) {
            int reason = errno;
            close_stream(&capture->streams[0]);
            errno = reason;
            return false;
        }
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        *stream = (run_stream){.fd = ends[0], .theirs = ends[1], .data = stream->data};
    }
    return true;
}

/* Sends the first `size` bytes and moves the rest up. */
static void send_ahead(run_capture *capture, run_stream *stream, size_t size) {
    if (size == 0)
        return;
    if (!capture->failed && dmap_emit(capture->ctx, stream->data, 1 + size) != 0)
        capture->failed = true;
    capture->sent_ahead = true;
    stream->size -= size;
    memmove(stream->data + 1, stream->data + 1 + size, stream->size);
}

static void send_lines(run_capture *capture, run_stream *stream) {
    char *last = memrchr(stream->data + 1, '\n', stream->size);
    if (last)
        send_ahead(capture, stream, (size_t)(last - stream->data));
}

void run_capture_add(run_capture *capture, const char *data, size_t size) {
    run_stream *stream = &capture->streams[0];
    while (size > 0) {
        size_t part = RUN_KEEP - stream->size < size ? RUN_KEEP - stream->size : size;
        memcpy(stream->data + 1 + stream->size, data, part);
        stream->size += part;
        data += part;
        size -= part;
        if (stream->size == RUN_KEEP)
            send_ahead(capture, stream, stream->size);
    }
}

size_t run_capture_read(run_capture *capture, int number) {
    run_stream *stream = &capture->streams[number];
    if (stream->size == RUN_KEEP)
        send_ahead(capture, stream, stream->size);
    ssize_t n = read(stream->fd, stream->data + 1 + stream->size, RUN_KEEP - stream->size);
    if (n <= 0)
        return 0;
    stream->size += (size_t)n;
    capture->received += number == 0 ? (uint64_t)n : 0;
    if (capture->output == RUN_LINE_BUFFER)
        send_lines(capture, stream);
    else if (capture->output == RUN_UNGROUP)
        send_ahead(capture, stream, stream->size);
    return (size_t)n;
}

void run_capture_end(run_capture *capture) {
    for (int i = 0; i < 2; i++) {
        run_stream *stream = &capture->streams[i];
        int there = 0;
        if (stream->fd < 0 || ioctl(stream->fd, FIONREAD, &there) < 0)
            there = 0;
        for (size_t n = 1; there > 0 && n > 0; there -= (int)n)
            n = run_capture_read(capture, i);
        close_stream(stream);
    }
}
