/* With the center's orbit Z and a point's z = Z + d, the iteration z -> z*z + c becomes d -> (2Z + d)d + offset, where
 * all are of a size that doubles hold to 16 digits, however small.
 *
 * That goes wrong where z comes near 0: d is then about -Z and their sum has lost its digits. There the orbit is
 * changed for the same one from its beginning, with d = z: as Z begins at 0, that is exact (rebasing, by Zhuoran). It
 * is done whenever |z| < |d|, and where the orbit ends, so that no glitch is left to be found. */
#include "deep.h"

uint32_t deep_iterate(const view *v, complex_number offset, double radius2, complex_number *z) {
    complex_number d = {0, 0};
    uint64_t at = 0;
    uint32_t count = 0;
    *z = d;
    while (count < v->iterations && z->x * z->x + z->y * z->y <= radius2) {
        double sx = 2.0 * v->orbit[at].x + d.x, sy = 2.0 * v->orbit[at].y + d.y;
        d = (complex_number){sx * d.x - sy * d.y + offset.x, sx * d.y + sy * d.x + offset.y};
        at++;
        *z = (complex_number){v->orbit[at].x + d.x, v->orbit[at].y + d.y};
        count++;
        if (at + 1 == v->length || z->x * z->x + z->y * z->y < d.x * d.x + d.y * d.y) {
            d = *z;
            at = 0;
        }
    }
    return count;
}
