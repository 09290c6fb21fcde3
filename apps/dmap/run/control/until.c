/* When the run has to end: what the user says, else what the batch system says. */
#include "run/control/until.h"

#include <time.h>

#include "run/control/allocation.h"

double run_until(const run_options *options) {
    if (options->until < 0)
        return 0;
    return options->until > 0 ? options->until : run_allocation_end((double)time(NULL));
}
