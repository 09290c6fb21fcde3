/* A crew that only lets time pass: items of the oldest grant are begun in order, each by the worker that is free first.
 * Nothing happens between two calls of the manager but what had to: so the crew is brought up to the present at each of
 * them, and a sleep is as long as it takes until a grant ends. Invariant: an item is begun only when the present has
 * reached its beginning, so what has not begun can still be taken back. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "proc/copy.h"
#include "crew/crew.h"
#include "virtual.h"

typedef struct given {
    struct given *next;
    dmap__grant *grant;
    uint64_t begun, end; /* positions: the first that has not begun; those from `end` on were taken back */
    double given_s, ends_s, busy_s;
} given;

struct dmap__crew {
    int workers;
    double *free_s; /* when each worker is, or was, free: a heap, the first of them on top */
    given *first;   /* oldest */
};

/* ---- time ---- */

static void sink(double *heap, int n) {
    for (int i = 0, child; (child = 2 * i + 1) < n; i = child) {
        child += child + 1 < n && heap[child + 1] < heap[child];
        if (heap[i] <= heap[child])
            return;
        double other = heap[i];
        heap[i] = heap[child];
        heap[child] = other;
    }
}

static bool has_begun(const given *g) {
    return g->begun >= g->end;
}

static given *next_to_begin(const dmap__crew *crew) {
    given *g = crew->first;
    while (g && has_begun(g))
        g = g->next;
    return g;
}

/* When the next item begins, if nothing else happens. */
static double begins_s(const dmap__crew *crew, const given *g) {
    return crew->free_s[0] > g->given_s ? crew->free_s[0] : g->given_s;
}

static void begin_item(dmap__crew *crew, given *g) {
    uint64_t index = dmap__grant_index(g->grant, g->begun);
    double seconds = virtual_seconds(index), end_s = begins_s(crew, g) + seconds;
    uint64_t result = virtual_result(index);
    if (g->grant->outcome.fixed)
        memcpy(g->grant->outcome.fixed + (g->begun - g->grant->begin) * sizeof result, &result, sizeof result);
    crew->free_s[0] = end_s;
    sink(crew->free_s, crew->workers);
    g->begun++;
    g->busy_s += seconds;
    g->ends_s = end_s > g->ends_s ? end_s : g->ends_s;
}

/* The first time at which a grant has ended; no later than until_s. All that begins before that is begun. */
static double advance(dmap__crew *crew, double until_s) {
    for (;;) {
        given *g = next_to_begin(crew);
        double begins = g ? begins_s(crew, g) : until_s, end_s = until_s;
        for (const given *e = crew->first; e; e = e->next)
            if (has_begun(e) && e->ends_s < end_s)
                end_s = e->ends_s;
        if (!g || begins >= end_s)
            return end_s;
        begin_item(crew, g);
    }
}

/* Up to the present, whatever has ended before. */
static void catch_up(dmap__crew *crew) {
    double now = dmap__clock_now();
    for (given *g; (g = next_to_begin(crew)) && begins_s(crew, g) <= now;)
        begin_item(crew, g);
}

/* ---- the crew ---- */

dmap_status dmap__crew_open(const dmap__crew_config *config, dmap__crew **crew, dmap__error *error) {
    dmap__crew *made = calloc(1, sizeof *made);
    double *free_s = calloc((size_t)config->workers, sizeof *free_s);
    if (!made || !free_s) {
        free(made);
        free(free_s);
        return dmap__fail_memory(error, sizeof *made, "a crew");
    }
    *made = (dmap__crew){.workers = config->workers, .free_s = free_s};
    *crew = virtual_me()->crew = made;
    return DMAP_OK;
}

void dmap__crew_close(dmap__crew *crew) {
    if (!crew)
        return;
    virtual_me()->crew = NULL;
    free(crew->free_s);
    free(crew);
}

int dmap__crew_workers(const dmap__crew *crew) {
    return crew->workers;
}

void dmap__crew_call_init(dmap__crew_call *call, const dmap__call_spec *spec, const dmap_task *task, uint64_t id) {
    *call = (dmap__crew_call){.spec = *spec, .task = task, .id = id, .limit = UINT64_MAX};
}

void dmap__crew_take_mask(dmap__crew *crew) {
    (void)crew;
}

void dmap__crew_trim(dmap__crew *crew, size_t bytes) {
    (void)crew, (void)bytes;
}

void dmap__crew_share(dmap__crew *crew, const void *data, size_t size, long process, int descriptor) {
    (void)crew, (void)data, (void)size, (void)process, (void)descriptor;
}

void dmap__crew_submit(dmap__crew *crew, dmap__grant *grant) {
    given *made = calloc(1, sizeof *made), **last = &crew->first;
    if (!made)
        abort();
    grant->call->grants++;
    *made = (given){.grant = grant, .begun = grant->begin, .end = grant->end, .given_s = dmap__clock_now()};
    made->ends_s = made->given_s;
    while (*last)
        last = &(*last)->next;
    *last = made;
}

dmap__grant *dmap__crew_poll(dmap__crew *crew) {
    double now = dmap__clock_now();
    catch_up(crew);
    given **place = &crew->first;
    while (*place && !(has_begun(*place) && (*place)->ends_s <= now))
        place = &(*place)->next;
    given *g = *place;
    if (!g)
        return NULL;
    *place = g->next;
    dmap__grant *grant = g->grant;
    uint64_t n = g->begun - grant->begin;
    if (n && !dmap__outcome_add_span(&grant->outcome, grant->begin, g->begun, g->busy_s / (double)n, true))
        abort();
    grant->outcome.busy_s = g->busy_s;
    grant->outcome.limit = grant->call->limit;
    grant->call->grants--;
    free(g);
    return grant;
}

struct dmap__emission *dmap__crew_emission(dmap__crew *crew) {
    (void)crew;
    return NULL;
}

void dmap__crew_emission_gone(dmap__crew *crew, size_t bytes) {
    (void)crew, (void)bytes;
}

static given *find(const dmap__crew *crew, const dmap__grant *grant) {
    given *g = crew->first;
    while (g && g->grant != grant)
        g = g->next;
    return g;
}

int dmap__crew_recall(dmap__crew *crew, const dmap__grant *grant, uint64_t want, uint64_t (*ranges)[2]) {
    given *g = find(crew, grant);
    catch_up(crew);
    if (!g || !want || has_begun(g))
        return 0;
    uint64_t there = g->end - g->begun, n = want < there ? want : there;
    ranges[0][0] = g->end - n;
    ranges[0][1] = g->end;
    g->end -= n;
    return 1;
}

bool dmap__crew_is_broken(const dmap__crew *crew) {
    (void)crew;
    return false;
}

bool dmap__crew_is_starved(const dmap__crew *crew) {
    return crew->first && !next_to_begin(crew) && crew->free_s[0] <= dmap__clock_now();
}

uint64_t dmap__crew_progress(const dmap__crew *crew, const dmap__grant *grant, uint64_t *undone) {
    *undone = 0;
    const given *g = find(crew, grant);
    uint64_t begun = g ? g->begun - grant->begin : 0, running = (uint64_t)crew->workers;
    return begun > running ? begun - running : 0;
}

void dmap__crew_limit(dmap__crew *crew, dmap__crew_call *call, uint64_t limit) {
    catch_up(crew);
    call->limit = limit < call->limit ? limit : call->limit;
    for (given *g = crew->first; g; g = g->next)
        if (g->grant->call == call && !g->grant->indices && g->end > call->limit)
            g->end = g->begun > call->limit ? g->begun : call->limit;
}

bool dmap__crew_step(dmap__crew *crew) {
    (void)crew;
    return false;
}

bool dmap__crew_is_inside(void) {
    return false;
}

void dmap__crew_break_off(dmap__crew *crew) {
    (void)crew;
}

/* Nothing forks here. */
bool dmap__copy_is_here;

bool dmap__copy_watch(void) {
    return true;
}

_Noreturn void dmap__child_leave(int code) {
    exit(code);
}

/* ---- the bell ---- */

void dmap__bell_init(dmap__bell *bell, bool is_shared) {
    *bell = (dmap__bell){.is_shared = is_shared};
}

bool dmap__bell_ring(dmap__bell *bell) {
    (void)bell;
    return false;
}

uint32_t dmap__bell_heard(dmap__bell *bell) {
    (void)bell;
    return 0;
}

bool dmap__bell_wait(dmap__bell *bell, uint32_t heard, double timeout_s) {
    (void)bell, (void)heard;
    dmap__crew *crew = virtual_me()->crew;
    double now = dmap__clock_now(), end_s = now + timeout_s;
    if (crew)
        end_s = advance(crew, end_s);
    if (end_s > now)
        dmap__clock_sleep(end_s - now);
    return end_s < now + timeout_s;
}

/* No item here offers a bound, and none is cancelled alone. */
void dmap__crew_best(dmap__crew *crew, dmap__crew_call *call, uint64_t key) {
    (void)crew, (void)call, (void)key;
}

bool dmap__crew_has_better(dmap__crew_call *call, uint64_t *key) {
    (void)call, (void)key;
    return false;
}

void dmap__crew_cancel(dmap__crew *crew, dmap__grant *grant, uint64_t position, bool kill) {
    (void)crew, (void)grant, (void)position, (void)kill;
}
