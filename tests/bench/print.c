/* Figures as a table for people, and as JSON for programs. */
#include <math.h>

#include "figure.h"

static const char *place(const bench_line *line) {
    return line->peer->ranks ? "ranks" : "threads";
}

static void print_values(const bench_figure *figure, const bench_spread *s, FILE *out) {
    if (figure->more_is_better)
        fprintf(out, "%10.3g  %8.3g .. %-8.3g", s->median, s->least, s->most);
    else
        fprintf(out, "%10.1f  %8.1f .. %-8.1f", s->median, s->least, s->most);
}

static void print_line(const bench_figure *figure, const bench_line *line, FILE *out) {
    bench_spread values = bench_spread_of(line->values, figure->repeats), ratio = bench_figure_ratio(figure, line);
    fprintf(out, "%-8s %-20s %9llu ", place(line), line->peer->name, (unsigned long long)line->tasks);
    if (!values.n) {
        fprintf(out, "  refused: %s\n", line->refused ? line->refused : "no point above 50%, or none below");
        return;
    }
    print_values(figure, &values, out);
    if (ratio.n)
        fprintf(out, "%8.2f  %6.2f .. %-6.2f", ratio.median, ratio.least, ratio.most);
    if (values.n < figure->repeats)
        fprintf(out, " (%d of %d)", values.n, figure->repeats);
    fputs(line->fewer_cores ? " *\n" : "\n", out);
}

void bench_figure_print(const bench_figure *figure, FILE *out) {
    fprintf(out, "\n%s [%s]\n", figure->name, figure->unit);
    fprintf(out, "%-8s %-20s %9s %10s  %20s%9s  %s\n", "where", "system", "items", "median", "least .. most     ",
            "by dmap", "least .. most");
    for (int i = 0; i < figure->n_lines; i++)
        print_line(figure, &figure->lines[i], out);
}

static void json_spread(const char *name, const bench_spread *s, FILE *out) {
    if (s->n)
        fprintf(out, ", \"%s\": {\"n\": %d, \"median\": %.6g, \"least\": %.6g, \"most\": %.6g}", name, s->n, s->median,
                s->least, s->most);
}

static void json_line(const bench_figure *figure, const bench_line *line, FILE *out) {
    bench_spread values = bench_spread_of(line->values, figure->repeats), ratio = bench_figure_ratio(figure, line);
    fprintf(out, "    {\"where\": \"%s\", \"system\": \"%s\", \"items\": %llu, \"cores_not_counted\": %d", place(line),
            line->peer->name, (unsigned long long)line->tasks, line->fewer_cores ? line->peer->idle_cores : 0);
    json_spread("value", &values, out);
    json_spread("by_dmap", &ratio, out);
    if (line->refused)
        fprintf(out, ", \"refused\": \"%s\"", line->refused);
    fprintf(out, ", \"values\": [");
    for (int r = 0; r < figure->repeats; r++) {
        fprintf(out, r ? ", " : "");
        fprintf(out, isnan(line->values[r]) ? "null" : "%.6g", line->values[r]);
    }
    fprintf(out, "]}");
}

void bench_figure_json(const bench_figure *figure, FILE *out) {
    fprintf(out, "  {\"figure\": \"%s\", \"unit\": \"%s\", \"more_is_better\": %s, \"lines\": [\n", figure->name,
            figure->unit, figure->more_is_better ? "true" : "false");
    for (int i = 0; i < figure->n_lines; i++) {
        json_line(figure, &figure->lines[i], out);
        fprintf(out, i + 1 < figure->n_lines ? ",\n" : "\n");
    }
    fprintf(out, "  ]}");
}
