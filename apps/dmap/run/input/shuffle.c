/* A job is kept as the number of its values, then the size and the bytes of each; which one is next is drawn when it is
 * taken (Fisher and Yates), from splitmix64. */
#include "run/input/shuffle.h"

#include <stdlib.h>
#include <string.h>

struct run_shuffle {
    run_text kept;
    size_t *begins; /* of the jobs in kept */
    size_t count, room;
    uint64_t state;
    bool done;
};

run_shuffle *run_shuffle_create(uint64_t seed) {
    run_shuffle *shuffle = calloc(1, sizeof *shuffle);
    if (shuffle)
        shuffle->state = seed;
    return shuffle;
}

void run_shuffle_free(run_shuffle *shuffle) {
    if (!shuffle)
        return;
    run_text_free(&shuffle->kept);
    free(shuffle->begins);
    free(shuffle);
}

bool run_shuffle_put(run_shuffle *s, const run_values *values) {
    if (s->count == s->room) {
        size_t room = s->room ? 2 * s->room : 64;
        size_t *begins = realloc(s->begins, room * sizeof *begins);
        if (!begins)
            return false;
        s->begins = begins;
        s->room = room;
    }
    s->begins[s->count++] = s->kept.size;
    run_text_add(&s->kept, &values->count, sizeof values->count);
    for (int i = 0; i < values->count; i++) {
        run_text_add(&s->kept, &values->size[i], sizeof values->size[i]);
        run_text_add(&s->kept, values->value[i], values->size[i]);
    }
    return !s->kept.broken;
}

void run_shuffle_done(run_shuffle *s) {
    s->done = true;
}

bool run_shuffle_is_done(const run_shuffle *s) {
    return s->done;
}

static uint64_t draw(run_shuffle *s) {
    uint64_t z = s->state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

bool run_shuffle_take(run_shuffle *s, run_fields *fields) {
    if (s->count == 0)
        return false;
    size_t which = draw(s) % s->count, size;
    const char *at = s->kept.data + s->begins[which];
    s->begins[which] = s->begins[--s->count];
    int values;
    memcpy(&values, at, sizeof values);
    at += sizeof values;
    for (; values > 0; values--) {
        memcpy(&size, at, sizeof size);
        run_fields_add(fields, at + sizeof size, size);
        at += sizeof size + size;
    }
    return true;
}
