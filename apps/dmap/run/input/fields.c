#include "run/input/fields.h"

#include <stdlib.h>

#include "run/options/options.h"

enum { FIRST_ROOM = 8 };

static bool make_room(run_fields *f) {
    if (f->count < f->room)
        return true;
    int room = f->room ? 2 * f->room : FIRST_ROOM;
    size_t *size = realloc(f->size, (size_t)room * sizeof *size);
    if (size)
        f->size = size;
    char **value = realloc(f->value, (size_t)room * sizeof *value);
    if (value)
        f->value = value;
    if (!size || !value)
        return false;
    f->room = room;
    return true;
}

void run_fields_add(run_fields *f, const char *data, size_t size) {
    if (!make_room(f)) {
        f->broken = true;
        return;
    }
    run_text_add(&f->bytes, data, size);
    run_text_add(&f->bytes, "", 1);
    f->size[f->count++] = size;
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

void run_fields_add_trimmed(run_fields *f, unsigned trim, const char *data, size_t size) {
    while ((trim & RUN_TRIM_END) && size > 0 && is_blank(data[size - 1]))
        size--;
    while ((trim & RUN_TRIM_BEGIN) && size > 0 && is_blank(*data)) {
        data++;
        size--;
    }
    run_fields_add(f, data, size);
}

void run_fields_clear(run_fields *f) {
    run_text_clear(&f->bytes);
    f->count = 0;
    f->broken = false;
}

bool run_fields_values(run_fields *f, run_values *values) {
    char *at = f->bytes.data;
    for (int i = 0; i < f->count && !f->bytes.broken; i++) {
        f->value[i] = at;
        at += f->size[i] + 1;
    }
    *values = (run_values){.value = f->value, .size = f->size, .count = f->count};
    return !f->broken && !f->bytes.broken;
}

void run_fields_free(run_fields *f) {
    run_text_free(&f->bytes);
    free(f->size);
    free(f->value);
    *f = (run_fields){0};
}
