/* Two ramps, a warm one for cycles and a cool one for rest, shaded between contour lines like the steps of a
 * terrace. */
#include "colours.h"

#include <stddef.h>

enum { STOPS = 6 };

static const double warm[STOPS][3] = {{38, 12, 66},   {106, 23, 110}, {186, 54, 85},
                                      {236, 105, 37}, {251, 180, 47}, {252, 252, 200}};
static const double cool[STOPS][3] = {{10, 34, 78},    {22, 92, 128},   {58, 150, 152},
                                      {128, 198, 172}, {200, 230, 196}, {244, 250, 226}};
static const double missing[3] = {128, 128, 128};

void colours_add(fate f, double height, double terrace, double rgb[3]) {
    const double(*ramp)[3] = f == FATE_CYCLE ? warm : cool;
    double at = (height < 0.0 ? 0.0 : height > 1.0 ? 1.0 : height) * (STOPS - 1);
    size_t stop = at >= STOPS - 1 ? STOPS - 2 : (size_t)at;
    double light = 0.78 + 0.22 * terrace;
    for (int c = 0; c < 3; c++) {
        double colour = ramp[stop][c] + (at - (double)stop) * (ramp[stop + 1][c] - ramp[stop][c]);
        rgb[c] += f == FATE_NONE ? missing[c] : light * colour;
    }
}
