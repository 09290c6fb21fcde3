/* Prices Asian and barrier options by Monte Carlo over a dmap pool.
 *
 * An item is a block of paths, known by its number alone; the contract travels once, by dmap_share; the result is the
 * block's moments, folded. Random numbers are a function of the path's number, and dmap_fold adds in an order that the
 * numbers of the blocks set, so the prices have the same bits on any number of ranks and workers. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "contract.h"
#include "moments.h"
#include "paths.h"
#include "prices.h"
#include "sample.h"

enum { BLOCK = 1024 }; /* paths */

typedef struct settings {
    sample_settings common;
    contract contract;
    uint64_t paths;
} settings;

static const settings defaults = {.contract = {.spot = 100,
                                               .strike = 100,
                                               .barrier = 90,
                                               .rate = 0.05,
                                               .volatility = 0.2,
                                               .years = 1,
                                               .seed = 1,
                                               .steps = 64},
                                  .paths = 1 << 20};

static const command_option options[] = {
    {"--paths", "N", "drawn", COMMAND_WHOLE, COMMAND_AT(settings, paths), .low = 3, .high = 1e12},
    {"--steps", "N", "of a path, over which averages are taken", COMMAND_WHOLE, COMMAND_AT(settings, contract.steps),
     .low = 1, .high = 1e6},
    {"--spot", "S", "price today", COMMAND_REAL, COMMAND_AT(settings, contract.spot), .low = 1e-6, .high = 1e6},
    {"--strike", "K", "price at which may be bought", COMMAND_REAL, COMMAND_AT(settings, contract.strike), .low = 1e-6,
     .high = 1e6},
    {"--barrier", "H", "price that voids the barrier option, below spot and strike", COMMAND_REAL,
     COMMAND_AT(settings, contract.barrier), .low = 1e-6, .high = 1e6},
    {"--rate", "R", "of interest, a year", COMMAND_REAL, COMMAND_AT(settings, contract.rate), .low = -1, .high = 1},
    {"--volatility", "V", "a year", COMMAND_REAL, COMMAND_AT(settings, contract.volatility), .low = 0.001, .high = 10},
    {"--years", "T", "to the end", COMMAND_REAL, COMMAND_AT(settings, contract.years), .low = 0.001, .high = 100},
    {"--seed", "N", "of the random numbers", COMMAND_WHOLE, COMMAND_AT(settings, contract.seed), .low = 0,
     .high = 1e15},
};

static const sample about = {
    .name = "options",
    .summary = "Prices Asian and barrier call options by Monte Carlo, a block of paths an item: the same bits\n"
               "on any number of ranks.",
    .journals = true,
    SAMPLE_OPTIONS(options),
};

/* What is shared. */
typedef struct order {
    contract contract;
    uint64_t paths;
} order;

static moments draw_block(const order *o, uint64_t block) {
    uint64_t begin = block * BLOCK;
    return paths_draw(&o->contract, begin, o->paths - begin < BLOCK ? o->paths : begin + BLOCK);
}

static int price_block(dmap_context *ctx, const void *item, void *result) {
    uint64_t block;
    memcpy(&block, item, sizeof block);
    *(moments *)result = draw_block(dmap_shared(ctx, NULL), block);
    return 0;
}

static void combine(void *into, const void *from) {
    moments_combine(into, from);
}

DMAP_TASK(options_block, .run = price_block, .item_size = sizeof(uint64_t), .result_size = sizeof(moments),
          .combine = combine);

typedef struct work {
    const settings *settings;
    order order;
    uint64_t blocks;
    moments drawn, drawn_serially;
} work;

/* A journal tells runs apart by that: a block is the same for the same order alone. */
static void name_order(const order *o, char *name, size_t size) {
    const contract *c = &o->contract;
    snprintf(name, size,
             "%" PRIu64 " paths, seed %" PRIu64 ", %" PRIu32
             " steps, spot %.17g, strike %.17g, barrier %.17g, rate %.17g, "
             "volatility %.17g, years %.17g",
             o->paths, c->seed, c->steps, c->spot, c->strike, c->barrier, c->rate, c->volatility, c->years);
}

static int map(dmap_pool *pool, void *arg) {
    work *w = arg;
    char name[400];
    dmap_map_options options_of_map = w->settings->common.map;
    name_order(&w->order, name, sizeof name);
    options_of_map.journal_name = options_of_map.journal ? name : NULL;
    if (dmap_share(pool, &w->order, sizeof w->order) != DMAP_OK ||
        dmap_map(pool, &options_block, dmap_range(0, w->blocks), dmap_fold(&w->drawn), &options_of_map) != DMAP_OK)
        return sample_fail(&about, "%s", dmap_error(pool));
    return 0;
}

static int draw_serially(void *arg) {
    work *w = arg;
    for (uint64_t block = 0; block < w->blocks; block++) {
        moments m = draw_block(&w->order, block);
        moments_combine(&w->drawn_serially, &m);
    }
    return 0;
}

static bool check(void *arg, char *text, size_t size) {
    const work *w = arg;
    return prices_check(&w->drawn, &w->order.contract, text, size);
}

static int show(void *arg) {
    const work *w = arg;
    prices_print(&w->drawn, &w->order.contract);
    return 0;
}

static int run(dmap_pool *pool, int argc, char **argv) {
    static const sample_work steps = {
        .map = map, .serial = draw_serially, .check = check, .print = show, .items = "blocks of 1024 paths"};
    settings s = defaults;
    int code;
    if (!sample_begin(&about, argc, argv, &s.common, &code))
        return code;
    if (s.contract.barrier >= s.contract.spot || s.contract.barrier >= s.contract.strike) {
        sample_fail(&about, "--barrier %g is not valid: it is to be below --spot and --strike", s.contract.barrier);
        return EXIT_USAGE;
    }
    work w = {.settings = &s, .order = {s.contract, s.paths}, .blocks = (s.paths + BLOCK - 1) / BLOCK};
    return sample_do(&about, &s.common, pool, &steps, &w);
}

int main(int argc, char **argv) {
    settings s = defaults;
    return sample_main(&about, argc, argv, &s.common, run);
}
