/* When the run has to end: what the user says, else what the batch system says. */
#include "run/control/until.h"

#include <dmap/dmap.h>

double run_until(const run_options *options) {
    if (options->until < 0)
        return 0;
    return options->until > 0 ? options->until : dmap_allocation_end();
}
