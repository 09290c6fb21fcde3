/* Bytes gather until there are enough of them, the other descriptor is written to, or the caller flushes: so what comes
 * from many short jobs at once is one write, and standard output and error keep their order on a terminal. */
#include "run/output/print.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ENOUGH = 64 * 1024, PATIENCE_MS = 1000 };

void run_printer_init(run_printer *printer, bool (*stop)(void)) {
    *printer = (run_printer){.stop = stop, .is_terminal = {isatty(1), isatty(2)}};
}

void run_printer_fini(run_printer *printer) {
    run_text_free(&printer->pending[0]);
    run_text_free(&printer->pending[1]);
}

static bool fail(run_printer *printer, int fd, int reason) {
    if (reason == EPIPE) {
        printer->state = RUN_PRINT_CLOSED;
        return false;
    }
    printer->state = RUN_PRINT_FAILED;
    snprintf(printer->error, sizeof printer->error, "cannot write to standard %s: %s", fd == 1 ? "output" : "error",
             strerror(reason));
    return false;
}

/* A descriptor that does not block, as some launchers make it, is waited for. */
static bool wait_for_room(int fd) {
    struct pollfd on = {.fd = fd, .events = POLLOUT};
    return poll(&on, 1, -1) > 0 || errno == EINTR;
}

/* When the run is to stop, who does not read may not hold it up: no more is written at a time than a pipe has room for
 * by what poll() says. Returns how much; 0: it is given up. */
static size_t write_when_stopping(run_printer *printer, int fd, size_t size) {
    struct pollfd on = {.fd = fd, .events = POLLOUT};
    int ready;
    do
        ready = poll(&on, 1, PATIENCE_MS);
    while (ready < 0 && errno == EINTR);
    if (ready <= 0)
        printer->state = RUN_PRINT_INTERRUPTED;
    return ready <= 0 ? 0 : size < PIPE_BUF ? size : PIPE_BUF;
}

static bool write_all(run_printer *printer, int fd, const char *data, size_t size) {
    while (size > 0 && printer->state == RUN_PRINT_GOOD) {
        size_t part = printer->stop() ? write_when_stopping(printer, fd, size) : size;
        ssize_t n = part > 0 ? write(fd, data, part) : 0;
        if (n < 0 && (errno == EINTR || (errno == EAGAIN && wait_for_room(fd))))
            continue;
        if (n < 0)
            return fail(printer, fd, errno);
        if (n > 0 && printer->is_terminal[fd - 1])
            printer->is_inside_line = data[n - 1] != '\n';
        data += n;
        size -= (size_t)n;
    }
    return printer->state == RUN_PRINT_GOOD;
}

static bool flush_one(run_printer *printer, int fd) {
    run_text *text = &printer->pending[fd - 1];
    bool good = text->size == 0 || write_all(printer, fd, text->data, text->size);
    if (text->broken)
        return fail(printer, fd, ENOMEM);
    run_text_clear(text);
    return good;
}

bool run_print_flush(run_printer *printer) {
    return flush_one(printer, 1) && flush_one(printer, 2);
}

static bool put(run_printer *printer, int fd, const void *data, size_t size) {
    run_text *text = &printer->pending[fd - 1];
    if (text->size + size < ENOUGH) {
        run_text_add(text, data, size);
        return true;
    }
    return flush_one(printer, fd) && write_all(printer, fd, data, size);
}

static bool put_lines(run_printer *printer, int fd, const char *data, size_t size, const char *tag, bool *inside) {
    while (size > 0) {
        const char *end = memchr(data, '\n', size);
        size_t line = end ? (size_t)(end - data) + 1 : size;
        if (!*inside && !put(printer, fd, tag, strlen(tag)))
            return false;
        if (!put(printer, fd, data, line))
            return false;
        *inside = !end;
        data += line;
        size -= line;
    }
    return true;
}

bool run_print(run_printer *printer, int fd, const void *data, size_t size, const char *tag, bool *inside) {
    if (printer->state != RUN_PRINT_GOOD)
        return false;
    if (printer->pending[2 - fd].size > 0 && !flush_one(printer, 3 - fd))
        return false;
    return tag ? put_lines(printer, fd, data, size, tag, inside) : put(printer, fd, data, size);
}
