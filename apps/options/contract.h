/* What is priced, and where a formula is known, its price. */
#ifndef OPTIONS_CONTRACT_H
#define OPTIONS_CONTRACT_H

#include <stdint.h>

/** A market after Black and Scholes and the calls on it: sent as it stands by dmap_share. */
typedef struct contract {
    double spot, strike, barrier;
    double rate, volatility; /* a year */
    double years;
    uint64_t seed;
    uint32_t steps; /* at equal distances, the last one at the end: when an average is taken */
} contract;

/** The call on the geometric mean of the prices at the steps: Kemna and Vorst's formula, for a finite number of
 *  them. */
double contract_geometric_asian(const contract *c);
/** The call that is void once the price, watched all the time, has been at the barrier or below, which lies below spot
 *  and strike: Merton's formula. */
double contract_down_and_out(const contract *c);

#endif
