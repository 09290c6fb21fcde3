/* Sweeps the parameters of a stiff oscillator over a dmap pool: a table of results, and a map of where it oscillates.
 *
 * An item is a point of the grid, the result is what became of an orbit there. Each worker makes its solver once, in
 * setup, and uses it for all of its items. Points near the line where the oscillation sets in take a hundred times as
 * long as others: nobody tells the pool. */
#include <stdio.h>
#include <stdlib.h>

#include "brusselator.h"
#include "grid.h"
#include "phase_map.h"
#include "sample.h"
#include "theory.h"

typedef struct settings {
    sample_settings common;
    uint32_t size[2];
    double a[2], b[2];
    const char *out, *picture;
} settings;

static const settings defaults = {
    .size = {120, 90}, .a = {0.15, 3}, .b = {0.25, 9}, .out = "sweep.csv", .picture = "sweep.png"};

static bool read_size(const char *text, void *place) {
    uint64_t columns, rows;
    text = command_read_whole(text, 'x', &columns);
    if (!text || !command_read_whole(text, '\0', &rows) || columns < 1 || columns > 10000 || rows < 1 || rows > 10000)
        return false;
    ((uint32_t *)place)[0] = (uint32_t)columns;
    ((uint32_t *)place)[1] = (uint32_t)rows;
    return true;
}

static bool read_range(const char *text, void *place) {
    double *range = place;
    text = command_read_real(text, ',', &range[0]);
    return text && command_read_real(text, '\0', &range[1]) && range[0] > 0.0 && range[0] <= range[1];
}

static const command_option options[] = {
    {"--grid", "WxH", "columns and rows, if no file is given, each 1 to 10000 (120x90)", COMMAND_OWN,
     COMMAND_AT(settings, size), .read = read_size},
    {"--a", "LOW,HIGH", "range of a, the columns, above 0 (0.15,3)", COMMAND_OWN, COMMAND_AT(settings, a),
     .read = read_range},
    {"--b", "LOW,HIGH", "range of b, the rows, above 0 (0.25,9)", COMMAND_OWN, COMMAND_AT(settings, b),
     .read = read_range},
    {"--out", "FILE", "the results, as CSV, in the order of the points", COMMAND_TEXT, COMMAND_AT(settings, out)},
    {"--picture", "FILE", "the map, as PNG", COMMAND_TEXT, COMMAND_AT(settings, picture)},
};

static const sample about = {
    .name = "sweep",
    .summary = "Follows the Brusselator, a chemical oscillator, at each point (a, b) of a grid, and draws a map of\n"
               "where it oscillates, and how fast. GRID.csv has lines a,b.",
    .operands = "[GRID.csv]",
    .most_operands = 1,
    SAMPLE_OPTIONS(options),
};

static int open_solver(dmap_context *ctx) {
    brusselator *solver = brusselator_open();
    dmap_set_local(ctx, solver);
    return solver ? 0 : dmap_fail(ctx, 1, "out of memory for the solver");
}

static void close_solver(dmap_context *ctx) {
    brusselator_close(dmap_local(ctx));
}

static int follow(dmap_context *ctx, const void *item, void *result) {
    const point *p = item;
    const char *error = brusselator_follow(dmap_local(ctx), *p, result);
    return error ? dmap_fail(ctx, 1, "a = %g, b = %g: %s", p->a, p->b, error) : 0;
}

DMAP_TASK(sweep_follow, .run = follow, .item_size = sizeof(point), .result_size = sizeof(orbit), .setup = open_solver,
          .teardown = close_solver);

typedef struct work {
    const settings *settings;
    grid grid;
    orbit *orbits, *serial_orbits;
} work;

static int map(dmap_pool *pool, void *arg) {
    work *w = arg;
    if (dmap_map(pool, &sweep_follow, dmap_array(w->grid.points, w->grid.count), dmap_into(w->orbits),
                 &w->settings->common.map) != DMAP_OK)
        return sample_fail(&about, "%s", dmap_error(pool));
    return 0;
}

static int follow_serially(void *arg) {
    work *w = arg;
    brusselator *solver = brusselator_open();
    const char *error = solver ? NULL : "out of memory for the solver";
    for (size_t i = 0; !error && i < w->grid.count; i++)
        error = brusselator_follow(solver, w->grid.points[i], &w->serial_orbits[i]);
    brusselator_close(solver);
    return error ? sample_fail(&about, "%s", error) : 0;
}

static bool check(void *arg, char *text, size_t size) {
    const work *w = arg;
    return theory_agrees(&w->grid, w->orbits, text, size);
}

static int write_files(void *arg) {
    const work *w = arg;
    const settings *s = w->settings;
    char error[512];
    if (grid_write(s->out, &w->grid, w->orbits, error, sizeof error) != 0 ||
        phase_map_draw(s->picture, &w->grid, w->orbits, error, sizeof error) != 0)
        return sample_fail(&about, "%s", error);
    printf("%zu points in %s, drawn in %s\n", w->grid.count, s->out, s->picture);
    return 0;
}

static int sweep(dmap_pool *pool, work *w) {
    static const sample_work steps = {
        .map = map, .serial = follow_serially, .check = check, .print = write_files, .items = "points"};
    w->orbits = calloc(w->grid.count, 2 * sizeof *w->orbits);
    if (!w->orbits)
        return sample_fail(&about, "out of memory for the results");
    w->serial_orbits = w->orbits + w->grid.count;
    return sample_do(&about, &w->settings->common, pool, &steps, w);
}

static int run(dmap_pool *pool, int argc, char **argv) {
    settings s = defaults;
    work w = {.settings = &s};
    char error[512] = "out of memory for the grid";
    int code;
    if (!sample_begin(&about, argc, argv, &s.common, &code))
        return code;
    code = s.common.n_operands > 0
               ? grid_read(s.common.operands[0], &w.grid, error, sizeof error)
               : grid_lay_out((point){s.a[0], s.b[0]}, (point){s.a[1], s.b[1]}, s.size[0], s.size[1], &w.grid);
    code = code == 0 ? sweep(pool, &w) : sample_fail(&about, "%s", error);
    grid_free(&w.grid);
    free(w.orbits); /* both */
    return code;
}

int main(int argc, char **argv) {
    settings s = defaults;
    return sample_main(&about, argc, argv, &s.common, run);
}
