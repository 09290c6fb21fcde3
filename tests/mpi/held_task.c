/* The tasks: an item does as dmap_share's orders say. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "held.h"

#define PATIENCE_S 60.0

affine held_affine(uint64_t index) {
    return (affine){mix(index) | 1, mix(~index)};
}

void held_combine(void *into, const void *from) {
    affine *first = into;
    const affine *then = from;
    *first = (affine){first->a * then->a, then->a * first->b + then->b};
}

size_t held_text(uint64_t index, char text[24]) {
    return (size_t)snprintf(text, 24, "%" PRIu64 " ", index);
}

bool held_fails_some(uint64_t index) {
    return index % 10 == 3;
}

/* Says that it has begun, and goes on when the master says so. */
static void wait_for_word(dmap_context *ctx, const orders *o) {
    double until = now_s() + PATIENCE_S;
    dmap_emit(ctx, "!", 1);
    while (access(o->word, F_OK) && !dmap_cancelled(ctx) && now_s() < until)
        usleep(200);
}

static int obey(dmap_context *ctx) {
    const orders *o = dmap_shared(ctx, NULL);
    uint64_t index = dmap_index(ctx);
    if (o->waits && index >= o->waits_from)
        wait_for_word(ctx, o);
    bool fails = index == o->fails_at || (o->fails_some && held_fails_some(index));
    return fails && (!o->fails_once || dmap_attempt(ctx) == 1) ? dmap_fail(ctx, 7, "as it should") : 0;
}

static int give_fixed(dmap_context *ctx, const void *item, void *result) {
    (void)item;
    affine made = held_affine(dmap_index(ctx));
    memcpy(result, &made, sizeof made);
    return obey(ctx);
}

static int give_blob(dmap_context *ctx, const void *item, void *result) {
    const orders *o = dmap_shared(ctx, NULL);
    char text[24];
    size_t size = held_text(dmap_index(ctx), text);
    (void)item, (void)result;
    void *place = dmap_result(ctx, dmap_index(ctx) == o->greedy_at ? (size_t)1 << 60 : size);
    if (!place)
        return 1;
    memcpy(place, text, size);
    return obey(ctx);
}

static int set_up(dmap_context *ctx) {
    const orders *o = dmap_shared(ctx, NULL);
    bool is_last = dmap_rank(ctx) == o->last_rank && dmap_worker(ctx) == o->last_worker;
    return o->set_up_fails && is_last ? dmap_fail(ctx, 9, "no licence") : 0;
}

static void append(dmap_merge *merge, dmap_blob left, dmap_blob right) {
    unsigned char *place = dmap_merge_result(merge, left.size + right.size);
    if (!place)
        return;
    memcpy(place, left.data, left.size);
    memcpy(place + left.size, right.data, right.size);
}

static void want_too_much(dmap_merge *merge, dmap_blob left, dmap_blob right) {
    if (right.size + left.size > 10)
        dmap_merge_result(merge, (size_t)1 << 60);
    else
        append(merge, left, right);
}

DMAP_TASK(held_fixed, .run = give_fixed, .item_size = 8, .result_size = sizeof(affine), .setup = set_up,
          .combine = held_combine);
DMAP_TASK(held_blob, .run = give_blob, .item_size = 8, .result_size = DMAP_VARIABLE, .setup = set_up, .merge = append);
DMAP_TASK(held_greedy, .run = give_blob, .item_size = 8, .result_size = DMAP_VARIABLE, .setup = set_up,
          .merge = want_too_much);
