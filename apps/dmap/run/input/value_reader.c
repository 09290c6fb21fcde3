#include "run/input/value_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char barrier[] = "---";

bool run_value_reader_open(run_value_reader *reader, const run_source *source, bool is_first, bool keeps,
                           const run_options *options, char *error, size_t size) {
    *reader = (run_value_reader){.source = source,
                                 .keeps = keeps,
                                 .depends = options->depends,
                                 .is_first = is_first,
                                 .skip_empty = options->skip_empty,
                                 .skips = is_first && options->skip_first,
                                 .end = options->end,
                                 .joins = options->lines > 0,
                                 .records = {.file = {.fd = -1}}};
    return source->kind == RUN_SOURCE_WORDS || run_records_open(&reader->records, source->path, options, error, size);
}

void run_value_reader_close(run_value_reader *reader) {
    run_records_close(&reader->records);
    run_text_free(&reader->kept);
    run_text_free(&reader->joined);
    free(reader->ends);
    reader->ends = NULL;
}

static bool is_blank(const char *data, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (data[i] != ' ' && (data[i] < '\t' || data[i] > '\r'))
            return false;
    return true;
}

static int next_word(run_value_reader *reader, const char **data, size_t *data_size) {
    if (reader->next_word >= reader->source->n_words)
        return RUN_INPUT_END;
    *data = reader->source->words[reader->next_word++];
    *data_size = strlen(*data);
    return RUN_INPUT_JOB;
}

static int read_record(run_value_reader *reader, const char **data, size_t *data_size, char *error, size_t size) {
    int got;
    bool skips;
    if (reader->stopped)
        return RUN_INPUT_END;
    do {
        got = reader->source->kind == RUN_SOURCE_WORDS
                  ? next_word(reader, data, data_size)
                  : run_records_next(&reader->records, data, data_size, error, size);
        skips = reader->skips && got == RUN_INPUT_JOB;
        reader->skips = reader->skips && !skips;
    } while (skips);
    if (got != RUN_INPUT_JOB || !reader->end)
        return got;
    reader->stopped = *data_size == strlen(reader->end) && memcmp(*data, reader->end, *data_size) == 0;
    return reader->stopped ? RUN_INPUT_END : RUN_INPUT_JOB;
}

/* Puts the record behind those that go on in it, if there are any. Returns true if the value goes on in the next. */
static bool join(run_value_reader *reader, const char **data, size_t *data_size) {
    run_text *joined = &reader->joined;
    bool goes_on = *data_size > 0 ? is_blank(*data + *data_size - 1, 1)
                                  : joined->size > 0 && is_blank(joined->data + joined->size - 1, 1);
    if (joined->size == 0 && !goes_on)
        return false;
    run_text_add(joined, *data, *data_size);
    *data = joined->data;
    *data_size = joined->size;
    if (!goes_on)
        joined->size = 0; /* the bytes stay until the next record */
    return goes_on;
}

/* The next value, whether it is wanted or not. */
static int read_any(run_value_reader *reader, const char **data, size_t *data_size, char *error, size_t size) {
    int got;
    bool goes_on;
    do {
        got = read_record(reader, data, data_size, error, size);
        goes_on = got == RUN_INPUT_JOB && reader->joins && join(reader, data, data_size);
    } while (goes_on && !reader->joined.broken);
    if (got == RUN_INPUT_END && reader->joined.size > 0) { /* there is nothing for it to go on in */
        *data = reader->joined.data;
        *data_size = reader->joined.size;
        reader->joined.size = 0;
        got = RUN_INPUT_JOB;
    }
    if (!reader->joined.broken)
        return got;
    snprintf(error, size, "out of memory");
    return RUN_INPUT_ERROR;
}

/* Notes a barrier. Returns RUN_INPUT_JOB, unless it stands where it may not. */
static int take_barrier(run_value_reader *reader, char *error, size_t size) {
    reader->barrier = true;
    if (reader->is_first)
        return RUN_INPUT_JOB;
    snprintf(error, size, "--depends: a barrier (%s) may stand in the first source only", barrier);
    return RUN_INPUT_ERROR;
}

int run_value_reader_read(run_value_reader *reader, const char **data, size_t *data_size, char *error, size_t size) {
    int got;
    bool is_barrier;
    do {
        got = read_any(reader, data, data_size, error, size);
        if (got != RUN_INPUT_JOB)
            break;
        is_barrier = reader->depends && *data_size == strlen(barrier) && memcmp(*data, barrier, *data_size) == 0;
        if (is_barrier)
            got = take_barrier(reader, error, size);
    } while (got == RUN_INPUT_JOB && (is_barrier || (reader->skip_empty && is_blank(*data, *data_size))));
    return got;
}

static bool keep(run_value_reader *reader) {
    if (reader->n_read == reader->room) {
        size_t room = reader->room ? 2 * reader->room : 64;
        size_t *ends = realloc(reader->ends, room * sizeof *ends);
        if (!ends)
            return false;
        reader->ends = ends;
        reader->room = room;
    }
    run_text_add(&reader->kept, reader->data, reader->size);
    reader->ends[reader->n_read] = reader->kept.size;
    return !reader->kept.broken;
}

static int read_one(run_value_reader *reader, char *error, size_t size) {
    int got = reader->ended ? RUN_INPUT_END : run_value_reader_read(reader, &reader->data, &reader->size, error, size);
    if (got == RUN_INPUT_END && !reader->ended) {
        reader->ended = true;
        if (reader->n_read > 0)
            return got;
        reader->empty = true;
        reader->data = "";
        reader->size = 0;
        got = RUN_INPUT_JOB;
    }
    if (got != RUN_INPUT_JOB)
        return got;
    if (reader->keeps && !keep(reader)) {
        snprintf(error, size, "out of memory: all sources but the first are held in it");
        return RUN_INPUT_ERROR;
    }
    reader->n_read++;
    return got;
}

int run_value_reader_at(run_value_reader *reader, uint64_t i, const char **data, size_t *data_size, char *error,
                        size_t size) {
    if (i >= reader->n_read) {
        int got = read_one(reader, error, size);
        if (got != RUN_INPUT_JOB)
            return got;
    }
    *data = reader->data;
    *data_size = reader->size;
    if (reader->keeps) {
        size_t begin = i > 0 ? reader->ends[i - 1] : 0;
        *data = reader->kept.data + begin;
        *data_size = reader->ends[i] - begin;
    }
    return RUN_INPUT_JOB;
}

uint64_t run_value_reader_count(const run_value_reader *reader) {
    run_value_reader again = *reader;
    again.joined = (run_text){0};
    uint64_t count = 0;
    const char *data;
    size_t data_size;
    char error[256];
    int got;
    if (reader->source->kind == RUN_SOURCE_FILE && !run_records_again(&reader->records, &again.records))
        return UINT64_MAX;
    while ((got = run_value_reader_read(&again, &data, &data_size, error, sizeof error)) == RUN_INPUT_JOB)
        count++;
    run_records_close(&again.records);
    run_text_free(&again.joined);
    return got == RUN_INPUT_END ? count : UINT64_MAX;
}
