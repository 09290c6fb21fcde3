/* A branch: its workers take batches of the call that has had least time there, by its weight, of its oldest lease, as
 * those of src/crew do. What a call has had is known as long as it has a lease there; one that comes back does not make
 * up for the time it was away. */
#include "sim_flight.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_S  100e-6 /* of short items */
#define REPORT_S 0.1

double flight_item_s(const flight_case *c, int call, uint64_t item) {
    uint64_t z = c->seed + (uint64_t)call * 0x9e3779b97f4a7c15u + item * 0xd1342543de82ef95u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return c->calls[call].item_s * (0.5 + (double)(z >> 11) * 0x1p-53);
}

static flight_account *account_of(const flight_world *w, int branch, int call) {
    return &w->accounts[(size_t)branch * (size_t)w->c->n_calls + (size_t)call];
}

/* ---- accounts ---- */

static double level(const flight_world *w, int branch) {
    const flight_crew *crew = &w->crews[branch];
    double sum_s = 0, weights = 0;
    for (int i = 0; i < crew->n_grants; i++) {
        const flight_account *account = account_of(w, branch, crew->grants[i].call);
        double weight = (double)w->c->calls[crew->grants[i].call].weight / account->grants;
        sum_s += account->had_s * weight;
        weights += weight;
    }
    return weights > 0 ? sum_s / weights : 0;
}

static void enter(flight_world *w, int branch, int call) {
    flight_account *account = account_of(w, branch, call);
    if (account->grants++)
        return;
    double level_s = level(w, branch);
    account->had_s = account->had_s > level_s ? account->had_s : level_s;
}

/* ---- workers ---- */

static flight_grant *next_grant(const flight_world *w, int branch) {
    const flight_crew *crew = &w->crews[branch];
    flight_grant *found = NULL;
    double least_s = 0;
    for (int i = 0; i < crew->n_grants; i++) {
        flight_grant *grant = &crew->grants[i];
        double had_s = account_of(w, branch, grant->call)->had_s;
        if (grant->next == grant->end || (found && had_s >= least_s))
            continue;
        found = grant;
        least_s = had_s;
    }
    return found;
}

static void take(flight_world *w, int branch) {
    flight_crew *crew = &w->crews[branch];
    flight_grant *grant;
    while (crew->idle && (grant = next_grant(w, branch))) {
        flight_event batch = {.kind = FLIGHT_BATCH, .branch = branch, .call = grant->call, .lease = grant->lease};
        batch.begin = grant->next;
        while (grant->next < grant->end && batch.seconds < BATCH_S)
            batch.seconds += flight_item_s(w->c, grant->call, grant->next++) * crew->slowness;
        batch.end = grant->next;
        crew->idle--;
        flight_post(w, w->now + batch.seconds, batch);
    }
}

static int place_of(const flight_crew *crew, const flight_event *e) {
    for (int i = 0; i < crew->n_grants; i++)
        if (crew->grants[i].call == e->call && crew->grants[i].lease == e->lease)
            return i;
    return -1;
}

/* All of it has ended, or was taken back. */
static void end_if_over(flight_world *w, int branch, int place) {
    flight_crew *crew = &w->crews[branch];
    flight_grant grant = crew->grants[place];
    if (grant.begin + grant.ended < grant.end)
        return;
    memmove(&crew->grants[place], &crew->grants[place + 1], (size_t)(--crew->n_grants - place) * sizeof *crew->grants);
    account_of(w, branch, grant.call)->grants--;
    flight_send_to_master(w, (flight_event){.kind = FLIGHT_DONE,
                                            .branch = branch,
                                            .call = grant.call,
                                            .lease = grant.lease,
                                            .begin = grant.begin,
                                            .end = grant.end,
                                            .seconds = grant.busy_s});
}

static void batch_ended(flight_world *w, const flight_event *e) {
    flight_crew *crew = &w->crews[e->branch];
    flight_call *call = &w->c->calls[e->call];
    int place = place_of(crew, e);
    crew->grants[place].ended += e->end - e->begin;
    crew->grants[place].busy_s += e->seconds;
    call->had_s += e->seconds;
    account_of(w, e->branch, e->call)->had_s += e->seconds / call->weight;
    crew->idle++;
    end_if_over(w, e->branch, place);
    take(w, e->branch);
}

/* ---- messages ---- */

static void granted(flight_world *w, const flight_event *e) {
    flight_crew *crew = &w->crews[e->branch];
    if (crew->n_grants == crew->capacity) {
        int capacity = 2 * crew->capacity + 4;
        flight_grant *grants = realloc(crew->grants, (size_t)capacity * sizeof *grants);
        if (!grants) {
            flight_fail(w, "out of memory");
            return;
        }
        crew->grants = grants;
        crew->capacity = capacity;
    }
    enter(w, e->branch, e->call);
    crew->grants[crew->n_grants++] =
        (flight_grant){.call = e->call, .lease = e->lease, .begin = e->begin, .next = e->begin, .end = e->end};
    take(w, e->branch);
    if (!crew->reports)
        flight_post(w, w->now + REPORT_S, (flight_event){.kind = FLIGHT_REPORT, .branch = e->branch});
    crew->reports = true;
}

static void give_back(flight_world *w, const flight_event *e, uint64_t end, bool tells) {
    flight_crew *crew = &w->crews[e->branch];
    int place = place_of(crew, e);
    flight_grant *grant = &crew->grants[place];
    flight_event answer = {
        .kind = FLIGHT_RETURNED, .branch = e->branch, .call = e->call, .lease = grant->lease, .begin = end};
    answer.end = grant->end;
    grant->end = end;
    if (tells)
        flight_send_to_master(w, answer);
    end_if_over(w, e->branch, place);
}

static void recalled(flight_world *w, const flight_event *e) {
    const flight_crew *crew = &w->crews[e->branch];
    int place = place_of(crew, e);
    if (place < 0)
        return;
    uint64_t waits = crew->grants[place].end - crew->grants[place].next;
    give_back(w, e, crew->grants[place].end - (e->begin < waits ? e->begin : waits), true);
}

/* Nothing of the call is wanted any more. */
static void limited(flight_world *w, const flight_event *e) {
    const flight_crew *crew = &w->crews[e->branch];
    for (int i = crew->n_grants; i-- > 0;) {
        flight_event here = *e;
        here.lease = crew->grants[i].lease;
        if (crew->grants[i].call == e->call)
            give_back(w, &here, crew->grants[i].next, false);
    }
}

static void report(flight_world *w, const flight_event *e) {
    flight_crew *crew = &w->crews[e->branch];
    for (int i = 0; i < crew->n_grants; i++)
        flight_send_to_master(w, (flight_event){.kind = FLIGHT_PROGRESS,
                                                .branch = e->branch,
                                                .call = crew->grants[i].call,
                                                .lease = crew->grants[i].lease,
                                                .begin = crew->grants[i].ended});
    crew->reports = crew->n_grants > 0;
    if (crew->reports)
        flight_post(w, w->now + REPORT_S, *e);
}

void flight_crew_event(flight_world *w, const flight_event *event) {
    static void (*const handlers[])(flight_world *, const flight_event *) = {
        [FLIGHT_GRANT] = granted,     [FLIGHT_RECALL] = recalled, [FLIGHT_LIMIT] = limited,
        [FLIGHT_BATCH] = batch_ended, [FLIGHT_REPORT] = report,
    };
    handlers[event->kind](w, event);
}
