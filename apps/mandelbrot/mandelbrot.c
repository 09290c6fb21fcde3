/* Draws the Mandelbrot set over a dmap pool and writes it as a PNG.
 *
 * An item is a row, from dmap_range, so nothing is sent to a rank but ranges of numbers; what to draw travels once, by
 * dmap_share; the result is the row's bytes. Rows come back in order through dmap_each and go straight into the file,
 * so a picture of any height needs little memory. Each worker makes its palette once, in setup. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"
#include "sample.h"
#include "scene.h"

typedef struct settings {
    sample_settings common;
    scene_wish wish;
    const char *out;
} settings;

static const settings defaults = {.wish = {.size = {3840, 2160}, .center = "-0.65,0", .zoom = 1.0, .samples = 2},
                                  .out = "mandelbrot.png"};

static const command_option options[] = {
    {"--size", "WxH", "pixels, each 1 to 1000000 (3840x2160)", COMMAND_OWN, COMMAND_AT(settings, wish.size),
     .read = scene_read_size},
    {"--center", "X,Y", "the point in the middle, with any number of digits, each -10 to 10 (-0.65,0)", COMMAND_OWN,
     COMMAND_AT(settings, wish.center), .read = scene_read_center},
    {"--zoom", "Z", "how many times enlarged", COMMAND_REAL, COMMAND_AT(settings, wish.zoom), .low = 0.001,
     .high = 1e140},
    {"--iterations", "N", "before a point counts as inside; 0: 2000, and more when zoomed in deep", COMMAND_WHOLE,
     COMMAND_AT(settings, wish.iterations), .low = 0, .high = 1e9},
    {"--samples", "N", "a pixel is the mean of NxN points", COMMAND_WHOLE, COMMAND_AT(settings, wish.samples), .low = 1,
     .high = 16},
    {"--out", "FILE", "the picture", COMMAND_TEXT, COMMAND_AT(settings, out)},
};

static const sample about = {
    .name = "mandelbrot",
    .summary = "Draws the Mandelbrot set as a PNG, a row an item; zooms in to 1e140.",
    SAMPLE_OPTIONS(options),
};

static int make_palette(dmap_context *ctx) {
    palette *p = malloc(sizeof *p);
    if (!p)
        return dmap_fail(ctx, 1, "out of memory for the palette");
    palette_init(p);
    dmap_set_local(ctx, p);
    return 0;
}

static void free_palette(dmap_context *ctx) {
    free(dmap_local(ctx));
}

static int draw_row(dmap_context *ctx, const void *item, void *result) {
    const view *v = dmap_shared(ctx, NULL);
    uint64_t row;
    memcpy(&row, item, sizeof row);
    result = dmap_result(ctx, 3 * (size_t)v->width);
    if (!result)
        return dmap_fail(ctx, 1, "out of memory for a row of %u pixels", v->width);
    fractal_row(v, dmap_local(ctx), row, result);
    return 0;
}

DMAP_TASK(mandelbrot_row, .run = draw_row, .item_size = sizeof(uint64_t), .result_size = DMAP_VARIABLE,
          .setup = make_palette, .teardown = free_palette);

typedef struct work {
    const settings *settings;
    scene scene;
    picture picture, serial; /* the second goes nowhere but past the check */
} work;

static int take_row(void *arg, const dmap_item_result *r) {
    return picture_row(arg, r->index, r->data);
}

static int map(dmap_pool *pool, void *arg) {
    work *w = arg;
    dmap_status status = dmap_share(pool, w->scene.view, w->scene.size);
    if (status == DMAP_OK)
        status = dmap_map(pool, &mandelbrot_row, dmap_range(0, w->scene.view->height), dmap_each(take_row, &w->picture),
                          &w->settings->common.map);
    if (picture_error(&w->picture)[0])
        return sample_fail(&about, "%s", picture_error(&w->picture));
    return status == DMAP_OK ? 0 : sample_fail(&about, "%s", dmap_error(pool));
}

static int draw_serially(void *arg) {
    work *w = arg;
    if (picture_init(&w->serial, "/dev/null", w->scene.view) != 0 || picture_draw(&w->serial, w->scene.view) != 0)
        return sample_fail(&about, "the serial drawing: %s", picture_error(&w->serial));
    return 0;
}

static bool check(void *arg, char *text, size_t size) {
    const work *w = arg;
    int wrong = 0, points = w->scene.view->length > 0 ? scene_check(&w->scene, &wrong) : 0;
    uint64_t row = picture_compare(&w->picture, &w->serial), rows = w->scene.view->height;
    int used = row < rows ? snprintf(text, size, "row %llu differs from a serial drawing", (unsigned long long)row)
                          : snprintf(text, size, "each row equals a serial drawing");
    if (points > 0)
        snprintf(text + used, size - (size_t)used, "; of %d points %d have the count that MPFR's numbers give", points,
                 points - wrong);
    return row == rows && wrong == 0;
}

static int draw(dmap_pool *pool, work *w) {
    static const sample_work steps = {
        .map = map, .serial = draw_serially, .check = check, .check_is_serial = true, .items = "rows"};
    if (scene_init(&w->scene, &w->settings->wish) != 0)
        return sample_fail(&about, "out of memory for the center's orbit");
    if (picture_init(&w->picture, w->settings->out, w->scene.view) != 0)
        return sample_fail(&about, "%s", picture_error(&w->picture));
    int code = sample_do(&about, &w->settings->common, pool, &steps, w);
    if (code == 0 && picture_finish(&w->picture) != 0)
        return sample_fail(&about, "%s", picture_error(&w->picture));
    if (code == 0)
        printf("%u x %u pixels in %s\n", w->scene.view->width, w->scene.view->height, w->settings->out);
    return code;
}

static int run(dmap_pool *pool, int argc, char **argv) {
    settings s = defaults;
    int code;
    if (!sample_begin(&about, argc, argv, &s.common, &code))
        return code;
    work w = {.settings = &s};
    code = draw(pool, &w);
    picture_fini(&w.picture);
    picture_fini(&w.serial);
    scene_fini(&w.scene);
    return code;
}

int main(int argc, char **argv) {
    settings s = defaults;
    return sample_main(&about, argc, argv, &s.common, run);
}
