/* Bytes are read until there is a block's worth of them, then cut after the last record that is whole; with a number of
 * records, after that many. A record that is longer than a block makes the block longer. The end of the input ends the
 * last record. A header, its first lines, is put before each block.
 *
 * A record ends where record_end is followed by record_start; one of them may be empty. If both are, each byte is
 * one. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "run/input/blocks.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pcre2.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/base/text.h"
#include "run/input/input_file.h"
#include "run/input/values.h"

struct run_blocks {
    run_file file;
    bool at_end;
    char *data;
    size_t begin, end, room; /* what was read and not handed out yet: data[begin, end) */
    size_t block;
    uint64_t records;
    uint64_t lines;          /* -L: what looks like so many records is one */
    char *cut;               /* record_end followed by record_start */
    size_t cut_size, cut_at; /* the block ends cut_at bytes into it */
    size_t scanned;          /* bytes from begin on that hold no further cut */
    uint64_t found;          /* records before that */
    size_t wanted;           /* bytes to be read before the next look, which sees no more if it is for a block */
    bool wants_text;         /* and has read nothing but blanks yet */
    size_t blanks;           /* bytes from begin on that are blanks, if so */
    bool part;               /* --pipepart: a block ends behind its size */
    size_t header_lines;
    pcre2_code *header_regex; /* NULL: lines */
    bool wants_header;        /* and has not got it yet */
    size_t header_size;
    run_text headed; /* the header, and behind it the block handed out last */
};

enum { LEAST_BLOCK = 4096, BIG_PIPE = 1024 * 1024 };

/* Returns false if memory is out. */
static bool prepare(run_blocks *pipe, const run_options *options) {
    size_t end_size = options->record_end ? options->record_end_size : 0;
    size_t start_size = options->record_start ? options->record_start_size : 0;
    pipe->wants_header = options->header;
    pipe->header_lines = (size_t)options->header_lines;
    pipe->part = options->pipe_part;
    pipe->wants_text = options->skip_empty;
    pipe->lines = options->lines > 0 ? (uint64_t)options->lines : 1;
    pipe->records = options->records * pipe->lines;
    pipe->block = options->block ? options->block : 1024 * 1024;
    pipe->wanted = pipe->records ? 1 : pipe->block;
    pipe->cut_at = end_size;
    pipe->cut_size = end_size + start_size;
    pipe->cut = malloc(pipe->cut_size + 1);
    pipe->room = pipe->block > LEAST_BLOCK ? pipe->block : LEAST_BLOCK;
    pipe->data = malloc(pipe->room);
    if (!pipe->cut || !pipe->data)
        return false;
    memcpy(pipe->cut, end_size ? options->record_end : "", end_size);
    memcpy(pipe->cut + end_size, start_size ? options->record_start : "", start_size);
    return true;
}

static bool compile_header(run_blocks *pipe, const char *regex, char *error, size_t size) {
    int code = 0;
    PCRE2_SIZE at;
    PCRE2_UCHAR why[200] = "out of memory";
    pipe->header_regex = pcre2_compile((PCRE2_SPTR)regex, strlen(regex), PCRE2_ANCHORED, &code, &at, NULL);
    if (pipe->header_regex)
        return true;
    pcre2_get_error_message(code, why, sizeof why);
    snprintf(error, size, "--header %.100s is not valid: %s", regex, (const char *)why);
    return false;
}

/* Of a file whose size is known. */
static bool size_blocks(run_blocks *pipe, const run_options *options, int slots, char *error, size_t size) {
    struct stat info;
    if (!pipe->file.regular || fstat(pipe->file.fd, &info) != 0) {
        snprintf(error, size, "--pipepart needs a regular file, which %s is not; --pipe reads anything",
                 pipe->file.name);
        return false;
    }
    if (options->blocks_per_slot > 0)
        pipe->block = (size_t)info.st_size / (size_t)slots / (size_t)options->blocks_per_slot + 1;
    pipe->wanted = pipe->records ? 1 : pipe->block;
    return true;
}

run_blocks *run_blocks_open(const run_options *options, int slots, char *error, size_t size) {
    run_blocks *pipe = calloc(1, sizeof *pipe);
    snprintf(error, size, "out of memory");
    if (!pipe)
        return NULL;
    pipe->file.fd = -1;
    if (!prepare(pipe, options) ||
        (options->header_regex && !compile_header(pipe, options->header_regex, error, size)) ||
        !run_file_open(&pipe->file, options->n_sources > 0 ? options->sources[0].path : "-", error, size) ||
        (pipe->part && !size_blocks(pipe, options, slots, error, size))) {
        run_blocks_close(pipe);
        return NULL;
    }
    fcntl(pipe->file.fd, F_SETPIPE_SZ, BIG_PIPE); /* fewer turns, if it is a pipe and the system allows it */
    return pipe;
}

void run_blocks_close(run_blocks *pipe) {
    if (!pipe)
        return;
    run_file_close(&pipe->file);
    pcre2_code_free(pipe->header_regex);
    run_text_free(&pipe->headed);
    free(pipe->cut);
    free(pipe->data);
    free(pipe);
}

/* The end of the last whole record in so many bytes; 0: there is none. */
static size_t find_last(const run_blocks *pipe, size_t size) {
    const char *data = pipe->data + pipe->begin;
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

/* The same, where so many are one. */
static size_t find_last_group(const run_blocks *pipe, size_t size) {
    const char *data = pipe->data + pipe->begin;
    size_t last = 0, from = 0;
    if (pipe->lines == 1)
        return find_last(pipe, size);
    if (pipe->cut_size == 0)
        return size / pipe->lines * pipe->lines;
    for (uint64_t found = 0; from < size;) {
        const char *at = memmem(data + from, size - from, pipe->cut, pipe->cut_size);
        if (!at)
            break;
        size_t end = (size_t)(at - data) + pipe->cut_at;
        found += end > 0;
        from = (size_t)(at - data) + (pipe->cut_at ? pipe->cut_at : 1);
        if (found > 0 && found % pipe->lines == 0)
            last = end;
    }
    return last;
}

/* The end of the last of so many records; 0: they are not all there. */
static size_t find_records(run_blocks *pipe) {
    const char *data = pipe->data + pipe->begin;
    size_t size = pipe->end - pipe->begin;
    if (pipe->cut_size == 0)
        return size >= pipe->records ? (size_t)pipe->records : 0;
    while (pipe->found < pipe->records) {
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

/* --pipepart: at the end of the record that is at the block's size. */
static size_t find_part(run_blocks *pipe) {
    size_t there = pipe->end - pipe->begin;
    const char *data = pipe->data + pipe->begin;
    if (there <= pipe->block)
        return pipe->at_end ? there : 0;
    if (pipe->cut_size == 0)
        return pipe->block;
    size_t from = pipe->scanned > pipe->block ? pipe->scanned : pipe->block;
    const char *at = memmem(data + from, there - from, pipe->cut, pipe->cut_size);
    if (at)
        return (size_t)(at - data) + pipe->cut_at;
    pipe->scanned = there >= pipe->cut_size ? there - pipe->cut_size + 1 : 0;
    return pipe->at_end ? there : 0;
}

/* Where the next block ends; 0: more is to be read first. At the end of the input there is always one. */
static size_t find_cut(run_blocks *pipe) {
    size_t there = pipe->end - pipe->begin, cut = 0;
    if (pipe->part && !pipe->records && pipe->lines == 1)
        return find_part(pipe);
    while (cut == 0 && there > 0 && (there >= pipe->wanted || pipe->at_end)) {
        bool is_last = pipe->at_end && (pipe->records || there <= pipe->wanted);
        if (is_last && !pipe->records && there <= pipe->block)
            return there;
        cut = pipe->records ? find_records(pipe) : find_last_group(pipe, there < pipe->wanted ? there : pipe->wanted);
        if (is_last && cut == 0)
            return there;
        pipe->wanted = pipe->records ? there + 1 : pipe->wanted + pipe->wanted / 2 + 1;
    }
    return cut;
}

/* Makes room for a block's worth more; what was handed out is given up. */
static bool make_room(run_blocks *pipe) {
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
static int read_more(run_blocks *pipe, char *error, size_t size) {
    struct pollfd on = {.fd = pipe->file.fd, .events = POLLIN};
    if (pipe->room - pipe->end < LEAST_BLOCK && !make_room(pipe)) {
        snprintf(error, size, "out of memory for a record of %s", pipe->file.name);
        return RUN_INPUT_ERROR;
    }
    if (poll(&on, 1, 0) == 0)
        return RUN_INPUT_LATER;
    ssize_t n = read(pipe->file.fd, pipe->data + pipe->end, pipe->room - pipe->end);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return RUN_INPUT_LATER;
    if (n < 0) {
        run_file_refuse(&pipe->file, error, size);
        return RUN_INPUT_ERROR;
    }
    pipe->at_end = n == 0;
    pipe->end += (size_t)n;
    return RUN_INPUT_JOB;
}

/* How long the header is; 0: none. *more: it may be longer than what is there. */
static size_t find_header(const run_blocks *pipe, bool *more) {
    const char *data = pipe->data + pipe->begin;
    size_t there = pipe->end - pipe->begin, size = 0;
    *more = false;
    if (pipe->header_regex) {
        pcre2_match_data *match = pcre2_match_data_create(1, NULL);
        int found = match && there > 0 ? pcre2_match(pipe->header_regex, (PCRE2_SPTR)data, there, 0, 0, match, NULL)
                                       : PCRE2_ERROR_NOMATCH;
        size = found >= 0 ? pcre2_get_ovector_pointer(match)[1] : 0;
        pcre2_match_data_free(match);
        *more = there < pipe->block;
        return size;
    }
    for (size_t line = 0; line < pipe->header_lines && !*more; line++) {
        const char *newline = memchr(data + size, '\n', there - size);
        *more = !newline;
        size = newline ? (size_t)(newline - data) + 1 : size;
    }
    return *more ? 0 : size;
}

/* Takes the header away, if it is wanted and there. Returns false if more is to be read first. */
static bool take_header(run_blocks *pipe) {
    bool more = false;
    size_t size = pipe->wants_header ? find_header(pipe, &more) : 0;
    if (!pipe->wants_header || (more && !pipe->at_end))
        return !pipe->wants_header;
    pipe->wants_header = false;
    pipe->header_size = size;
    run_text_add(&pipe->headed, pipe->data + pipe->begin, size);
    pipe->begin += size;
    return true;
}

/* With -r nothing is handed out before there is more than blanks. Returns false if more is to be read first. */
static bool see_text(run_blocks *pipe) {
    const char *data = pipe->data + pipe->begin;
    size_t size = pipe->end - pipe->begin;
    while (pipe->blanks < size && isspace((unsigned char)data[pipe->blanks]))
        pipe->blanks++;
    pipe->wants_text = pipe->wants_text && pipe->blanks == size;
    return !pipe->wants_text;
}

static int hand_out(run_blocks *pipe, size_t cut, const char **block, size_t *size_out, char *error, size_t size) {
    *block = pipe->data + pipe->begin;
    *size_out = cut;
    pipe->begin += cut;
    pipe->scanned = pipe->found = 0;
    pipe->wanted = pipe->records ? 1 : pipe->block;
    if (pipe->header_size == 0)
        return RUN_INPUT_JOB;
    pipe->headed.size = pipe->header_size;
    run_text_add(&pipe->headed, *block, cut);
    *block = pipe->headed.data;
    *size_out = pipe->headed.size;
    if (!pipe->headed.broken)
        return RUN_INPUT_JOB;
    snprintf(error, size, "out of memory for a block");
    return RUN_INPUT_ERROR;
}

int run_blocks_next(run_blocks *pipe, const char **block, size_t *size_out, char *error, size_t size) {
    for (;;) {
        size_t cut = take_header(pipe) && see_text(pipe) ? find_cut(pipe) : 0;
        if (cut > 0)
            return hand_out(pipe, cut, block, size_out, error, size);
        if (pipe->at_end)
            return RUN_INPUT_END;
        int state = read_more(pipe, error, size);
        if (state != RUN_INPUT_JOB)
            return state;
    }
}
