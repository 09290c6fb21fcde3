#include "feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool run_feed_open(run_feed *feed, const run_source *source, bool keeps, const run_options *options, char *error,
                   size_t size) {
    *feed = (run_feed){
        .source = source, .keeps = keeps, .skip_empty = options->skip_empty, .records = {.file = {.fd = -1}}};
    return source->kind == RUN_SOURCE_WORDS || run_records_open(&feed->records, source->path, options, error, size);
}

void run_feed_close(run_feed *feed) {
    run_records_close(&feed->records);
    run_text_free(&feed->kept);
    free(feed->ends);
    feed->ends = NULL;
}

static bool is_blank(const char *data, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (data[i] != ' ' && (data[i] < '\t' || data[i] > '\r'))
            return false;
    return true;
}

int run_feed_read(run_feed *feed, const char **data, size_t *data_size, char *error, size_t size) {
    int got = RUN_INPUT_JOB;
    do {
        if (feed->source->kind == RUN_SOURCE_FILE) {
            got = run_records_next(&feed->records, data, data_size, error, size);
        } else if (feed->next_word < feed->source->n_words) {
            *data = feed->source->words[feed->next_word++];
            *data_size = strlen(*data);
        } else {
            got = RUN_INPUT_END;
        }
    } while (got == RUN_INPUT_JOB && feed->skip_empty && is_blank(*data, *data_size));
    return got;
}

static bool keep(run_feed *feed) {
    if (feed->n_read == feed->room) {
        size_t room = feed->room ? 2 * feed->room : 64;
        size_t *ends = realloc(feed->ends, room * sizeof *ends);
        if (!ends)
            return false;
        feed->ends = ends;
        feed->room = room;
    }
    run_text_add(&feed->kept, feed->data, feed->size);
    feed->ends[feed->n_read] = feed->kept.size;
    return !feed->kept.broken;
}

static int read_one(run_feed *feed, char *error, size_t size) {
    int got = feed->ended ? RUN_INPUT_END : run_feed_read(feed, &feed->data, &feed->size, error, size);
    if (got == RUN_INPUT_END && !feed->ended) {
        feed->ended = true;
        if (feed->n_read > 0)
            return got;
        feed->data = "";
        feed->size = 0;
        got = RUN_INPUT_JOB;
    }
    if (got != RUN_INPUT_JOB)
        return got;
    if (feed->keeps && !keep(feed)) {
        snprintf(error, size, "out of memory: all sources but the first are held in it");
        return RUN_INPUT_ERROR;
    }
    feed->n_read++;
    return got;
}

int run_feed_at(run_feed *feed, uint64_t i, const char **data, size_t *data_size, char *error, size_t size) {
    if (i >= feed->n_read) {
        int got = read_one(feed, error, size);
        if (got != RUN_INPUT_JOB)
            return got;
    }
    *data = feed->data;
    *data_size = feed->size;
    if (feed->keeps) {
        size_t begin = i > 0 ? feed->ends[i - 1] : 0;
        *data = feed->kept.data + begin;
        *data_size = feed->ends[i] - begin;
    }
    return RUN_INPUT_JOB;
}

uint64_t run_feed_count(const run_feed *feed) {
    run_feed again = *feed;
    uint64_t count = 0;
    const char *data;
    size_t data_size;
    char error[256];
    int got;
    if (feed->source->kind == RUN_SOURCE_FILE && !run_records_again(&feed->records, &again.records))
        return UINT64_MAX;
    while ((got = run_feed_read(&again, &data, &data_size, error, sizeof error)) == RUN_INPUT_JOB)
        count++;
    run_records_close(&again.records);
    return got == RUN_INPUT_END ? count : UINT64_MAX;
}
