/* Random numbers: splitmix64. One state per run, so that a seed gives the same run alone or among thousands. */
#include "sim.h"

uint64_t sim_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t sim_below(uint64_t *state, uint64_t n) {
    return sim_random(state) % n;
}

double sim_unit(uint64_t *state) {
    return (double)(sim_random(state) >> 11) * 0x1p-53;
}

bool sim_chance(uint64_t *state, double probability) {
    return sim_unit(state) < probability;
}
