/* The first group is read once, as a stream; the others are kept in memory, as they are gone through again and again.
 * What has no value yet (RUN_INPUT_LATER) changes nothing but what was read: the same step is tried again. */
#include "run/input/cross.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/input/csv.h"

static const run_source standard_input = {.kind = RUN_SOURCE_FILE, .path = "-"};

static bool check_standard_input(const run_options *options, char *error, size_t size) {
    int times = 0;
    for (int i = 0; i < options->n_sources; i++)
        times += options->sources[i].kind == RUN_SOURCE_FILE && strcmp(options->sources[i].path, "-") == 0;
    if (times > 1)
        snprintf(error, size, "standard input (-) is given as a source %d times, but can be read only once", times);
    return times <= 1;
}

bool run_cross_open(run_cross *cross, const run_options *options, char *error, size_t size) {
    int n = options->n_sources > 0 ? options->n_sources : 1;
    const run_source *sources = options->n_sources > 0 ? options->sources : &standard_input;
    *cross = (run_cross){.moving = -1, .named = options->header, .wraps = options->link, .trim = options->trim};
    if (options->csv)
        cross->csv = options->columns;
    if (!check_standard_input(options, error, size) ||
        (options->columns && !options->csv &&
         !(cross->columns = run_columns_create(options->columns, options->trim, error, size))))
        return false;
    cross->readers = calloc((size_t)n, sizeof *cross->readers);
    cross->group = calloc((size_t)n, sizeof *cross->group);
    cross->index = calloc((size_t)n, sizeof *cross->index);
    if (!cross->readers || !cross->group || !cross->index) {
        snprintf(error, size, "out of memory");
        return false;
    }
    for (int i = 0; i < n; i++) {
        cross->n_groups += options->link ? i == 0 : !sources[i].linked;
        cross->group[i] = cross->n_groups - 1;
        if (!run_value_reader_open(&cross->readers[i], &sources[i], i == 0, cross->n_groups > 1 || cross->wraps,
                                   options, error, size))
            return false;
        cross->n_readers++;
    }
    return true;
}

void run_cross_close(run_cross *cross) {
    for (int i = 0; i < cross->n_readers; i++)
        run_value_reader_close(&cross->readers[i]);
    free(cross->readers);
    free(cross->group);
    free(cross->index);
    run_fields_free(&cross->names);
    run_columns_free(cross->columns);
    *cross = (run_cross){0};
}

static int add_columns(run_cross *cross, const char *data, size_t data_size, run_fields *fields, char *error,
                       size_t size) {
    if (cross->csv) {
        if (run_csv_split(cross->csv, data, data_size, fields))
            return RUN_INPUT_JOB;
        snprintf(error, size, "--csv: %.*s%s is no row: a quote in a column, or one that is not closed",
                 data_size > 50 ? 50 : (int)data_size, data, data_size > 50 ? "..." : "");
        return RUN_INPUT_ERROR;
    }
    if (!cross->columns) {
        run_fields_add_trimmed(fields, cross->trim, data, data_size);
        return RUN_INPUT_JOB;
    }
    if (run_columns_split(cross->columns, data, data_size, fields))
        return RUN_INPUT_JOB;
    snprintf(error, size, "--colsep is too hard for a value of %zu bytes", data_size);
    return RUN_INPUT_ERROR;
}

static int read_names(run_cross *cross, char *error, size_t size) {
    const char *data;
    size_t data_size;
    for (; cross->n_named < cross->n_readers; cross->n_named++) {
        int got = run_value_reader_read(&cross->readers[cross->n_named], &data, &data_size, error, size);
        if (got == RUN_INPUT_JOB)
            got = add_columns(cross, data, data_size, &cross->names, error, size);
        if (got != RUN_INPUT_JOB && got != RUN_INPUT_END)
            return got;
    }
    cross->named = false;
    if (run_fields_values(&cross->names, &cross->name_values))
        return RUN_INPUT_JOB;
    snprintf(error, size, "out of memory");
    return RUN_INPUT_ERROR;
}

/* Which value goes with number i of the group: of one that has ended, an earlier one. */
static uint64_t wrapped(const run_cross *cross, int f, uint64_t i) {
    const run_value_reader *reader = &cross->readers[f];
    return cross->wraps && reader->ended && i >= reader->n_read ? i % reader->n_read : i;
}

/* Value number i of one reader, at least, is there, and the others begin anew when they are through. */
static int reach_one(run_cross *cross, uint64_t i, char *error, size_t size) {
    const char *data;
    size_t data_size;
    int any = RUN_INPUT_END;
    for (int f = 0; f < cross->n_readers; f++) {
        run_value_reader *reader = &cross->readers[f];
        int got = i < reader->n_read || !reader->ended ? run_value_reader_at(reader, i, &data, &data_size, error, size)
                                                       : RUN_INPUT_END;
        if (got != RUN_INPUT_JOB && got != RUN_INPUT_END)
            return got;
        any = got == RUN_INPUT_JOB ? got : any;
    }
    return any;
}

/* Value number i of every reader of the group is there. */
static int reach(run_cross *cross, int group, uint64_t i, char *error, size_t size) {
    const char *data;
    size_t data_size;
    if (cross->wraps)
        return reach_one(cross, i, error, size);
    for (int f = 0; f < cross->n_readers; f++) {
        if (cross->group[f] != group)
            continue;
        int got = run_value_reader_at(&cross->readers[f], i, &data, &data_size, error, size);
        if (got != RUN_INPUT_JOB)
            return got;
    }
    return RUN_INPUT_JOB;
}

/* On to the next combination: the last group first, and the one before when that is through. */
static int move(run_cross *cross, char *error, size_t size) {
    while (cross->moving >= 0) {
        int g = cross->moving, got = reach(cross, g, cross->index[g] + 1, error, size);
        if (got == RUN_INPUT_JOB) {
            cross->index[g]++;
            cross->moving = -1;
        } else if (got == RUN_INPUT_END && g > 0) {
            cross->index[g] = 0;
            cross->moving--;
        } else {
            return got;
        }
    }
    return RUN_INPUT_JOB;
}

/* Every source came to its end before its first value; with --link, one of them. */
static bool is_empty(const run_cross *cross) {
    for (int f = 0; f < cross->n_readers; f++)
        if (cross->readers[f].empty == cross->wraps)
            return cross->wraps;
    return !cross->wraps;
}

int run_cross_next(run_cross *cross, run_fields *fields, char *error, size_t size) {
    const char *data;
    size_t data_size;
    int got = cross->named ? read_names(cross, error, size) : RUN_INPUT_JOB;
    if (got == RUN_INPUT_JOB)
        got = move(cross, error, size);
    for (int g = 0; g < cross->n_groups && got == RUN_INPUT_JOB; g++)
        got = reach(cross, g, cross->index[g], error, size);
    if (got != RUN_INPUT_JOB)
        return got;
    if (!cross->started && is_empty(cross))
        return RUN_INPUT_END;
    bool barrier = cross->readers[0].barrier && cross->started;
    cross->readers[0].barrier = false;
    if (barrier)
        return RUN_INPUT_BARRIER;
    for (int f = 0; f < cross->n_readers && got == RUN_INPUT_JOB; f++) {
        uint64_t at = wrapped(cross, f, cross->index[cross->group[f]]);
        run_value_reader_at(&cross->readers[f], at, &data, &data_size, error, size);
        got = add_columns(cross, data, data_size, fields, error, size);
    }
    cross->moving = cross->n_groups - 1;
    cross->started = true;
    return got;
}

uint64_t run_cross_count(const run_cross *cross) {
    uint64_t product = 1;
    bool empty = true;
    for (int g = 0; g < cross->n_groups; g++) {
        uint64_t shortest = UINT64_MAX, longest = 0;
        for (int f = 0; f < cross->n_readers; f++) {
            uint64_t count = cross->group[f] == g ? run_value_reader_count(&cross->readers[f]) : UINT64_MAX;
            if (cross->group[f] == g && count == UINT64_MAX)
                return count;
            count -= count > 0 && count != UINT64_MAX && cross->named;
            empty &= cross->group[f] != g || count == 0;
            shortest = count < shortest ? count : shortest;
            longest = cross->group[f] == g && count > longest ? count : longest;
        }
        shortest = cross->wraps ? longest : shortest;
        if (__builtin_mul_overflow(product, shortest > 0 ? shortest : 1, &product))
            return UINT64_MAX;
    }
    return empty ? 0 : product;
}
