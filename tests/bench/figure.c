/* Figures. A repetition takes all peers in turn, beginning with another one each time, so that what else the machine
 * does hits all alike. */
#include "figure.h"

#include <math.h>
#include <string.h>

#include "peers.h"

#define SLOW_S      0.2 /* a run that takes longer, of a manager */
#define STUCK_S     1.0 /* of any other */
#define LEAST_TASKS 200

static bool takes_part(const bench_figure *figure, const bench_peer *peer) {
    if (figure->only && strncmp(peer->name, figure->only, strlen(figure->only)) != 0)
        return false;
    if (figure->hog && peer == &bench_bare_loop)
        return false;
    if (peer == &bench_ideal_split)
        return figure->hog;
    return peer->shapes & BENCH_BIT(figure->work.shape);
}

void bench_figure_init(bench_figure *figure) {
    for (int i = 0; bench_peers[i]; i++) {
        const bench_peer *peer = bench_peers[i];
        if (!takes_part(figure, peer))
            continue;
        bench_line *line = &figure->lines[figure->n_lines++];
        *line = (bench_line){.peer = peer, .divisor = 1, .refused = peer->missing ? peer->missing() : NULL};
        for (int r = 0; r < BENCH_MOST_REPEATS; r++)
            line->values[r] = NAN;
    }
}

bool bench_line_run(bench_drive *drive, bench_line *line, bench_work *work, bench_timing *timing) {
    work->tasks = work->tasks > line->divisor ? work->tasks / line->divisor : 1;
    bool right = bench_drive_run(drive, line->peer, work, timing);
    line->tasks = work->tasks;
    if (!right && line->peer->command)
        line->refused = "failed, or took over a minute";
    else if (!right)
        drive->failed = true;
    else if (timing->best > (line->peer->idle_cores ? SLOW_S : STUCK_S) && work->tasks > LEAST_TASKS)
        line->divisor *= 4;
    return right;
}

static void run_line(bench_drive *drive, bench_figure *figure, bench_line *line, int repeat) {
    bench_work work = figure->work;
    bench_timing timing;
    struct dmap_process *hog = NULL;
    if (line->refused)
        return;
    if (figure->hog && line->peer->role != BENCH_LIMIT && !(hog = bench_hog_start(drive->cores - 1)))
        drive->failed = true;
    else if (bench_line_run(drive, line, &work, &timing))
        line->values[repeat] = figure->value(&work, &timing, drive->cores);
    if (hog)
        bench_hog_end(hog);
}

void bench_figure_repeat(bench_drive *drive, bench_figure *figure, int repeat) {
    drive->runs = figure->runs;
    drive->warmups = figure->warmups;
    for (int i = 0; i < figure->n_lines && !drive->failed; i++)
        run_line(drive, figure, &figure->lines[(i + repeat) % figure->n_lines], repeat);
    figure->repeats = repeat + 1;
}
