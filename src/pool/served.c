#include "pool/served.h"

#include <stdlib.h>

dmap__served_call *dmap__served_find(const dmap__server *s, uint64_t id) {
    dmap__served_call *call = s->calls;
    while (call && call->at_crew.id != id)
        call = call->next;
    return call;
}

void dmap__served_free(dmap__server *s, dmap__served_call *call) {
    dmap__served_call **place = &s->calls;
    while (*place != call)
        place = &(*place)->next;
    *place = call->next;
    free(call);
}

void dmap__served_free_if_over(dmap__server *s, dmap__served_call *call) {
    if (call->has_ended && !call->at_crew.grants)
        dmap__served_free(s, call);
}

dmap__incoming *dmap__served_chunk(const dmap__server *s, const dmap__head *head) {
    dmap__incoming *c = s->chunks;
    while (c && (c->grant.lease != head->lease || c->call != head->call))
        c = c->next;
    return c;
}

void dmap__served_unlink(dmap__server *s, const dmap__incoming *c) {
    dmap__incoming **place = &s->chunks;
    while (*place != c)
        place = &(*place)->next;
    *place = c->next;
}
