/* Why and how a run stops. */
#include "run/engine.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

uint64_t run_engine_total(const run_engine *engine) {
    return engine->inputs_ended ? engine->seq : engine->total;
}

void run_engine_stop(run_engine *engine, run_stop why, bool now) {
    if (engine->stop == RUN_STOP_NOT || (now && !engine->stop_now && why == RUN_STOP_SIGNAL))
        engine->stop = why;
    engine->stop_now = engine->stop_now || now;
    dmap_drain(engine->pool);
}

void run_engine_stop_until(run_engine *engine) {
    time_t until = (time_t)engine->until_s;
    struct tm tm;
    char when[32], left[40] = "the rest of the input";
    uint64_t total = run_engine_total(engine);
    run_engine_stop(engine, RUN_STOP_UNTIL, false);
    strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", localtime_r(&until, &tm));
    if (total != UINT64_MAX)
        snprintf(left, sizeof left, "%llu", (unsigned long long)(total - engine->resumed - engine->ended));
    run_bar_hide(&engine->bar);
    if (!engine->options->quiet)
        fprintf(stderr, "dmap run: no more jobs are started: the time is over at %s; %s left, %zu of them running\n",
                when, left, engine->jobs.n_out);
}

void run_engine_fail(run_engine *engine, const char *sentence) {
    if (engine->stop != RUN_STOP_ERROR && sentence != engine->error)
        snprintf(engine->error, sizeof engine->error, "%s", sentence);
    if (engine->stop != RUN_STOP_SIGNAL)
        engine->stop = RUN_STOP_ERROR;
    run_engine_stop(engine, RUN_STOP_ERROR, true);
}

void run_engine_look_at_output(run_engine *engine) {
    const run_printer *printer = &engine->printer;
    if (printer->state == RUN_PRINT_CLOSED)
        run_engine_stop(engine, RUN_STOP_CLOSED, true);
    else if (printer->state == RUN_PRINT_INTERRUPTED)
        run_engine_stop(engine, RUN_STOP_SIGNAL, true);
    else if (printer->state == RUN_PRINT_FAILED)
        run_engine_fail(engine, printer->error);
    else if (engine->results && run_results_error(engine->results)[0])
        run_engine_fail(engine, run_results_error(engine->results));
    else if (engine->order.store.spool.error[0])
        run_engine_fail(engine, engine->order.store.spool.error);
    else
        run_engine_fail(engine, "output was lost");
}
