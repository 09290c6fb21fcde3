/* GPUs that NVIDIA's driver has cut up into instances ("MIG"), each of which programs know by a UUID of its own. */
#ifndef DMAP_APPS_RUN_JOB_MIG_H
#define DMAP_APPS_RUN_JOB_MIG_H

#include "run/job/gpus.h"

typedef struct run_mig run_mig;

/** Returns NULL if the driver has cut up no GPU, or its library is not there. root: as run_gpus_find has it. */
run_mig *run_mig_open(const char *root);
void run_mig_close(run_mig *mig);
/** The UUIDs of a GPU's instances. address: on the PCI bus, as /proc has it. mig: may be NULL
 *  Returns:  how many there are, up to `most`; -1: the GPU is not cut up, or that is not known */
int run_mig_list(const run_mig *mig, const char *address, char (*names)[RUN_GPU_NAME], int most);

#endif
