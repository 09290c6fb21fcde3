/* Paths of the price, drawn at random, and what the options pay on them. */
#ifndef OPTIONS_PATHS_H
#define OPTIONS_PATHS_H

#include "contract.h"
#include "moments.h"

/** Draws the paths [begin, end). Path i is the same whoever draws it: it depends on the contract and i only. */
moments paths_draw(const contract *c, uint64_t begin, uint64_t end);

#endif
