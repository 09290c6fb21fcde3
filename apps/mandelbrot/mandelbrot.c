/* Draws the Mandelbrot set over a dmap pool and writes it as a PNG.
 *
 * An item is a row, from dmap_range, so nothing is sent to a rank but ranges of numbers; what to draw travels once, by
 * dmap_share; the result is the row's bytes. Rows come back in order through dmap_each and go straight into the file,
 * so a picture of any height needs little memory. Each worker makes its palette once, in setup. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dmap/dmap.h>

#include "arguments.h"
#include "fractal.h"
#include "palette.h"
#include "png_file.h"

enum { EXIT_USAGE = 2 };

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

/* Where rows go: into the file, and with --check past a serial drawing of the same row. */
typedef struct picture {
    const view *view;
    png_file *file;
    palette palette;
    uint8_t *reference; /* a row; NULL: do not check */
    bool differs;
    uint64_t row; /* that differs */
} picture;

static int take_row(void *arg, const dmap_item_result *r) {
    picture *p = arg;
    if (p->reference) {
        fractal_row(p->view, &p->palette, r->index, p->reference);
        p->differs = memcmp(p->reference, r->data, r->size) != 0;
        p->row = r->index;
    }
    return p->differs ? -1 : png_file_row(p->file, r->data);
}

static int complain(const char *text) {
    fprintf(stderr, "mandelbrot: %s\n", text);
    return EXIT_FAILURE;
}

static void print_summary(dmap_pool *pool, const arguments *a) {
    dmap_report report;
    dmap_report_get(pool, &report);
    double pixels = (double)a->view.width * (double)a->view.height;
    printf("items       %llu rows of %u pixels%s\n", (unsigned long long)report.items, a->view.width,
           a->check ? ", each equal to a serial drawing" : "");
    printf("seconds     %.3f\n", report.seconds);
    printf("items/s     %.1f (%.2f million pixels/s)\n", (double)report.items / report.seconds,
           pixels / report.seconds / 1e6);
    printf("workers     %d on %d %s\n", report.workers, report.ranks, report.ranks == 1 ? "rank" : "ranks");
    printf("efficiency  %.1f %%\n", 100.0 * report.efficiency);
    printf("picture     %s\n", a->out);
}

static int draw(dmap_pool *pool, const arguments *a, picture *p) {
    dmap_status status = dmap_share(pool, &a->view, sizeof a->view);
    if (status == DMAP_OK)
        status = dmap_map(pool, &mandelbrot_row, dmap_range(0, a->view.height), dmap_each(take_row, p), &a->map);
    if (p->differs) {
        fprintf(stderr, "mandelbrot: row %llu differs from a serial drawing\n", (unsigned long long)p->row);
        return EXIT_FAILURE;
    }
    if (png_file_error(p->file)[0] == '\0' && status != DMAP_OK)
        return complain(dmap_error(pool));
    if (png_file_finish(p->file) != 0)
        return complain(png_file_error(p->file));
    print_summary(pool, a);
    return EXIT_SUCCESS;
}

static int open_and_draw(dmap_pool *pool, const arguments *a) {
    picture p = {.view = &a->view, .file = png_file_create(a->out, a->view.width, a->view.height)};
    int code;
    palette_init(&p.palette);
    p.reference = a->check ? malloc(3 * (size_t)a->view.width) : NULL;
    if (!p.file || (a->check && !p.reference))
        code = complain("out of memory");
    else if (png_file_error(p.file)[0])
        code = complain(png_file_error(p.file));
    else
        code = draw(pool, a, &p);
    png_file_close(p.file);
    free(p.reference);
    return code;
}

static int run(dmap_pool *pool, int argc, char **argv) {
    arguments a;
    char error[512];
    if (arguments_parse(argc, argv, &a, error, sizeof error) != 0) {
        complain(error);
        return EXIT_USAGE;
    }
    if (a.help) {
        arguments_print_help();
        return EXIT_SUCCESS;
    }
    return open_and_draw(pool, &a);
}

int main(int argc, char **argv) {
    arguments a;
    char error[512];
    /* A bad command line opens a default pool, so that one sentence is said, by the master. */
    bool good = arguments_parse(argc, argv, &a, error, sizeof error) == 0;
    return dmap_run(argc, argv, run, good ? &a.pool : NULL);
}
