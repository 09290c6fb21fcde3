/* Bytes are read until there is a block's worth of them, then cut after the last record that is whole; with a number of
 * records, after that many. A record that is longer than a block makes the block longer. The end of the input ends the
 * last record. A header, its first lines, is put before each block.
 *
 * A record ends where record_end is followed by record_start; one of them may be empty. If both are, each byte is
 * one. */
#include "run/input/blocks.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/input/blocks_parts.h"
#include "run/input/values.h"

enum { LEAST_BLOCK = 4096, BIG_PIPE = 1024 * 1024, MOST_DEALT = 64 };

/* Returns false if memory is out. */
static bool prepare(run_blocks *pipe, const run_options *options) {
    const char *end = options->regexp ? "\n" : options->record_end;
    size_t end_size = options->regexp ? 1 : end ? options->record_end_size : 0;
    size_t start_size = options->record_start && !options->regexp ? options->record_start_size : 0;
    pipe->wants_header = options->header && !options->tee;
    pipe->skips_line = options->skip_first && !options->tee;
    pipe->header_lines = (size_t)options->header_lines;
    pipe->part = options->pipe_part;
    pipe->wants_text = options->skip_empty;
    pipe->lines = options->lines > 0 ? (uint64_t)options->lines : 1;
    pipe->records = options->tee ? 0 : options->records * pipe->lines;
    pipe->block = options->block ? options->block : 1024 * 1024;
    pipe->wanted = run_blocks_first_wanted(pipe);
    pipe->cut_at = end_size;
    pipe->cut_size = end_size + start_size;
    pipe->cut = malloc(pipe->cut_size + 1);
    pipe->room = pipe->block > LEAST_BLOCK ? pipe->block : LEAST_BLOCK;
    pipe->data = malloc(pipe->room);
    if (!pipe->cut || !pipe->data)
        return false;
    memcpy(pipe->cut, end_size ? end : "", end_size);
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
    pipe->wanted = run_blocks_first_wanted(pipe);
    return true;
}

/* --regexp, --rrs, --round-robin and --tee. */
static bool open_more(run_blocks *pipe, const run_options *o, int slots, char *error, size_t size) {
    bool by_lines = pipe->lines > 1 && !pipe->records;
    if (o->regexp && !o->tee && !by_lines && !(pipe->regex = run_record_regex_create(o, pipe->records, error, size)))
        return false;
    if (o->strips && !o->tee && !(pipe->separators = run_separators_create(o, error, size)))
        return false;
    pipe->deals = o->tee || (o->round_robin && !o->pipe_part);
    pipe->wanted = run_blocks_first_wanted(pipe);
    return !pipe->deals || run_hands_init(&pipe->hands, o->tee ? 1 : (size_t)slots);
}

run_blocks *run_blocks_open(const run_options *options, int slots, char *error, size_t size) {
    run_blocks *pipe = calloc(1, sizeof *pipe);
    bool from_file = options->n_sources > 0 && (!options->tee || options->pipe_part);
    snprintf(error, size, "out of memory");
    if (!pipe)
        return NULL;
    pipe->file.fd = -1;
    if (!prepare(pipe, options) ||
        (options->header_regex && !compile_header(pipe, options->header_regex, error, size)) ||
        !open_more(pipe, options, slots, error, size) ||
        !run_file_open(&pipe->file, from_file ? options->sources[0].path : "-", error, size) ||
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
    run_record_regex_free(pipe->regex);
    run_separators_free(pipe->separators);
    run_hands_fini(&pipe->hands);
    free(pipe->cut);
    free(pipe->data);
    free(pipe);
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

/* The first line goes. Returns false if more is to be read first. */
static bool skip_line(run_blocks *pipe) {
    const char *data = pipe->data + pipe->begin;
    const char *newline = pipe->skips_line ? memchr(data, '\n', pipe->end - pipe->begin) : NULL;
    if (pipe->skips_line && (newline || pipe->at_end))
        pipe->begin = newline ? (size_t)(newline - pipe->data) + 1 : pipe->end;
    pipe->skips_line = pipe->skips_line && !newline && !pipe->at_end;
    return !pipe->skips_line;
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

/* With its header, and without what separates records. */
static int dress(run_blocks *pipe, const char **block, size_t *size_out, char *error, size_t size) {
    if (pipe->separators && !run_separators_remove(pipe->separators, block, size_out)) {
        snprintf(error, size, "--rrs: the separators of records cannot be taken out of a block of %s", pipe->file.name);
        return RUN_INPUT_ERROR;
    }
    if (pipe->header_size == 0)
        return RUN_INPUT_JOB;
    pipe->headed.size = pipe->header_size;
    run_text_add(&pipe->headed, *block, *size_out);
    *block = pipe->headed.data;
    *size_out = pipe->headed.size;
    if (!pipe->headed.broken)
        return RUN_INPUT_JOB;
    snprintf(error, size, "out of memory for a block");
    return RUN_INPUT_ERROR;
}

static int hand_out(run_blocks *pipe, size_t cut, const char **block, size_t *size_out, char *error, size_t size) {
    *block = pipe->data + pipe->begin;
    *size_out = cut;
    pipe->begin += cut;
    pipe->scanned = pipe->found = 0;
    pipe->wanted = run_blocks_first_wanted(pipe);
    return dress(pipe, block, size_out, error, size);
}

static int next_block(run_blocks *pipe, const char **block, size_t *size_out, char *error, size_t size) {
    for (;;) {
        size_t cut = skip_line(pipe) && take_header(pipe) && see_text(pipe) ? run_blocks_find_cut(pipe) : 0;
        if (pipe->regex && run_record_regex_failed(pipe->regex)) {
            snprintf(error, size, "--regexp: the expressions are too hard for %s", pipe->file.name);
            return RUN_INPUT_ERROR;
        }
        if (cut > 0) {
            int state = hand_out(pipe, cut, block, size_out, error, size);
            if (state != RUN_INPUT_JOB || *size_out > pipe->header_size) /* else --rrs has left nothing */
                return state;
            continue;
        }
        if (pipe->at_end)
            return RUN_INPUT_END;
        int state = read_more(pipe, error, size);
        if (state != RUN_INPUT_JOB)
            return state;
    }
}

/* Deals blocks out, some at a time. RUN_INPUT_END: all of them have been. */
static int deal(run_blocks *pipe, char *error, size_t size) {
    const char *block;
    size_t block_size;
    for (int i = 0; !pipe->dealt; i++) {
        int state = i < MOST_DEALT ? next_block(pipe, &block, &block_size, error, size) : RUN_INPUT_LATER;
        pipe->dealt = state == RUN_INPUT_END;
        if (state == RUN_INPUT_JOB && !run_hands_deal(&pipe->hands, block, block_size, pipe->header_size)) {
            snprintf(error, size, "out of memory: all of %s is held in it", pipe->file.name);
            return RUN_INPUT_ERROR;
        }
        if (state == RUN_INPUT_LATER || state == RUN_INPUT_ERROR)
            return state;
    }
    return RUN_INPUT_END;
}

int run_blocks_next(run_blocks *pipe, const char **block, size_t *size_out, char *error, size_t size) {
    bool was_dealt = pipe->dealt;
    if (!pipe->deals)
        return next_block(pipe, block, size_out, error, size);
    int state = deal(pipe, error, size);
    if (state != RUN_INPUT_END)
        return state;
    if (!was_dealt)
        run_hands_turn(&pipe->hands);
    return run_hands_take(&pipe->hands, block, size_out) ? RUN_INPUT_JOB : RUN_INPUT_END;
}

int run_blocks_whole(run_blocks *pipe, const char **block, size_t *size_out, char *error, size_t size) {
    int state = deal(pipe, error, size);
    *block = pipe->hands.hands->data;
    *size_out = pipe->hands.hands->size;
    return state == RUN_INPUT_END ? RUN_INPUT_JOB : state;
}
