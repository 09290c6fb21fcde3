/* What the launcher's environment says: whether this process is to be joined by MPI to others, and to how many.
 *
 * Open MPI's mpirun sets OMPI_COMM_WORLD_SIZE; MPICH's and Intel's (hydra), and `srun --mpi=pmi2`, set PMI_RANK and
 * PMI_SIZE; `srun --mpi=pmix` and PRRTE set PMIX_RANK, and srun the size of the step in SLURM_STEP_NUM_TASKS.
 * SLURM_NTASKS says nothing: it is set in the shell of every salloc, where a program started by hand is one rank. A
 * step of several tasks with none of these is `srun --mpi=none`: MPI may still join them by Slurm's oldest PMI, of
 * which the environment says nothing; Open MPI ends the process when it tries. Reads the environment only: a program
 * without a launcher never gets as far as MPI. */
#include "net/comm.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

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

/* True if a launcher that MPI knows started this process. */
static bool is_ranks(int *size) {
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

bool dmap__comm_launched(int *size) {
    if (is_ranks(size))
        return true;
    int tasks = number("SLURM_STEP_NUM_TASKS");
    *size = tasks > 1 ? tasks : 0;
    return tasks > 1;
}

bool dmap__comm_lacks_pmi(void) {
    int size;
    return !is_ranks(&size) && number("SLURM_STEP_NUM_TASKS") > 1;
}

dmap_status dmap__comm_not_joined(int expected, const char *library, dmap__error *error) {
    if (dmap__comm_lacks_pmi())
        return dmap__fail(
            error, DMAP_EMPI,
            "srun started %d tasks, but told them of no PMI (--mpi=none), by which this program's MPI (%s) "
            "would join them: try srun --mpi=%s",
            expected, library, strncmp(library, "Open MPI", 8) ? "pmi2" : "pmix");
    return dmap__fail(error, DMAP_EMPI,
                      "the launcher started %d processes, but this program's MPI found only itself: it was built with "
                      "another MPI (%s)",
                      expected, library);
}
