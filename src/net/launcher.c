/* What the launcher's environment says: whether this process is to be joined by MPI to others, and to how many.
 *
 * Open MPI's mpirun sets OMPI_COMM_WORLD_SIZE; MPICH's and Intel's (hydra), and `srun --mpi=pmi2`, set PMI_RANK and
 * PMI_SIZE; `srun --mpi=pmix` and PRRTE set PMIX_RANK, and srun the size of the step in SLURM_STEP_NUM_TASKS.
 * SLURM_NTASKS says nothing: it is set in the shell of every salloc, where a program started by hand is one rank.
 * Reads the environment only: a program without a launcher never gets as far as MPI. */
#include "net/comm.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

/* 0 if it is not set or not a number of processes. */
static int number(const char *variable) {
    const char *text = getenv(variable);
    if (!text || *text == '\0')
        return 0;
    char *end = NULL;
    errno = 0;
    long value = strtol(text, &end, 10);
    return errno || *end || value < 1 || value > INT_MAX ? 0 : (int)value;
}

bool dmap__comm_launched(int *size) {
    static const struct {
        const char *sign, *size;
    } launchers[] = {
        {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_SIZE"},
        {"PMI_RANK", "PMI_SIZE"},
        {"PMI_SIZE", "PMI_SIZE"},
        {"PMIX_RANK", "SLURM_STEP_NUM_TASKS"},
    };
    *size = 0;
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
        if (getenv(launchers[i].sign)) {
            *size = number(launchers[i].size);
            return true;
        }
    }
    return false;
}
