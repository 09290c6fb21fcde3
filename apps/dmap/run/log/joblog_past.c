/* Lines in the order of the log, and tables of open addressing over them. A line holds the command's hash; number, exit
 * code and signal packed into 64 bits; and the number of the job that has it.
 *
 * Jobs come one after the other, and the list may be a stream. So a job that takes a line by its command alone cannot
 * know whether the job with that line's number is still to come, and has the same command. If it comes, the line is its
 * own, and the first job looks for another line. If there is none, the first job should have been run; it is run now,
 * which is right as both have the same command. */
#include "run/log/joblog_past.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { FIRST_ROOM = 1024, SEQ_SHIFT = 16, CODE_SHIFT = 7, CODE_TIMED_OUT = 0x1ff, SIGNAL_MASK = 0x7f };

typedef struct run_line {
    uint64_t hash, packed;
    uint64_t taker; /* the job that has it; 0: none */
    uint32_t next;  /* with the same command, as in an index */
} run_line;

static uint64_t seq_of(const run_line *line) {
    return line->packed >> SEQ_SHIFT;
}

static uint64_t key_of(run_match match, uint64_t seq, uint64_t hash) {
    return match == RUN_MATCH_NUMBER    ? seq /* numbers are dense, and neighbours in the log are so here */
           : match == RUN_MATCH_COMMAND ? hash
                                        : hash ^ (seq * UINT64_C(0x9e3779b97f4a7c15));
}

/* The place of a line that is alike, or where it would be. The index has room. */
static uint32_t *find(const run_past *past, const run_line_index *index, run_match match, uint64_t seq, uint64_t hash) {
    uint32_t *place;
    for (size_t i = (size_t)key_of(match, seq, hash);; i++) {
        place = &index->places[i & (index->room - 1)];
        const run_line *line = *place ? &past->lines[*place - 1] : NULL;
        if (!line ||
            ((match == RUN_MATCH_COMMAND || seq_of(line) == seq) && (match == RUN_MATCH_NUMBER || line->hash == hash)))
            return place;
    }
}

/* What lines are alike by while the log is read. */
static run_match exact_of(const run_past *past) {
    return past->match == RUN_MATCH_NUMBER ? RUN_MATCH_NUMBER : RUN_MATCH_BOTH;
}

static bool make_index(run_line_index *index, size_t room) {
    free(index->places);
    index->places = calloc(room, sizeof *index->places);
    index->room = index->places ? room : 0;
    return index->places != NULL;
}

/* Room for another line. */
static bool grow(run_past *past) {
    size_t room = past->room ? 2 * past->room : FIRST_ROOM;
    run_line *lines = room < UINT32_MAX ? realloc(past->lines, room * sizeof *lines) : NULL;
    if (!lines)
        return false;
    past->lines = lines;
    past->room = room;
    if (!make_index(&past->exact, 2 * room))
        return false;
    for (size_t i = 0; i < past->count; i++)
        *find(past, &past->exact, exact_of(past), seq_of(&lines[i]), lines[i].hash) = (uint32_t)i + 1;
    return true;
}

bool run_past_put(run_past *past, const run_ended *ended) {
    if (past->count == past->room && !grow(past))
        return false;
    uint64_t code = ended->exit_code == RUN_CODE_TIMED_OUT ? CODE_TIMED_OUT : (uint64_t)ended->exit_code;
    uint32_t *place = find(past, &past->exact, exact_of(past), ended->seq, ended->hash);
    if (!*place)
        *place = (uint32_t)++past->count;
    past->lines[*place - 1] = (run_line){
        .hash = ended->hash, .packed = ended->seq << SEQ_SHIFT | code << CODE_SHIFT | (uint64_t)ended->signal};
    return true;
}

static bool runs_again(const run_past *past, const run_line *line) {
    uint64_t code = line->packed >> CODE_SHIFT & CODE_TIMED_OUT;
    return code == CODE_TIMED_OUT || (past->failed_again && (code != 0 || (line->packed & SIGNAL_MASK) != 0));
}

/* Lines of one command are a chain, in which those come first that need not run again. */
static void chain(run_past *past, bool again) {
    for (size_t i = past->count; i-- > 0;) {
        run_line *line = &past->lines[i];
        if (runs_again(past, line) != again)
            continue;
        uint32_t *place = find(past, &past->by_hash, RUN_MATCH_COMMAND, 0, line->hash);
        line->next = *place;
        *place = (uint32_t)i + 1;
    }
}

bool run_past_settle(run_past *past) {
    if (past->count == 0 || past->match == RUN_MATCH_NUMBER)
        return true;
    if (!make_index(&past->by_seq, 2 * past->room))
        return false;
    for (size_t i = 0; i < past->count; i++)
        *find(past, &past->by_seq, RUN_MATCH_NUMBER, seq_of(&past->lines[i]), 0) = (uint32_t)i + 1;
    if (!make_index(&past->by_hash, 2 * past->room))
        return false;
    chain(past, true);
    chain(past, false);
    return true;
}

void run_past_free(run_past *past) {
    free(past->lines);
    free(past->exact.places);
    free(past->by_seq.places);
    free(past->by_hash.places);
    *past = (run_past){0};
}

run_verdict run_past_find(run_past *past, uint64_t *seq, uint64_t hash) {
    uint32_t at = past->count > 0 ? *find(past, &past->exact, exact_of(past), *seq, hash) : 0;
    if (!at)
        return RUN_UNKNOWN;
    run_line *line = &past->lines[at - 1];
    uint64_t before = line->taker;
    line->taker = *seq;
    if (runs_again(past, line))
        return RUN_IT;
    if (before == 0 || before == *seq)
        return RUN_DONE;
    *seq = before;
    return run_past_find_command(past, before, hash) == RUN_DONE ? RUN_DONE : RUN_IT;
}

run_verdict run_past_find_command(run_past *past, uint64_t seq, uint64_t hash) {
    if (past->match != RUN_MATCH_COMMAND || past->by_hash.room == 0)
        return RUN_UNKNOWN;
    uint32_t *first = find(past, &past->by_hash, RUN_MATCH_COMMAND, 0, hash);
    /* What has been taken leaves the chain, whose last line stays in the index: it says that there is a chain. */
    while (*first && past->lines[*first - 1].taker && past->lines[*first - 1].next)
        *first = past->lines[*first - 1].next;
    if (!*first || past->lines[*first - 1].taker)
        return RUN_UNKNOWN;
    run_line *line = &past->lines[*first - 1];
    line->taker = seq;
    return runs_again(past, line) ? RUN_IT : RUN_DONE;
}

bool run_past_has_changed(const run_past *past, uint64_t seq) {
    uint32_t at = past->by_seq.room ? *find(past, &past->by_seq, RUN_MATCH_NUMBER, seq, 0) : 0;
    return at && !past->lines[at - 1].taker;
}

bool run_past_has(const run_past *past, uint64_t seq, uint64_t hash) {
    return past->count > 0 && (*find(past, &past->exact, exact_of(past), seq, hash) ||
                               (past->by_hash.room && *find(past, &past->by_hash, RUN_MATCH_COMMAND, 0, hash)));
}

uint64_t run_hash_command(const char *command, size_t size) {
    if (!memchr(command, '\n', size))
        return XXH3_64bits(command, size);
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    while (size > 0) {
        const char *newline = memchr(command, '\n', size);
        size_t part = newline ? (size_t)(newline - command) : size;
        XXH3_64bits_update(&state, command, part);
        if (newline)
            XXH3_64bits_update(&state, "", 1);
        part += newline != NULL;
        command += part;
        size -= part;
    }
    return XXH3_64bits_digest(&state);
}
