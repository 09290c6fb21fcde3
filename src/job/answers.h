/* The master asks other ranks something between calls, and waits for their answers. */
#ifndef DMAP_JOB_ANSWERS_H
#define DMAP_JOB_ANSWERS_H

#include "job/pool.h"

/** Takes one message in; what it is not waiting for, it leaves alone. May send, and change the number awaited. */
typedef void dmap__answer_fn(void *arg, dmap__message *message);

/** Polls until *waiting is 0 and all that was sent has left.
 *  Returns DMAP_OK, or the status that broke the pool: the sentence is in pool->error */
dmap_status dmap__answers_wait(dmap_pool *pool, const int *waiting, dmap__answer_fn *take, void *arg);

#endif
