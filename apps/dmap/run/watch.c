/* What is looked at from time to time while jobs run: signals, the time, the bar. */
#include <stdio.h>

#include "run/control/signals.h"
#include "run/base/clock.h"
#include "run/engine.h"

/* A second HUP is not needed to stop: TERM does. */
void run_watch_signals(run_engine *engine) {
    if (run_signals_stop())
        run_engine_stop(engine, RUN_STOP_SIGNAL, true);
    else if (run_signals_drain() && engine->stop == RUN_STOP_NOT) {
        run_engine_stop(engine, RUN_STOP_SIGNAL, false);
        fprintf(stderr,
                "dmap run: SIGHUP received: no more jobs are started. Waiting for those that run; SIGTERM stops "
                "them.\n");
    }
    if (run_signals_take_list())
        run_summary_list_running(&engine->jobs, run_clock());
    if (run_signals_take_toggle())
        run_bar_toggle(&engine->bar);
}

/* Jobs that wait at the source are not asked for while all workers are busy. */
static void look_at_time(run_engine *engine) {
    if (engine->until_s > 0 && engine->stop == RUN_STOP_NOT && !engine->inputs_ended &&
        run_date() + run_median_get(engine->median) > engine->until_s)
        run_engine_stop_until(engine);
}

int run_watch_look(void *arg, const dmap_progress *progress) {
    run_engine *engine = arg;
    run_watch_signals(engine);
    run_sink_settle(engine, false);
    look_at_time(engine);
    run_bar_counts counts = {.total = run_engine_total(engine),
                             .ended = engine->ended + engine->resumed,
                             .resumed = engine->resumed,
                             .failed = engine->tally.failed,
                             .running = engine->jobs.n_out,
                             .seconds = progress->seconds};
    if (!engine->printer.is_inside_line) /* it would be drawn over */
        run_bar_draw(&engine->bar, &counts);
    return engine->stop_now;
}
