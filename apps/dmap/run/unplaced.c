/* Jobs that say what they need, and those that no rank had room for.
 *
 * The pool gives an item to the next rank that has a worker free; whether there is room for the job the rank alone
 * knows. It tells the master when it has taken it, or sends it back. What comes back stands in a line here, by number.
 * While there is a line one job at a time looks for room: it is offered to rank after rank, and when none has had room
 * it rests until a job has ended somewhere. Those behind it may have what is left over meanwhile, but for no more than
 * as many ends as there are slots: then the first of the line is due, and the next rank that can have it keeps it, and
 * starts nothing else before. So small jobs fill the gaps, and big ones do not starve.
 *
 * A job that needs no less than one that is at rest is not offered. The pool asks idle ranks in turn; as it may leave
 * one out, all are asked again after a while. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/base/clock.h"
#include "run/engine.h"

enum {
    LONGEST = 64, /* line, before no more jobs are read */
    HOPELESS = 40 /* offers for each rank that were all refused for ever, though some ranks were not heard of: lost */
};

static const double REST_S = 0.2;

bool run_unplaced_open(run_engine *engine, char *error, size_t size) {
    const run_options *o = engine->options;
    for (int i = 0; i < RUN_NEEDS; i++)
        if (o->needs[i] && !(engine->needs[i] = run_template_parse_text(o->needs[i], &o->style, error, size)))
            return false;
    if (run_needs_are_asked(o) &&
        !(engine->unplaced.uses = calloc((size_t)dmap_ranks(engine->pool), sizeof *engine->unplaced.uses))) {
        snprintf(error, size, "out of memory");
        return false;
    }
    for (int rank = 0; rank < dmap_ranks(engine->pool); rank++) {
        dmap_rank_report report = {0};
        dmap_report_rank(engine->pool, rank, &report);
        engine->unplaced.ranks += report.workers > 0;
    }
    return true;
}

void run_unplaced_close(run_engine *engine) {
    for (int i = 0; i < RUN_NEEDS; i++)
        run_template_free(engine->needs[i]);
    free(engine->unplaced.uses);
}

bool run_unplaced_look_at(run_engine *engine, run_job *job, const run_values *values, const char *const *names) {
    char error[300];
    bool good = true;
    for (int i = 0; i < RUN_NEEDS && good && !job->wrong; i++) {
        run_text text = {0};
        if (!engine->needs[i])
            continue;
        run_template_compose_plain(engine->needs[i], values, names, job->seq, 0, &text);
        good = !text.broken;
        if (good && !run_need_read((run_need)i, text.data ? text.data : "", &job->needs, error, sizeof error))
            good = (job->wrong = strdup(error)) != NULL;
        run_text_free(&text);
    }
    return good;
}

static bool is_fixed(const run_options *o) {
    for (int i = 0; i < RUN_NEEDS; i++)
        if (run_need_varies(o, (run_need)i))
            return false;
    return true;
}

/* Each rank has said that it can never have it; or so often was it said that the others must be lost. */
static bool is_hopeless(const run_engine *engine, const run_job *job) {
    const run_offers *offers = &job->offers;
    bool from_all = offers->n_never >= engine->unplaced.ranks;
    return from_all || (offers->full == 0 && offers->never >= HOPELESS * engine->unplaced.ranks);
}

/* Returns false if memory is out. */
static bool note_never(run_engine *engine, run_job *job, int rank) {
    run_offers *offers = &job->offers;
    if (!offers->by_rank)
        offers->by_rank = calloc((size_t)dmap_ranks(engine->pool), 1);
    if (!offers->by_rank)
        return false;
    offers->n_never += !offers->by_rank[rank];
    offers->by_rank[rank] = 1;
    /* A rank whose workers are all busy is not asked: it is not lost. */
    offers->never = engine->jobs.n_out > 0 ? 0 : offers->never + 1;
    return true;
}

static void stand_in_line(run_engine *engine, run_job *job) {
    run_job **at = &engine->unplaced.first;
    while (*at && (*at)->seq < job->seq)
        at = &(*at)->next;
    job->next = *at;
    *at = job;
    engine->unplaced.count++;
}

static void end_hopeless(run_engine *engine, run_job *job, const run_result *result) {
    char sentence[400];
    snprintf(sentence, sizeof sentence, "no rank has room for %s: %.*s", is_fixed(engine->options) ? "a job" : "it",
             (int)result->size[1], (const char *)result->output[1]);
    if (is_fixed(engine->options)) {
        run_engine_fail(engine, sentence);
        stand_in_line(engine, job);
    } else {
        run_sink_refuse(engine, job, sentence);
    }
}

void run_unplaced_heard(run_engine *engine, run_job *job) {
    engine->unplaced.looking -= job->offers.looks;
    job->offers.looks = false;
}

void run_unplaced_note_end(run_engine *engine, run_job *job, const run_result *result, int rank) {
    run_use *uses = engine->unplaced.uses;
    engine->unplaced.releases++;
    job->offers.waits = job->offers.is_first = false; /* if it is tried again, it comes as a new one */
    if (!uses)
        return;
    uses[rank].jobs++;
    uses[rank].busy_s += result->seconds * (job->needs.cores > 1 ? job->needs.cores : 1);
}

void run_unplaced_refused(run_engine *engine, run_job *job, const run_result *result, int rank) {
    run_offers *offers = &job->offers;
    if (engine->last_start_s == job->given_s) /* it was no start */
        engine->last_start_s = job->before_s;
    offers->count++;
    offers->last_s = run_clock();
    offers->full += result->end == RUN_HAS_NO_ROOM;
    if (result->end == RUN_NEVER_HAS_ROOM && !note_never(engine, job, rank)) {
        run_engine_fail(engine, "out of memory");
        run_sink_refuse(engine, job, "out of memory");
    } else if (result->end == RUN_NEVER_HAS_ROOM && is_hopeless(engine, job)) {
        end_hopeless(engine, job, result);
    } else {
        stand_in_line(engine, job);
    }
}

static bool is_at_rest(const run_engine *engine, const run_job *job) {
    const run_offers *offers = &job->offers;
    return offers->releases == engine->unplaced.releases && offers->count >= engine->unplaced.ranks;
}

/* A job before it, or any, needs no more and found no room. */
static bool is_covered(const run_engine *engine, const run_job *job) {
    const run_job *other = engine->unplaced.first;
    for (; other && other != job; other = other->next)
        if (is_at_rest(engine, other) && other->needs.cores <= job->needs.cores &&
            other->needs.memory <= job->needs.memory && other->needs.gpus <= job->needs.gpus)
            return true;
    return false;
}

/* Offers begin anew when a job has ended, and after a while. */
static void wake(const run_engine *engine, run_job *job, double now) {
    run_offers *offers = &job->offers;
    if (offers->releases == engine->unplaced.releases && now - offers->last_s < REST_S)
        return;
    offers->releases = engine->unplaced.releases;
    offers->last_s = now;
    offers->count = 0;
}

/* The first of the line, when as many jobs as there are slots have ended since it was that. */
static bool is_due(const run_engine *engine, run_job *job) {
    run_offers *offers = &job->offers;
    if (job != engine->unplaced.first)
        return false;
    if (!offers->is_first)
        offers->first_since = engine->unplaced.releases;
    offers->is_first = true;
    return engine->unplaced.releases - offers->first_since >= (uint64_t)dmap_workers(engine->pool);
}

static run_job *take_from_line(run_engine *engine) {
    double now = run_clock();
    for (run_job **at = &engine->unplaced.first; *at; at = &(*at)->next) {
        run_job *job = *at;
        wake(engine, job, now);
        bool due = is_due(engine, job);
        if (is_at_rest(engine, job) || (!due && is_covered(engine, job)))
            continue;
        *at = job->next;
        job->next = NULL;
        job->offers.waits = due;
        engine->unplaced.count--;
        return job;
    }
    return NULL;
}

bool run_unplaced_next(run_engine *engine, run_job **job) {
    *job = NULL;
    if (!engine->unplaced.first)
        return true;
    if (engine->unplaced.looking > 0)
        return false;
    *job = take_from_line(engine);
    return *job || engine->unplaced.count < LONGEST;
}

bool run_unplaced_keep(run_engine *engine, run_job *job) {
    bool covered = is_covered(engine, job);
    if (covered)
        stand_in_line(engine, job);
    return covered;
}

void run_unplaced_offer(run_engine *engine, run_job *job) {
    job->offers.looks = run_needs_are_asked(engine->options) && !job->offers.waits;
    engine->unplaced.looking += job->offers.looks;
}
