#include "crew/best.h"

#include <math.h>
#include <string.h>

#include "crew/context.h"

#define SIGN (UINT64_C(1) << 63)

/* DMAP__BEST_NONE for what is none, or no bound. Of positive numbers the bits order as they do, of negative ones the
 * other way round. */
static uint64_t key_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (isnan(value) || value >= (double)INFINITY)
        return DMAP__BEST_NONE;
    return bits & SIGN ? ~bits : bits | SIGN;
}

static double value_of(uint64_t key) {
    uint64_t bits = key & SIGN ? key & ~SIGN : ~key;
    double value;
    if (key == DMAP__BEST_NONE)
        return (double)INFINITY;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* As with a limit: a worker writes its call's number on the channel before it reads what is best. */
bool dmap__crew_lower_best(dmap__crew_state *crew, dmap__crew_call *call, uint64_t key) {
    if (!dmap__limit_lower(&call->best, key))
        return false;
    for (int i = 0; i < crew->n_channels; i++)
        if (atomic_load(&crew->channels[i]->call) == call->id)
            dmap__limit_lower(&crew->channels[i]->best, key);
    return true;
}

double dmap_best(const dmap_context *ctx) {
    return value_of(ctx->best ? atomic_load_explicit(ctx->best, memory_order_relaxed) : DMAP__BEST_NONE);
}

bool dmap_best_offer(dmap_context *ctx, double value) {
    uint64_t key = key_of(value);
    return ctx->best && key < atomic_load_explicit(ctx->best, memory_order_relaxed) && ctx->offer(ctx, key);
}

bool dmap__context_offer(dmap_context *ctx, uint64_t key) {
    dmap__crew_state *crew = ctx->crew;
    bool is_lower = dmap__crew_lower_best(crew, ctx->call, key);
    if (is_lower)
        crew->tell(crew->tell_arg);
    return is_lower;
}
