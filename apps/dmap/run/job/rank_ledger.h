/* The ledger of this rank (ledger.h), which its workers share: what they may have of the node, and who waits for it.
 * Memory, GPUs and places at a time are shared with the other ranks of the node (node_holds.h). Any thread. */
#ifndef DMAP_APPS_RUN_JOB_RANK_LEDGER_H
#define DMAP_APPS_RUN_JOB_RANK_LEDGER_H

#include <dmap/dmap.h>

#include "run/base/text.h"
#include "run/job/job_wire.h"
#include "run/job/ledger.h"
#include "run/job/shared.h"

/** What a job holds, and the variables that say so: "NAME=value", each ended by a NUL. */
typedef struct run_share {
    run_hold hold;
    run_text variables;
    int n_variables;
    int fds[1 + RUN_GPUS], n_fds; /* of what is held of the node */
} run_share;

/** Opens it, if it is not open yet. Returns false if memory is out. */
bool run_rank_ledger_open(const run_shared *shared);
/** Takes what the item needs. item->waits: waits for it, if it can be had at all, before all that come later; else
 *  there is room only if nobody waits.
 *  own: CPUs of the worker's slot.  lack: a sentence, if it can never be had
 *  Returns:  RUN_ENDED: it is had; RUN_HAS_NO_ROOM, RUN_NEVER_HAS_ROOM, RUN_CANCELLED (while it waited) */
run_end run_rank_ledger_take(dmap_context *ctx, const run_item *item, const run_cpus *own, run_share *share, char *lack,
                             size_t size);
void run_rank_ledger_give_back(run_share *share);

#endif
