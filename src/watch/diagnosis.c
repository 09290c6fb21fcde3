/* The diagnosis. All that workers did not spend in tasks is lost, and each second of it has one reason: the reason that
 * lost most is named. What was lost because workers had nothing left has reasons of its own: too few items, chunks that
 * the program has fixed, one item that is longer than the rest. */
#include "watch/diagnosis.h"

#include <inttypes.h>
#include <stdio.h>

#define GOOD        0.9 /* of the workers' time in tasks: then no reason is looked for */
#define FEW_RETRIES 0.05

/* "WHAT n% of WHOSE time: ADVICE" */
typedef struct words {
    const char *what, *whose, *advice;
} words;

static const words sentences[] = {
    [DMAP__CAUSE_SOURCE] = {"the source takes", "the master's", "make items smaller, or let tasks read them"},
    [DMAP__CAUSE_SINK] = {"the sink takes", "the master's", "let tasks write, or use unordered, or a fold"},
    [DMAP__CAUSE_SETUP] = {"set-ups take", "the workers'", "make them faster, or share what they make"},
    [DMAP__CAUSE_MESSAGES] = {"waiting for messages takes", "the workers'",
                              "make items longer, or what is sent with them smaller"},
    [DMAP__CAUSE_WINDOW] = {"a full order window takes", "the workers'",
                            "a slow item holds up those behind it: use unordered, or a larger window"},
    [DMAP__CAUSE_OUTSIDE] = {"waiting for the program, which does not move its calls along, takes", "the workers'",
                             "use a helper"},
    [DMAP__CAUSE_RETRIES] = {"attempts that failed and were made again take", "the workers'", "see why items fail"},
    [DMAP__CAUSE_OTHERS] = {"other calls take", "the workers'", "they share them by priority"},
    [DMAP__CAUSE_START] = {"waiting for the first item takes", "the workers'",
                           "the call is short for what it takes to begin it"},
    [DMAP__CAUSE_FIXED] = {"having nothing to do takes", "the workers'",
                           "chunks are fixed by the schedule or chunk option: leave both at 0"},
    [DMAP__CAUSE_UNEVEN] = {"having nothing to do takes", "the workers'", "more items, or smaller ones, spread better"},
};

typedef struct loss {
    dmap__cause cause;
    double seconds, master_s;
} loss;

static double time_of(const dmap_report *r) {
    return r->seconds * r->workers;
}

/* The largest of those with one reason; what lack of items cost is a reason like others here. */
static loss largest(const dmap_report *r) {
    const dmap_times *w = &r->workers_time, *m = &r->master_time;
    const loss losses[] = {{DMAP__CAUSE_SOURCE, w->source_s, m->source_s},
                           {DMAP__CAUSE_SINK, w->sink_s, m->sink_s},
                           {DMAP__CAUSE_SETUP, w->setup_s, 0},
                           {DMAP__CAUSE_MESSAGES, w->messages_s, 0},
                           {DMAP__CAUSE_WINDOW, w->window_s, 0},
                           {DMAP__CAUSE_OUTSIDE, w->outside_s, 0},
                           {DMAP__CAUSE_RETRIES, r->retried_s, 0},
                           {DMAP__CAUSE_OTHERS, w->other_s, 0},
                           {DMAP__CAUSE_START, w->start_s, 0}};
    loss most = {DMAP__CAUSE_UNEVEN, w->starved_s + w->tail_s, 0};
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        if (losses[i].seconds > most.seconds)
            most = losses[i];
    return most;
}

/* Workers had nothing to do, while others had. */
static dmap__cause why_uneven(const dmap_report *r, const dmap_map_options *options) {
    double mean_tail_s = r->workers_time.tail_s / r->workers;
    if (r->items < (uint64_t)r->workers)
        return DMAP__CAUSE_FEW;
    if (r->n_longest && r->longest[0].seconds > mean_tail_s && r->longest[0].seconds > r->seconds / 3)
        return DMAP__CAUSE_LONG;
    return options->schedule == DMAP_STATIC || options->chunk > 1 ? DMAP__CAUSE_FIXED : DMAP__CAUSE_UNEVEN;
}

static void say(dmap_report *r, const loss *most, int percent) {
    char *text = r->diagnosis;
    size_t size = sizeof r->diagnosis;
    const words *w = &sentences[most->cause];
    double of_workers = 100 * most->seconds / time_of(r), of_master = 100 * most->master_s / r->seconds;
    switch (most->cause) {
    case DMAP__CAUSE_NONE:
        snprintf(text, size, "%d%%: little is lost", percent);
        break;
    case DMAP__CAUSE_FEW:
        snprintf(text, size,
                 "%d%%: %" PRIu64 " item%s cannot keep %d workers busy: make them smaller, or ask for fewer workers",
                 percent, r->items, r->items == 1 ? "" : "s", r->workers);
        break;
    case DMAP__CAUSE_LONG:
        snprintf(text, size,
                 "%d%%: item %" PRIu64
                 " takes %.3g s of the call's %.3g s: have it begin first, by a cost hint, or cut it",
                 percent, r->longest[0].index, r->longest[0].seconds, r->seconds);
        break;
    default:
        snprintf(text, size, "%d%%: %s %.0f%% of %s time: %s", percent, w->what,
                 most->master_s > 0 ? of_master : of_workers, w->whose, w->advice);
        break;
    }
}

dmap__cause dmap__diagnose(dmap_report *r, const dmap_map_options *options) {
    loss most = largest(r);
    double all_s = time_of(r);
    if (all_s <= 0 || (r->parallel_efficiency >= GOOD && r->retried_s <= FEW_RETRIES * all_s))
        most = (loss){DMAP__CAUSE_NONE, 0, 0};
    else if (most.cause == DMAP__CAUSE_UNEVEN)
        most.cause = why_uneven(r, options);
    say(r, &most, (int)(100 * r->parallel_efficiency + 0.5));
    return most.cause;
}
