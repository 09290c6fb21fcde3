/* Seeds: hashes that are the same wherever they are made. */
#ifndef DMAP_BASE_SEED_H
#define DMAP_BASE_SEED_H

#include <stdint.h>

/* SplitMix64's finaliser (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014, figure 17),
 * on the seed first so that neighbouring seeds give unrelated streams. */
static inline uint64_t dmap__seed_mix(uint64_t z) {
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/** Of the item of an index, in a call of that seed; of an item that another has made: of its number among the siblings,
 *  from 0, and of the seed of the other. */
static inline uint64_t dmap__seed_of(uint64_t seed, uint64_t index) {
    const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);
    return dmap__seed_mix(dmap__seed_mix(seed + golden) + (index + 1) * golden);
}

#endif
