/* --round-robin and --tee: blocks that are dealt out in turn, or put together. */
#ifndef DMAP_APPS_RUN_INPUT_HANDS_H
#define DMAP_APPS_RUN_INPUT_HANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "run/base/text.h"

typedef struct run_hands {
    run_text *hands; /* what each has; held in memory */
    size_t count, next;
} run_hands;

/** Returns false if memory is out. */
bool run_hands_init(run_hands *hands, size_t count);
void run_hands_fini(run_hands *hands);
/** Gives a block to the next hand, of which one that has some already does not take the header, its first bytes.
 *  Returns false if memory is out. */
bool run_hands_deal(run_hands *hands, const char *block, size_t size, size_t header_size);
/** After the last block: takes the next hand that has some. Returns false if there is none. */
bool run_hands_take(run_hands *hands, const char **block, size_t *size);
/** All blocks have been dealt: hands are taken from the first on. */
void run_hands_turn(run_hands *hands);

#endif
