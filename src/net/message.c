/* Who has a message's memory. Pure: it neither sends nor receives. */
#include "net/message.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_OF(field) sizeof(((dmap__head *)0)->field)

_Static_assert(sizeof(dmap__head) == 96, "the head is 96 bytes on every rank");
_Static_assert(offsetof(dmap__head, seconds) == offsetof(dmap__head, numbers) + SIZE_OF(numbers),
               "no type has more than four numbers");
_Static_assert(SIZE_OF(grant) == SIZE_OF(numbers) && SIZE_OF(share) == SIZE_OF(numbers) &&
                   SIZE_OF(shared) == SIZE_OF(numbers) && SIZE_OF(result) == SIZE_OF(numbers),
               "fields lie side by side");

/* *owned if it is on the heap already, a copy if not. */
static void *take(void **part, void **owned, uint64_t size) {
    void *taken = *part ? *owned : NULL;
    if (*part && !taken) {
        taken = malloc((size_t)size);
        if (taken)
            memcpy(taken, *part, (size_t)size);
    }
    *part = *owned = NULL;
    return taken;
}

void *dmap__message_take_meta(dmap__message *message) {
    return take(&message->meta, &message->meta_owned, message->head.meta_size);
}

void *dmap__message_take_data(dmap__message *message) {
    return take(&message->data, &message->data_owned, message->head.data_size);
}
