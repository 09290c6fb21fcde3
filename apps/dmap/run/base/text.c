/* Grows by doubling; after a failure nothing is added any more, so that one look at `broken` at the end is enough. */
#include "run/base/text.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 256 };

static bool make_room(run_text *text, size_t size) {
    if (text->broken)
        return false;
    if (size < text->room - text->size)
        return true;
    size_t room = text->room ? text->room : FIRST_ROOM;
    while (room - text->size <= size)
        room *= 2;
    char *data = realloc(text->data, room);
    if (!data) {
        text->broken = true;
        return false;
    }
    text->data = data;
    text->room = room;
    return true;
}

void run_text_add(run_text *text, const void *data, size_t size) {
    if (!make_room(text, size))
        return;
    if (size > 0)
        memcpy(text->data + text->size, data, size);
    text->size += size;
    text->data[text->size] = '\0';
}

void run_text_add_string(run_text *text, const char *string) {
    run_text_add(text, string, strlen(string));
}

void run_text_clear(run_text *text) {
    text->size = 0;
    text->broken = false;
    if (text->data)
        text->data[0] = '\0';
}

void run_text_free(run_text *text) {
    free(text->data);
    *text = (run_text){0};
}
