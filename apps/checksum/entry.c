#include "entry.h"

#include <stdlib.h>
#include <string.h>

int entry_make(entry_room *room, entry_kind kind, const char *name, size_t length) {
    size_t size = entry_size(length);
    if (size > room->size) {
        entry *larger = realloc(room->entry, 2 * size);
        if (!larger)
            return -1;
        room->entry = larger;
        room->size = 2 * size;
    }
    room->entry->kind = (unsigned char)kind;
    memcpy(room->entry->name, name, length);
    room->entry->name[length] = '\0';
    return 0;
}
