/* The Brusselator, a chemical oscillator:  x' = a - (b + 1) x + x² y,  y' = b x - x² y.
 *
 * Its only point of rest is (a, b / a). Up to b = 1 + a² it is stable; beyond, everything ends on a cycle: near that
 * line a small and almost harmonic one of period 2 pi / a, far from it a stiff one of long rests and sudden bursts. */
#ifndef SWEEP_BRUSSELATOR_H
#define SWEEP_BRUSSELATOR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct point {
    double a, b; /* both above 0 */
} point;

typedef enum fate { FATE_NONE = 0, FATE_REST = 1, FATE_CYCLE = 2 } fate;

/** What becomes of a small push away from the point of rest. */
typedef struct orbit {
    fate fate;
    uint32_t steps; /* that the solver took */
    double time;    /* FATE_CYCLE: the period; FATE_REST: in which the push dies down to 1/e */
    double peak;    /* highest x on the cycle; at rest, a */
    double growth;  /* logarithm of how much the push grew in its first turn; -1 if it died without a turn */
} orbit;

/** A solver, to be used for one point after the other. NULL if memory is out. */
typedef struct brusselator brusselator;
brusselator *brusselator_open(void);
/** Follows the push. Returns NULL, or what the solver complained of. */
const char *brusselator_follow(brusselator *solver, point p, orbit *o);
/** solver: may be NULL */
void brusselator_close(brusselator *solver);

#endif
