/* Who has a message's memory. Pure: it neither sends nor receives. */
#include "net/message.h"

#include <stdlib.h>
#include <string.h>

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
