/* The picture has a bounded size, however long the trace is: a row has COLUMNS columns, each as dark as the worker was
 * busy in it, and neighbours of one shade are one rectangle. Lengths are points of 1/72 inch: it fits on A4. */
#include "trace_draw.h"

#include <inttypes.h>
#include <math.h>

enum { COLUMNS = 400, SHADES = 10, POINTS = 100, MOST_BORDERS = 60, LEFT = 110, WIDTH = 400, CURVE = 80, TOP = 14 };

static double part_of(const trace_track *track, const trace *t, int i, int n) {
    double step = t->seconds / n;
    return step > 0 ? trace_busy_s(track, i * step, (i + 1) * step) / step : 0;
}

static double all_parts(const trace *t, int i, int n) {
    double sum = 0;
    for (size_t k = 0; k < t->n_tracks; k++)
        sum += t->tracks[k].is_worker ? part_of(&t->tracks[k], t, i, n) : 0;
    return sum / (double)t->n_workers;
}

/* ---- the picture ---- */

static void text(FILE *to, double x, double y, const char *anchor, const char *words, size_t size) {
    fprintf(to, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    for (size_t i = 0; i < size; i++)
        if (words[i] == '<' || words[i] == '>' || words[i] == '&')
            fprintf(to, "&#%d;", words[i]);
        else
            fputc(words[i] >= ' ' && words[i] < 0x7f ? words[i] : '?', to);
    fputs("</text>\n", to);
}

static void row(FILE *to, const trace *t, const trace_track *track, double y, double height) {
    int begin = 0, shade = 0;
    fprintf(to, "<rect x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" fill=\"#eee\"/>\n", LEFT, y, WIDTH, height);
    for (int i = 0; i <= COLUMNS; i++) {
        int next = i < COLUMNS ? (int)ceil(part_of(track, t, i, COLUMNS) * SHADES - 1e-6) : -1;
        if (next == shade)
            continue;
        if (shade > 0)
            fprintf(
                to,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#1b4f8a\" fill-opacity=\"%.2f\"/>\n",
                LEFT + (double)begin * WIDTH / COLUMNS, y, (double)(i - begin) * WIDTH / COLUMNS, height,
                (double)shade / SHADES);
        begin = i;
        shade = next;
    }
}

/* Where each slice begins, while they are few enough to be told apart. */
static void borders(FILE *to, const trace *t, const trace_track *track, double y, double height) {
    for (size_t i = 1; i < track->n_slices && track->n_slices <= MOST_BORDERS; i++) {
        double x = LEFT + track->slices[i].begin_s / t->seconds * WIDTH;
        fprintf(to, "<line x1=\"%.2f\" y1=\"%.1f\" x2=\"%.2f\" y2=\"%.1f\" stroke=\"#fff\" stroke-width=\"0.5\"/>\n", x,
                y, x, y + height);
    }
}

/* 1, 2 or 5 times a power of ten: four to ten of them in the whole. */
static double tick_of(double seconds) {
    double power = pow(10, floor(log10(seconds / 4)));
    double times = seconds / 4 / power;
    return power * (times >= 5 ? 5 : times >= 2 ? 2 : 1);
}

static void axis(FILE *to, const trace *t, double top, double bottom) {
    char label[40];
    double tick = t->seconds > 0 ? tick_of(t->seconds) : 1;
    for (int i = 0; i * tick <= t->seconds * (1 + 1e-9); i++) {
        double x = LEFT + (t->seconds > 0 ? i * tick / t->seconds * WIDTH : 0);
        int n = snprintf(label, sizeof label, "%g s", i * tick);
        fprintf(to, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#999\" stroke-width=\"0.3\"/>\n", x,
                top, x, bottom + 3);
        text(to, x, bottom + 12, "middle", label, (size_t)n);
    }
}

static void curve(FILE *to, const trace *t, double top) {
    fprintf(to, "<polygon fill=\"#1b4f8a\" fill-opacity=\"0.5\" points=\"%d,%.1f", LEFT, top + CURVE);
    for (int i = 0; i < POINTS; i++) {
        double y = top + CURVE * (1 - fmin(all_parts(t, i, POINTS), 1));
        fprintf(to, " %.1f,%.1f %.1f,%.1f", LEFT + (double)i * WIDTH / POINTS, y,
                LEFT + (double)(i + 1) * WIDTH / POINTS, y);
    }
    fprintf(to, " %d,%.1f\"/>\n", LEFT + WIDTH, top + CURVE);
    fprintf(
        to,
        "<rect x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#666\" stroke-width=\"0.5\"/>\n",
        LEFT, top, WIDTH, CURVE);
    text(to, LEFT - 4, top + 7, "end", "100%", 4);
    text(to, LEFT - 4, top + CURVE / 2.0 + 3, "end", "workers that run items", 22);
    text(to, LEFT - 4, top + CURVE, "end", "0%", 2);
}

/* Rows are as high as a line of text, while they are few. */
static double row_height(const trace *t) {
    return t->n_workers <= 40 ? 10 : fmax(400.0 / (double)t->n_workers, 0.5);
}

void trace_draw_svg(const trace *t, FILE *to) {
    double height = row_height(t), y = TOP;
    size_t n_ranks = t->n_tracks - t->n_workers;
    bool is_named = height >= 10;
    double rows = (double)t->n_workers * height + (is_named ? 10.0 * (double)n_ranks : 0);
    double bottom = TOP + rows + 10 + CURVE;
    fprintf(to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%dpt\" height=\"%.0fpt\" viewBox=\"0 0 %d %.0f\" "
            "font-family=\"sans-serif\" font-size=\"8\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
            LEFT + WIDTH + 20, bottom + 18, LEFT + WIDTH + 20, bottom + 18);
    for (size_t i = 0; i < t->n_tracks; i++) {
        const trace_track *track = &t->tracks[i];
        if (is_named)
            text(to, LEFT - 4, y + 8, "end", track->name, track->name_size < 26 ? track->name_size : 26);
        if (track->is_worker) {
            row(to, t, track, y + (is_named ? 1 : 0), is_named ? height - 2 : height);
            borders(to, t, track, y + (is_named ? 1 : 0), is_named ? height - 2 : height);
        }
        y += track->is_worker ? height : is_named ? 10 : 0;
    }
    curve(to, t, TOP + rows + 10);
    axis(to, t, TOP, bottom);
    fputs("</svg>\n", to);
}

/* ---- numbers ---- */

/* A name in quotes, with those in it doubled. */
static void quoted(FILE *to, const char *name, size_t size) {
    fputc('"', to);
    for (size_t i = 0; i < size; i++) {
        if (name[i] == '"')
            fputc('"', to);
        fputc(name[i], to);
    }
    fputc('"', to);
}

void trace_write_csv(const trace *t, FILE *to) {
    int rank = -1, worker = -1;
    fputs("rank,worker,begin_s,end_s,items,what\n", to);
    for (size_t i = 0; i < t->n_tracks; i++) {
        const trace_track *track = &t->tracks[i];
        rank += track->is_rank;
        worker = track->is_rank ? -1 : worker + 1;
        for (size_t k = 0; k < track->n_slices; k++) {
            const trace_slice *s = &track->slices[k];
            fprintf(to, "%d,%d,%.9f,%.9f,%" PRIu64 ",", rank, worker, s->begin_s, s->end_s, s->items);
            quoted(to, s->name, s->name_size);
            fputc('\n', to);
        }
    }
}

void trace_write_curve(const trace *t, FILE *to) {
    fputs("begin_s,end_s,busy_percent\n", to);
    for (int i = 0; i < POINTS; i++)
        fprintf(to, "%.9f,%.9f,%.3f\n", t->seconds * i / POINTS, t->seconds * (i + 1) / POINTS,
                100 * all_parts(t, i, POINTS));
}

void trace_print(const trace *t, FILE *to) {
    fprintf(to, "%-30s %10s %8s %7s\n", "", "items", "slices", "busy");
    for (size_t i = 0; i < t->n_tracks; i++) {
        const trace_track *track = &t->tracks[i];
        uint64_t items = 0;
        for (size_t k = 0; k < track->n_slices; k++)
            items += track->slices[k].items;
        double busy = t->seconds > 0 ? 100 * trace_busy_s(track, 0, t->seconds) / t->seconds : 0;
        if (track->is_worker)
            fprintf(to, "  %-28.*s %10" PRIu64 " %8zu %6.1f%%\n", (int)track->name_size, track->name, items,
                    track->n_slices, busy);
        else
            fprintf(to, "%.*s\n", (int)track->name_size, track->name);
    }
    fprintf(to, "%zu workers in %.6g s: %.1f%% busy\n", t->n_workers, t->seconds,
            t->seconds > 0 ? 100 * all_parts(t, 0, 1) : 0);
}
