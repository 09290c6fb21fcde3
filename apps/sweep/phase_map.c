/* The points are sorted into cells, a cell a column (a value of a) and row (a value of b). A pixel is the mean of a few
 * samples; at a sample the four cells around it vote on the fate, the louder the clearer theirs is, and those that won
 * give the height: so regions have smooth insides and sharp edges. */
#include "phase_map.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "colours.h"
#include "frame.h"
#include "png_file.h"

enum { ACROSS = 960, MOST_CELLS = 100000000, SAMPLES = 2, TICKS = 5, TICK_ROOM = 90 };
enum { BAR_WIDTH = 28, BAR_HEIGHT = 150, BAR_STEP = 240, TEXT = 14 }; /* of the legend */

typedef struct axis {
    double *values; /* ascending, each once */
    size_t count;
} axis;

typedef struct cell {
    fate fate;
    float vote;   /* for a cycle above 0, for rest below */
    float height; /* logarithm of the time, to base 2 */
} cell;

typedef struct phase_map {
    axis a, b;
    cell *cells;            /* row by row, from below */
    double low[3], high[3]; /* heights, by fate */
    size_t pixels;          /* of a cell's side */
} phase_map;

static int compare(const void *one, const void *other) {
    double x = *(const double *)one, y = *(const double *)other;
    return x < y ? -1 : x > y;
}

/* The values of member `which` (0: a, 1: b) of the points. Returns 0, or -1 if memory is out. */
static int make_axis(const grid *g, int which, axis *x) {
    x->values = malloc(g->count * sizeof *x->values);
    if (!x->values)
        return -1;
    for (size_t i = 0; i < g->count; i++)
        x->values[i] = which == 0 ? g->points[i].a : g->points[i].b;
    qsort(x->values, g->count, sizeof *x->values, compare);
    for (size_t i = 0; i < g->count; i++)
        if (x->count == 0 || x->values[i] > x->values[x->count - 1])
            x->values[x->count++] = x->values[i];
    return 0;
}

static size_t find(const axis *x, double value) {
    const double *found = bsearch(&value, x->values, x->count, sizeof value, compare);
    return (size_t)(found - x->values);
}

static void fill(phase_map *m, const grid *g, const orbit *orbits) {
    for (int f = 0; f < 3; f++) {
        m->low[f] = INFINITY;
        m->high[f] = -INFINITY;
    }
    for (size_t i = 0; i < g->count; i++) {
        const orbit *o = &orbits[i];
        cell *c = &m->cells[find(&m->b, g->points[i].b) * m->a.count + find(&m->a, g->points[i].a)];
        double vote = fmin(fmax(fabs(o->growth), 0.05), 0.5);
        *c = (cell){o->fate, (float)(o->fate == FATE_CYCLE ? vote : -vote), (float)log2(fmax(o->time, 1e-30))};
        m->low[o->fate] = fmin(m->low[o->fate], c->height);
        m->high[o->fate] = fmax(m->high[o->fate], c->height);
    }
}

/* The four cells around a place, and how near they are. */
typedef struct corner {
    const cell *cell;
    double weight;
} corner;

static void find_corners(const phase_map *m, double x, double y, corner corners[4]) {
    double right = fmin(fmax(x - 0.5, 0.0), (double)(m->a.count - 1));
    double up = fmin(fmax(y - 0.5, 0.0), (double)(m->b.count - 1));
    size_t column = (size_t)right, row = (size_t)up;
    for (size_t i = 0; i < 4; i++) {
        size_t across = i % 2, above = i / 2;
        double wide = across ? right - (double)column : 1.0 - (right - (double)column);
        double high = above ? up - (double)row : 1.0 - (up - (double)row);
        size_t c = column + across < m->a.count ? column + across : column;
        size_t r = row + above < m->b.count ? row + above : row;
        corners[i] = (corner){&m->cells[r * m->a.count + c], wide * high};
    }
}

/* Adds the colour at a place, in cells from the lower left corner. */
static void add_sample(const phase_map *m, double x, double y, double rgb[3]) {
    corner corners[4];
    double vote = 0.0, known = 0.0, won_weight = 0.0, sum = 0.0;
    find_corners(m, x, y, corners);
    for (int i = 0; i < 4; i++) {
        vote += corners[i].weight * corners[i].cell->vote;
        known += corners[i].cell->fate == FATE_NONE ? 0.0 : corners[i].weight;
    }
    fate won = known < 0.5 ? FATE_NONE : vote > 0.0 ? FATE_CYCLE : FATE_REST;
    for (int i = 0; i < 4; i++) {
        double weight = corners[i].cell->fate == won ? corners[i].weight : 0.0;
        won_weight += weight;
        sum += weight * corners[i].cell->height;
    }
    double height = sum / won_weight, range = fmax(m->high[won] - m->low[won], 1.0);
    colours_add(won, (height - m->low[won]) / range, 2.0 * height - floor(2.0 * height), rgb);
}

static void draw_row(const phase_map *m, size_t row, uint8_t *bytes) {
    double pixels = (double)m->pixels, height = (double)(m->b.count * m->pixels);
    for (size_t i = 0; i < m->a.count * m->pixels; i++) {
        double rgb[3] = {0};
        for (int s = 0; s < SAMPLES * SAMPLES; s++) {
            double x = (double)i + (s % SAMPLES + 0.5) / SAMPLES, y = (double)row + (s / SAMPLES + 0.5) / SAMPLES;
            add_sample(m, x / pixels, (height - y) / pixels, rgb);
        }
        for (size_t c = 0; c < 3; c++)
            bytes[3 * i + c] = (uint8_t)(rgb[c] / (SAMPLES * SAMPLES) + 0.5);
    }
}

/* ---- the frame ---- */

static size_t legend_x(const frame *f) {
    return FRAME_LEFT + f->width + 28;
}

/* The bar of a fate: where it begins. */
static size_t bar_y(fate of) {
    return FRAME_TOP + (of == FATE_CYCLE ? 0 : BAR_STEP) + 2 * TEXT;
}

static void add_legend(const phase_map *m, frame *f, fate of, const char *title) {
    if (m->low[of] > m->high[of])
        return;
    frame_text(f, legend_x(f), bar_y(of) - 2 * TEXT, title);
    for (size_t i = 0; i <= 2; i++) {
        char text[24];
        snprintf(text, sizeof text, "%.4g", exp2(m->high[of] + (m->low[of] - m->high[of]) * (double)i / 2));
        frame_text(f, legend_x(f) + BAR_WIDTH + 10, bar_y(of) + i * (BAR_HEIGHT - TEXT) / 2, text);
    }
}

static void add_ticks(const phase_map *m, frame *f, const axis *x, void (*tick)(frame *f, size_t at, double value)) {
    size_t most = 1 + x->count * m->pixels / TICK_ROOM, ticks = most < TICKS ? most : TICKS;
    ticks = x->count < ticks ? x->count : ticks;
    for (size_t i = 0; i < ticks; i++) {
        size_t step = ticks > 1 ? i * (x->count - 1) / (ticks - 1) : 0;
        tick(f, step * m->pixels + m->pixels / 2, x->values[step]);
    }
}

static void make_frame(const phase_map *m, frame *f) {
    *f = (frame){.width = m->a.count * m->pixels, .height = m->b.count * m->pixels};
    add_ticks(m, f, &m->a, frame_tick_right);
    add_ticks(m, f, &m->b, frame_tick_up);
    frame_text(f, FRAME_LEFT + f->width / 2, FRAME_TOP + f->height + 3 * TEXT, "a");
    frame_text(f, TEXT, FRAME_TOP + f->height / 2, "b");
    add_legend(m, f, FATE_CYCLE, "cycle: period");
    add_legend(m, f, FATE_REST, "rest: time");
}

static void draw_bar(const phase_map *m, const frame *f, fate of, size_t row, uint8_t *bytes) {
    double rgb[3] = {0}, height = 1 - ((double)row - (double)bar_y(of)) / BAR_HEIGHT;
    if (m->low[of] > m->high[of] || row < bar_y(of) || row >= bar_y(of) + BAR_HEIGHT)
        return;
    colours_add(of, height, 0.5, rgb);
    for (size_t i = 0; i < 3 * BAR_WIDTH; i++)
        bytes[3 * legend_x(f) + i] = (uint8_t)(rgb[i % 3] + 0.5);
}

static void draw_framed_row(const phase_map *m, const frame *f, size_t row, uint8_t *bytes) {
    memset(bytes, 0xff, 3 * frame_width(f));
    if (row >= FRAME_TOP && row < FRAME_TOP + f->height)
        draw_row(m, row - FRAME_TOP, bytes + 3 * (size_t)FRAME_LEFT);
    draw_bar(m, f, FATE_CYCLE, row, bytes);
    draw_bar(m, f, FATE_REST, row, bytes);
    frame_draw(f, row, bytes);
}

static int write_picture(const char *path, const phase_map *m, char *error, size_t error_size) {
    frame f;
    make_frame(m, &f);
    size_t width = frame_width(&f), height = frame_height(&f);
    png_file *file = png_file_create(path, (uint32_t)width, (uint32_t)height);
    uint8_t *bytes = malloc(3 * width);
    int code = file && bytes && png_file_error(file)[0] == '\0' ? 0 : -1;
    for (size_t row = 0; code == 0 && row < height; row++) {
        draw_framed_row(m, &f, row, bytes);
        code = png_file_row(file, bytes);
    }
    if (code == 0)
        code = png_file_finish(file);
    if (code != 0)
        snprintf(error, error_size, "%s", file && bytes ? png_file_error(file) : "out of memory for the picture");
    png_file_close(file);
    free(bytes);
    return code;
}

int phase_map_draw(const char *path, const grid *g, const orbit *orbits, char *error, size_t error_size) {
    phase_map m = {0};
    int code = -1;
    if (make_axis(g, 0, &m.a) != 0 || make_axis(g, 1, &m.b) != 0)
        snprintf(error, error_size, "out of memory for the picture");
    else if (m.a.count > MOST_CELLS / m.b.count)
        snprintf(error, error_size, "the points span %zu columns and %zu rows: too many for a picture", m.a.count,
                 m.b.count);
    else if (!(m.cells = calloc(m.a.count * m.b.count, sizeof *m.cells)))
        snprintf(error, error_size, "out of memory for the picture");
    else {
        size_t longer = m.a.count > m.b.count ? m.a.count : m.b.count;
        m.pixels = longer < ACROSS ? ACROSS / longer : 1;
        fill(&m, g, orbits);
        code = write_picture(path, &m, error, error_size);
    }
    free(m.a.values);
    free(m.b.values);
    free(m.cells);
    return code;
}
