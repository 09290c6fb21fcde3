/* The task, and the same search in one go. */
#include "clique_task.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "search.h"

size_t answer_size(uint32_t size) {
    return sizeof(answer) + size * sizeof(uint16_t);
}

static void fill(answer *a, const search *s, uint32_t known) {
    const uint16_t *vertices = search_found(s, &a->size);
    a->known = known;
    memcpy(a->vertices, vertices, a->size * sizeof *vertices);
}

static uint32_t known(void *arg) {
    double best = dmap_best(arg);
    return isinf(best) ? 0 : (uint32_t)-best;
}

static void tell(void *arg, uint32_t size) {
    dmap_best_offer(arg, -(double)size);
}

static int leave(void *arg, const branch *left, size_t size) {
    return dmap_spawn(arg, left, size);
}

static int set_up(dmap_context *ctx) {
    dmap_set_local(ctx, search_create());
    return dmap_local(ctx) ? 0 : dmap_fail(ctx, 1, "out of memory");
}

static void tear_down(dmap_context *ctx) {
    search_destroy(dmap_local(ctx));
}

static int search_branch(dmap_context *ctx, const void *item, void *result) {
    static const search_links links = {.known = known, .found = tell, .left = leave};
    const shared *all = dmap_shared(ctx, NULL);
    search *s = dmap_local(ctx);
    uint32_t size;
    (void)result;
    if (search_run(s, (const graph *)all->graph, item, all->grain, &links, ctx) != 0)
        return dmap_fail(ctx, 1, "out of memory");
    search_found(s, &size);
    answer *a = dmap_result(ctx, answer_size(size));
    if (!a)
        return 1;
    fill(a, s, known(ctx));
    return 0;
}

static void merge(dmap_merge *both, dmap_blob left, dmap_blob right) {
    const answer *a = left.data, *b = right.data, *larger = a->size >= b->size ? a : b;
    answer *place = dmap_merge_result(both, answer_size(larger->size));
    if (!place)
        return;
    memcpy(place, larger, answer_size(larger->size));
    place->known = a->known > b->known ? a->known : b->known;
}

DMAP_TASK(clique_branch, .run = search_branch, .item_size = DMAP_VARIABLE, .result_size = DMAP_VARIABLE,
          .setup = set_up, .teardown = tear_down, .merge = merge);

/* ---- in one go ---- */

static uint32_t known_here(void *arg) {
    return *(const uint32_t *)arg;
}

static void note(void *arg, uint32_t size) {
    *(uint32_t *)arg = size;
}

answer *clique_search_serially(const graph *g) {
    static const search_links links = {.known = known_here, .found = note};
    uint32_t best = 0;
    search *s = search_create();
    branch *root = search_root(g);
    answer *a = NULL;
    if (s && root && search_run(s, g, root, UINT64_MAX, &links, &best) == 0)
        a = malloc(answer_size(best));
    if (a)
        fill(a, s, best);
    free(root);
    search_destroy(s);
    return a;
}
