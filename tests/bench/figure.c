/* Statistics of figures, and null items. A repetition takes all peers in turn, beginning with another one each time, so
 * that what else the machine does hits all alike; ratios are taken within a repetition before their median is. */
#include "figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "peers.h"

#define SLOW_S      0.2 /* a run that takes longer */
#define LEAST_TASKS 200

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bench_spread bench_spread_of(const double *values, int n) {
    double sorted[BENCH_MOST_REPEATS];
    bench_spread s = {.n = 0, .median = NAN, .least = NAN, .most = NAN};
    for (int i = 0; i < n; i++)
        if (!isnan(values[i]))
            sorted[s.n++] = values[i];
    if (!s.n)
        return s;
    qsort(sorted, (size_t)s.n, sizeof *sorted, compare);
    s.median = s.n % 2 ? sorted[s.n / 2] : (sorted[s.n / 2 - 1] + sorted[s.n / 2]) / 2;
    s.least = sorted[0];
    s.most = sorted[s.n - 1];
    return s;
}

bench_spread bench_figure_ratio(const bench_figure *figure, const bench_line *line) {
    double ratios[BENCH_MOST_REPEATS];
    const bench_line *base = NULL;
    for (int i = 0; i < figure->n_lines; i++)
        if (figure->lines[i].peer->is_dmap && figure->lines[i].peer->ranks == line->peer->ranks)
            base = &figure->lines[i];
    for (int r = 0; r < figure->repeats; r++) {
        double ratio = base ? line->values[r] / base->values[r] : NAN;
        ratios[r] = figure->more_is_better ? 1 / ratio : ratio;
    }
    return bench_spread_of(ratios, figure->repeats);
}

void bench_figure_init(bench_figure *figure) {
    for (int i = 0; bench_peers[i]; i++) {
        const bench_peer *peer = bench_peers[i];
        bool named = !figure->only || strncmp(peer->name, figure->only, strlen(figure->only)) == 0;
        if (!named || !(peer->shapes & 1u << figure->shape))
            continue;
        bench_line *line = &figure->lines[figure->n_lines++];
        *line = (bench_line){.peer = peer, .divisor = 1};
        for (int r = 0; r < BENCH_MOST_REPEATS; r++)
            line->values[r] = NAN;
    }
}

double bench_line_run(bench_drive *drive, bench_line *line, bench_work *work) {
    work->tasks = work->tasks > line->divisor ? work->tasks / line->divisor : 1;
    double seconds = bench_drive_run(drive, line->peer, work);
    line->tasks = work->tasks;
    if (line->peer->idle_cores && seconds > SLOW_S && work->tasks > LEAST_TASKS)
        line->divisor *= 4;
    return seconds;
}

void bench_null_repeat(bench_drive *drive, bench_figure *figure, int repeat, uint64_t tasks) {
    for (int i = 0; i < figure->n_lines; i++) {
        bench_line *line = &figure->lines[(i + repeat) % figure->n_lines];
        bench_work work = {.shape = figure->shape, .tasks = tasks};
        double seconds = bench_line_run(drive, line, &work);
        line->values[repeat] = seconds > 0 ? (double)work.tasks / seconds : NAN;
    }
    figure->repeats = repeat + 1;
}
