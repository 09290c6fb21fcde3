/* The loop: the one place of the library's own threads that polls, routes and sleeps. The master and a serving rank
 * run the same one; what they do with what has come is a *side*. */
#ifndef DMAP_POOL_LOOP_H
#define DMAP_POOL_LOOP_H

#include "pool/pool.h"

struct dmap__emission;
struct dmap__idle;

typedef struct dmap__side {
    /** A message has come: it is released after that. */
    void (*message)(dmap_pool *pool, dmap__message *message);
    /** A chunk of this rank's crew has ended. */
    void (*chunk)(dmap_pool *pool, dmap__grant *grant);
    /** An item of it has emitted: to be freed with free(). */
    void (*emission)(dmap_pool *pool, struct dmap__emission *emission);
    /** DMAP_SERIAL: the loop is inside an item, which asks whether it is to stop. No function of the program's may run
     *  now. */
    void (*hear)(dmap_pool *pool, double now);
    /** Whatever else there is to do. Returns true if there was something. */
    bool (*turn)(dmap_pool *pool, double now);
    /** Longest sleep from now on, if nothing comes; *looks: whether something may come unheard, which has to be looked
     *  for. */
    double (*longest_sleep)(dmap_pool *pool, double now, bool *looks);
    /** What the thread waits for, if somebody looks on: the master's. */
    dmap__doing (*waits_for)(const dmap_pool *pool);
    /** A function of the program's did not return: what it was at is over. */
    void (*unwind)(dmap_pool *pool);
    /** MPI failed. */
    void (*broke)(dmap_pool *pool, const dmap__error *why);
} dmap__side;

typedef bool dmap__loop_done_fn(void *arg);
/** Runs until is_done(arg), or until the clock says until_s (< 0: no limit): returns whether it is done. */
bool dmap__loop_run(dmap_pool *pool, dmap__loop_done_fn *is_done, void *arg, double until_s);
/** True if dmap__loop_run has been left, by longjmp. Called by: a function of api, on the rank's thread, while one of
 *  the program's functions is taken to run. */
bool dmap__loop_is_left(const dmap_pool *pool);
/** It was left by a function of the program's that did not return (a C++ exception; longjmp): the call of that function
 *  is stopped, and the pool is as if it had returned. dmap__loop_run does it by itself for an exception. */
void dmap__loop_unwind(dmap_pool *pool);

/** For dmap__crew_config.hear: arg is the pool. */
void dmap__loop_hear(void *arg);

/** Takes what messages have come. Returns true if there were any. */
bool dmap__loop_take_messages(dmap_pool *pool);

/** For the helper: one round, without functions of the program's, and without messages unless it hears. Never sleeps.
 *  Returns true if there was anything. */
bool dmap__loop_help(dmap_pool *pool, bool hears);
/** Seconds to sleep when there is nothing to do; 0: look again at once, as what is on its way does not ring. */
double dmap__loop_until_look(dmap_pool *pool, struct dmap__idle *idle, double now);

/** Seconds until there may be something to do that nothing rings for; 0: now. */
double dmap__loop_until_due(dmap_pool *pool);

#endif
