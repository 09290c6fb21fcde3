/* A worker's life: its spawner is made in its set-up, bound as the worker is, and lives as long as the worker. */
#include "run/job/task.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/command/no_shell.h"
#include "run/job/drive.h"
#include "run/job/inherited.h"
#include "run/job/shared.h"

/* The slot is the worker's for ever, so no two running jobs of a node have the same. */
static void describe(dmap_context *ctx, const run_shared *shared, spawner_birth *birth) {
    birth->slot = shared->first_slot + dmap_worker(ctx);
    birth->rank = dmap_rank(ctx);
    birth->run_pid = shared->run_pid;
    birth->nice = shared->nice;
    birth->limits_memory = shared->needs[RUN_NEED_MEMORY];
    birth->has_nice = shared->has_nice;
    if (sched_getaffinity(0, sizeof birth->cpus, (cpu_set_t *)(void *)&birth->cpus) == 0)
        run_cpus_write(&birth->cpus, birth->cpus_text, sizeof birth->cpus_text);
    for (int i = 0; i + 1 < shared->ending.n; i++)
        birth->grace_ms += shared->ending.steps[i].wait_ms;
    run_inherited_describe(birth);
    snprintf(birth->node, sizeof birth->node, "%s", shared->host);
    snprintf(birth->slot_variable, sizeof birth->slot_variable, "%s", shared->slot_variable);
    snprintf(birth->shell, sizeof birth->shell, "%s", shared->shell);
    snprintf(birth->directory, sizeof birth->directory, "%s", shared->directory);
}

static void free_worker(run_worker *worker) {
    run_spawner_close(worker->spawner);
    run_capture_fini(&worker->capture);
    run_text_free(&worker->command);
    run_text_free(&worker->share.variables);
    free(worker);
}

static int set_up(dmap_context *ctx) {
    char error[300];
    run_shared shared;
    run_worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return dmap_fail(ctx, 1, "out of memory");
    run_shared_read(dmap_shared(ctx, NULL), dmap_rank(ctx), &shared);
    worker->ending = shared.ending;
    describe(ctx, &shared, &worker->birth);
    worker->rule = shared.admission;
    worker->exported = shared.exported;
    worker->shows = shared.shows;
    worker->announces = shared.announces;
    worker->may_skip_shell = run_shell_is_usual(shared.shell);
    for (int i = 0; i < RUN_NEEDS; i++)
        worker->has_needs = worker->has_needs || shared.needs[i];
    if (!run_capture_init(&worker->capture, shared.output) || (worker->has_needs && !run_rank_ledger_open(&shared))) {
        free_worker(worker);
        return dmap_fail(ctx, 1, "out of memory");
    }
    worker->spawner = run_spawner_open(&worker->birth, worker->exported, error, sizeof error);
    if (!worker->spawner) {
        free_worker(worker);
        return dmap_fail(ctx, 1, "%s", error);
    }
    dmap_set_local(ctx, worker);
    return 0;
}

static void tear_down(dmap_context *ctx) {
    free_worker(dmap_local(ctx));
}

/* The command, with this worker's slot where {%} stood. */
static void fill_in_slot(run_worker *worker, const run_item *item) {
    char slot[16];
    size_t from = 0;
    snprintf(slot, sizeof slot, "%d", worker->birth.slot);
    run_text_clear(&worker->command);
    run_text_add(&worker->command, item->prefix, item->prefix_size);
    for (size_t i = 0; i < item->n_marks; i++) {
        run_text_add(&worker->command, item->command + from, item->marks[i] - from);
        run_text_add_string(&worker->command, slot);
        from = item->marks[i] + strlen("{%}");
    }
    run_text_add(&worker->command, item->command + from, item->command_size - from);
    run_text_add(&worker->command, "", 0);
}

/* Runs the job, if there is room for it. lack: why there never will be. */
static int run_with_needs(dmap_context *ctx, run_worker *worker, const run_item *item, run_result *result, char *lack,
                          size_t size) {
    int code = 0;
    run_share *share = &worker->share;
    *result = (run_result){.end = RUN_ENDED, .slot = worker->birth.slot, .output = {"", lack}};
    if (worker->has_needs)
        result->end = run_rank_ledger_take(ctx, item, &worker->birth.cpus, share, lack, size);
    result->size[1] = strlen(lack);
    if (result->end == RUN_ENDED && share->variables.broken)
        code = dmap_fail(ctx, 1, "out of memory");
    else if (result->end == RUN_ENDED && worker->has_needs)
        dmap_emit(ctx, "", 1); /* that it was taken */
    if (!code && result->end == RUN_ENDED)
        code = run_drive(worker, ctx, item, result);
    if (share->hold.holder)
        run_rank_ledger_give_back(share);
    return code;
}

static int run_one(dmap_context *ctx, const void *data, void *unused) {
    run_worker *worker = dmap_local(ctx);
    char lack[400] = "";
    run_item item;
    run_result result;
    (void)unused;
    if (!run_item_read(data, dmap_item_size(ctx), &item))
        return dmap_fail(ctx, 1, "a job was garbled on its way");
    worker->command.broken = false;
    fill_in_slot(worker, &item);
    if (worker->command.broken)
        return dmap_fail(ctx, 1, "out of memory");
    int code = run_with_needs(ctx, worker, &item, &result, lack, sizeof lack);
    if (code)
        return code;
    void *to = dmap_result(ctx, run_result_size(&result));
    if (!to)
        return dmap_fail(ctx, 1, "out of memory");
    run_result_write(&result, to);
    return 0;
}

DMAP_TASK(run_task, .run = run_one, .item_size = DMAP_VARIABLE, .result_size = DMAP_VARIABLE, .setup = set_up,
          .teardown = tear_down);
