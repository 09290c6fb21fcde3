/* A figure as rows, one for each system. */
#include "figure.h"
#include "row.h"

bool bench_figure_record(const bench_figure *figure, FILE *out) {
    static const char *const places[BENCH_PLACES] = {"threads", "processes", "ranks"};
    static const char *const roles[] = {"dmap", "form", "peer", "limit"};
    bool done = true;
    for (int i = 0; i < figure->n_lines && done; i++) {
        const bench_line *line = &figure->lines[i];
        done = bench_row_write(
            &(bench_row){.figure = figure->name,
                         .title = figure->title,
                         .unit = figure->unit,
                         .more_is_better = figure->more_is_better,
                         .x_name = figure->x_name,
                         .x = figure->x,
                         .where = places[line->peer->place],
                         .system = line->peer->name,
                         .role = roles[line->peer->role],
                         .items = line->tasks,
                         .values = line->values,
                         .n_values = figure->repeats,
                         .note = line->fewer_cores ? "only the cores that work on items are counted" : NULL,
                         .refused = line->refused},
            out);
    }
    return done;
}
