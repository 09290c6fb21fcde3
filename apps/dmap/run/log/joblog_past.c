/* Open addressing by the job's number, as it is: numbers are dense, and neighbours in the log are neighbours here. A
 * place is 16 bytes: the command's hash; and number, exit code and signal packed into 64 bits, which are 0 only if the
 * place is free, as numbers begin at 1. */
#include "run/log/joblog_past.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { FIRST_ROOM = 1024, SEQ_SHIFT = 16, CODE_SHIFT = 7, CODE_TIMED_OUT = 0x1ff, SIGNAL_MASK = 0x7f };

struct run_place {
    uint64_t hash, packed;
};

static size_t find(const run_past *past, uint64_t seq) {
    size_t i = (size_t)seq & (past->room - 1);
    while (past->places[i].packed && past->places[i].packed >> SEQ_SHIFT != seq)
        i = (i + 1) & (past->room - 1);
    return i;
}

static bool grow(run_past *past) {
    run_past larger = {.room = past->room ? 2 * past->room : FIRST_ROOM, .count = past->count};
    if (!(larger.places = calloc(larger.room, sizeof *larger.places)))
        return false;
    for (size_t i = 0; i < past->room; i++)
        if (past->places[i].packed)
            larger.places[find(&larger, past->places[i].packed >> SEQ_SHIFT)] = past->places[i];
    free(past->places);
    *past = larger;
    return true;
}

bool run_past_put(run_past *past, const run_ended *ended) {
    if (past->count >= past->room / 4 * 3 && !grow(past))
        return false;
    uint64_t code = ended->exit_code == RUN_CODE_TIMED_OUT ? CODE_TIMED_OUT : (uint64_t)ended->exit_code;
    struct run_place *place = &past->places[find(past, ended->seq)];
    past->count += place->packed == 0;
    place->hash = ended->hash;
    place->packed = ended->seq << SEQ_SHIFT | code << CODE_SHIFT | (uint64_t)ended->signal;
    return true;
}

bool run_past_get(const run_past *past, uint64_t seq, run_ended *ended) {
    if (past->room == 0)
        return false;
    const struct run_place *place = &past->places[find(past, seq)];
    if (!place->packed)
        return false;
    uint64_t code = place->packed >> CODE_SHIFT & CODE_TIMED_OUT;
    *ended = (run_ended){.seq = seq,
                         .hash = place->hash,
                         .exit_code = code == CODE_TIMED_OUT ? RUN_CODE_TIMED_OUT : (int)code,
                         .signal = (int)(place->packed & SIGNAL_MASK)};
    return true;
}

void run_past_free(run_past *past) {
    free(past->places);
    *past = (run_past){0};
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
