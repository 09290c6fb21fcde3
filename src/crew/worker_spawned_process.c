/* Items that make items, run by the worker's process. To worker_process.c they are a batch like any other: records as
 * blobs, in a grant that is made for it. What became of each is read from its log, as the worker itself is the one who
 * judges. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "crew/batch.h"
#include "crew/worker_proc.h"

#define BATCH_S 200e-6
#define MOST    256 /* items in a batch */

/* What the process is asked. */
typedef struct asked {
    dmap__grant grant;
    dmap__outcome log;
    dmap_blob *items;
    uint64_t *indices;
} asked;

/* Takes some, but leaves half to others; those of one attempt. */
static void gather(dmap__worker *worker, dmap__batch *b) {
    dmap__spawning *s = &worker->spawning;
    int number = worker->context.number;
    bool is_alone = worker->context.call->spec.item_timeout_s > 0;
    size_t want = is_alone ? 1 : s->most ? s->most : 1;
    s->n_taken = 0;
    while (s->n_taken < want && dmap__memory_grow(&s->taken, &s->taken_capacity, s->n_taken + 1, sizeof *s->taken)) {
        dmap__spawn_record *record = dmap__spawn_take(s->work, number);
        if (!record)
            break;
        if (s->n_taken && record->attempt != s->taken[0]->attempt) {
            s->came -= dmap__spawning_put(worker, b, record); /* it had come before */
            break;
        }
        s->taken[s->n_taken++] = record;
        size_t left = (size_t)dmap__spawn_deque_size(&s->work->lanes[number].deque);
        if (left)
            worker->crew->share(worker->crew->tell_arg, left);
        if (s->n_taken > left && worker->crew->board.workers > 1)
            break;
    }
}

static bool make(const dmap__spawning *s, dmap__crew_call *call, asked *a) {
    size_t n = s->n_taken;
    *a =
        (asked){.items = dmap__memory_array(n, sizeof *a->items), .indices = dmap__memory_array(n, sizeof *a->indices)};
    if (!a->items || !a->indices)
        return false;
    for (size_t i = 0; i < n; i++) {
        a->items[i] = (dmap_blob){s->taken[i], dmap__spawn_record_bytes((size_t)s->taken[i]->size)};
        a->indices[i] = s->taken[i]->index;
    }
    a->grant = (dmap__grant){.call = call,
                             .end = n,
                             .attempt = s->taken[0]->attempt,
                             .layout = DMAP__LAYOUT_BLOBS,
                             .items = a->items,
                             .indices = a->indices};
    dmap__outcome_init(&a->grant.outcome, 0, n);
    dmap__outcome_init(&a->log, 0, n);
    a->grant.outcome.refs = calloc(n, sizeof(dmap_blob));
    return a->grant.outcome.refs != NULL;
}

static void destroy(asked *a) {
    dmap__outcome_fini(&a->grant.outcome);
    dmap__outcome_fini(&a->log);
    free(a->items);
    free(a->indices);
}

/* ---- what became of them ---- */

static void end_badly(dmap__worker *worker, dmap__batch *b, const dmap__failure *failure) {
    dmap_context *ctx = &worker->context;
    ctx->attempt = failure->attempt;
    ctx->out_of_memory = failure->out_of_memory;
    ctx->text[0] = '\0';
    if (failure->text)
        dmap_fail(ctx, 1, "%s", failure->text);
    dmap__spawning_fail(worker, b, failure->code, failure->signal, (dmap_item_status)failure->status);
}

/* A result that is wanted by itself. */
static void end_well(dmap__worker *worker, dmap__batch *b, const asked *a, const dmap__batch *ran, size_t i) {
    dmap_context *ctx = &worker->context;
    if (ctx->call->spec.want != DMAP__WANT_RESULTS)
        return;
    ctx->result = ran->results ? ran->results + i * ran->result_step : (void *)a->grant.outcome.refs[i].data;
    ctx->result_size = a->grant.outcome.refs[i].size;
    dmap__spawning_keep_result(worker, b);
}

static void fold_all(dmap__worker *worker, dmap__batch *b, const asked *a) {
    bool is_kept = true;
    for (size_t f = 0; f < a->log.n_folds; f++)
        for (unsigned node = 0; node < a->log.folds[f].n; node++)
            if (a->log.folds[f].present[node])
                is_kept = dmap__spawning_fold(worker, dmap__fold_value(&a->log.folds[f], node)) && is_kept;
    if (!is_kept)
        dmap__batch_fail_memory(worker, b, "a fold");
}

/* Those that did not run are dropped with the call, which ends. */
static void judge(dmap__worker *worker, dmap__batch *b, asked *a, const dmap__batch *ran) {
    dmap__spawning *s = &worker->spawning;
    size_t failure = 0;
    for (size_t i = 0; i < s->n_taken; i++) {
        bool has_failed = failure < a->log.n_failures && a->log.failures[failure].position == i;
        s->record = s->taken[i];
        if (has_failed)
            end_badly(worker, b, &a->log.failures[failure++]);
        else if (i < ran->done)
            end_well(worker, b, a, ran, i);
        s->ended++;
        dmap__spawning_drop(s, s->record);
    }
    s->record = NULL;
    fold_all(worker, b, a);
    if (a->log.trouble.status != DMAP_OK && b->log->trouble.status == DMAP_OK) {
        b->log->trouble = a->log.trouble;
        a->log.trouble = (dmap__trouble){.status = DMAP_OK};
    }
}

static void learn(dmap__spawning *s, double took_s) {
    uint32_t most = s->most ? s->most : 1;
    if (took_s < BATCH_S / 2 && s->n_taken >= most)
        most = 2 * most < MOST ? 2 * most : MOST;
    else if (took_s > 2 * BATCH_S && most > 1)
        most /= 2;
    s->most = most;
}

bool dmap__spawning_ask(dmap__worker *worker, dmap__batch *b) {
    dmap__spawning *s = &worker->spawning;
    dmap_context *ctx = &worker->context;
    size_t size = ctx->call->task->result_size;
    bool is_fixed = size != DMAP_VARIABLE;
    asked a;
    gather(worker, b);
    if (!s->n_taken)
        return false;
    dmap__batch ran = {.slot = b->slot, .grant = &a.grant, .log = &a.log, .end = (uint32_t)s->n_taken};
    ran.began_s = dmap__clock_now();
    ran.result_step = is_fixed ? size : 0;
    if (!make(s, ctx->call, &a) ||
        (is_fixed && !dmap__batch_place_in_scratch(worker, &ran, size ? s->n_taken * size : 1)))
        dmap__batch_fail_memory(worker, b, "a batch for a process");
    ctx->attempt = s->taken[0]->attempt;
    if (a.grant.outcome.refs && atomic_load(ctx->limit)) {
        dmap__worker_run_process(worker, &ran);
        dmap__batch_flush_fold(worker, &ran, ran.done);
    }
    s->began_s = ran.began_s;
    judge(worker, b, &a, &ran);
    destroy(&a);
    learn(s, dmap__clock_now() - ran.began_s);
    dmap__block_reset(&s->blocks);
    return true;
}
