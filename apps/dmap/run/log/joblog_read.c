/* Reads a joblog. A line counts only if each of its columns is what it should be and it has its end: a run that was
 * killed, or a disk that was full, may have left half a line. The first line is the header, but for logs that GNU
 * parallel began with +FILE, which have none. */
#include "run/log/joblog_past.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, COLUMNS_BEFORE_COMMAND = 8, MOST_CODE = 255, MOST_SIGNAL = 127 };

const char run_joblog_header[] = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";

/* Digits, and a sign if it may have one. */
static bool read_whole(const char *text, size_t size, bool sign, int64_t *value) {
    bool negative = sign && size > 1 && *text == '-';
    int64_t sum = 0;
    size_t i = negative;
    if (size == 0 || size > 18)
        return false;
    for (; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        sum = sum * 10 + (text[i] - '0');
    }
    *value = negative ? -sum : sum;
    return true;
}

/* "     0.006": blanks, digits with a point. */
static bool is_time(const char *text, size_t size) {
    size_t points = 0, digits = 0;
    while (size > 0 && *text == ' ') {
        text++;
        size--;
    }
    for (size_t i = 0; i < size; i++) {
        points += text[i] == '.';
        digits += text[i] >= '0' && text[i] <= '9';
    }
    return digits > 0 && points <= 1 && digits + points == size;
}

static bool read_line(const char *line, size_t size, run_ended *ended) {
    const char *column[COLUMNS_BEFORE_COMMAND], *at = line, *end = line + size;
    size_t length[COLUMNS_BEFORE_COMMAND];
    int64_t seq, sent, code, signal;
    for (int i = 0; i < COLUMNS_BEFORE_COMMAND; i++) {
        const char *tab = memchr(at, '\t', (size_t)(end - at));
        if (!tab)
            return false;
        column[i] = at;
        length[i] = (size_t)(tab - at);
        at = tab + 1;
    }
    if (!read_whole(column[0], length[0], false, &seq) || length[1] == 0 || !is_time(column[2], length[2]) ||
        !is_time(column[3], length[3]) || !read_whole(column[4], length[4], false, &sent) ||
        !read_whole(column[5], length[5], false, &sent) || !read_whole(column[6], length[6], true, &code) ||
        !read_whole(column[7], length[7], false, &signal))
        return false;
    if (seq < 1 || (uint64_t)seq > RUN_MOST_SEQ || code < RUN_CODE_TIMED_OUT || code > MOST_CODE ||
        signal > MOST_SIGNAL)
        return false;
    *ended = (run_ended){.seq = (uint64_t)seq,
                         .hash = run_hash_command(at, (size_t)(end - at)),
                         .exit_code = (int)code,
                         .signal = (int)signal};
    return true;
}

/* What is read so far, and what of it is no whole line yet. */
typedef struct log_buffer {
    char *data;
    size_t size, room;
} log_buffer;

static run_look take_line(run_past *past, const char *line, size_t size, bool first, size_t *damaged) {
    run_ended ended;
    bool header = size + 1 == strlen(run_joblog_header) && memcmp(line, run_joblog_header, size) == 0;
    if (read_line(line, size, &ended))
        return run_past_put(past, &ended) ? RUN_LOOK_FINE : RUN_LOOK_NO_MEMORY;
    if (first && !header)
        return RUN_LOOK_NO_JOBLOG;
    *damaged += !header;
    return RUN_LOOK_FINE;
}

/* Takes the whole lines out of the buffer. */
static run_look take_lines(run_past *past, log_buffer *buffer, size_t *damaged, uint64_t *whole) {
    const char *at = buffer->data, *end = buffer->data + buffer->size, *newline;
    run_look look = RUN_LOOK_FINE;
    while (look == RUN_LOOK_FINE && (newline = memchr(at, '\n', (size_t)(end - at)))) {
        look = take_line(past, at, (size_t)(newline - at), *whole == 0, damaged);
        *whole += (uint64_t)(newline - at) + 1;
        at = newline + 1;
    }
    buffer->size = (size_t)(end - at);
    memmove(buffer->data, at, buffer->size);
    return look;
}

static run_look read_block(int fd, log_buffer *buffer, bool *ended) {
    if (buffer->room - buffer->size < BLOCK) {
        size_t room = buffer->room ? 2 * buffer->room : 2 * BLOCK;
        char *data = realloc(buffer->data, room);
        if (!data)
            return RUN_LOOK_NO_MEMORY;
        buffer->data = data;
        buffer->room = room;
    }
    ssize_t got;
    do
        got = read(fd, buffer->data + buffer->size, buffer->room - buffer->size);
    while (got < 0 && errno == EINTR);
    *ended = got <= 0;
    buffer->size += got > 0 ? (size_t)got : 0;
    return got < 0 ? RUN_LOOK_UNREADABLE : RUN_LOOK_FINE;
}

run_look run_past_read(run_past *past, int fd, size_t *damaged, uint64_t *whole) {
    log_buffer buffer = {0};
    run_look look = RUN_LOOK_FINE;
    bool ended = false;
    *damaged = 0;
    *whole = 0;
    while (look == RUN_LOOK_FINE && !ended) {
        look = read_block(fd, &buffer, &ended);
        if (look == RUN_LOOK_FINE)
            look = take_lines(past, &buffer, damaged, whole);
    }
    /* No line at all: what is there must have been going to be the header. */
    if (look == RUN_LOOK_FINE && *whole == 0 && memcmp(buffer.data, run_joblog_header, buffer.size) != 0)
        look = RUN_LOOK_NO_JOBLOG;
    *damaged += look == RUN_LOOK_FINE && buffer.size > 0;
    if (look == RUN_LOOK_FINE && !run_past_settle(past))
        look = RUN_LOOK_NO_MEMORY;
    free(buffer.data);
    return look;
}
