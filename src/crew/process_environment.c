/* Which variables belong to a launcher. mpirun and srun describe the rank in the environment of the process; a child
 * that inherited that and loaded MPI (a command line that is an MPI program, `mpirun` itself) would introduce itself as
 * the rank that its parent already is, and hang or end the job.
 *
 * Where there is no launcher all variables are the user's own (OMPI_MCA_… among them) and all are kept. Under one they
 * cannot be told apart from those that mpirun set, so they go, except for those that only a user sets. A srun that told
 * of no PMI is no launcher of MPI, but a program that inherited its step would take itself for one of the step's tasks:
 * then the step's variables go alone. Looks at names only, changes nothing. */
#include "crew/process_environment.h"

#include <stdbool.h>
#include <string.h>

static bool starts_with(const char *text, const char *const *prefixes) {
    for (; *prefixes; prefixes++)
        if (!strncmp(text, *prefixes, strlen(*prefixes)))
            return true;
    return false;
}

static bool has_any(const char *const *environment, const char *const *signs) {
    for (; *environment; environment++)
        if (starts_with(*environment, signs))
            return true;
    return false;
}

static bool is_ranks(const char *const *environment) {
    static const char *const signs[] = {"OMPI_COMM_WORLD_SIZE=", "PMI_RANK=", "PMI_SIZE=", "PMIX_RANK=", NULL};
    return has_any(environment, signs);
}

/* A step of Slurm: the job around it (SLURM_JOB_ID, the nodes) stays known. */
static bool is_steps(const char *variable) {
    static const char *const prefixes[] = {
        "SLURM_STEP",  "SLURM_PROCID=", "SLURM_LOCALID=", "SLURM_NODEID=",   "SLURM_TASK_PID=", "SLURM_TASKS_PER_STEP=",
        "SLURM_SRUN_", "SLURM_LAUNCH_", "SLURM_GTIDS=",   "SLURM_MPI_TYPE=", "SLURM_PMI",       "SLURM_CPU_BIND",
        NULL};
    return starts_with(variable, prefixes);
}

static bool is_launchers(const char *variable) {
    static const char *const users[] = {"OMPI_ALLOW_RUN_AS_ROOT", "OMPI_CC=", "OMPI_CXX=", "OMPI_FC=", NULL};
    static const char *const prefixes[] = {/* Open MPI, PRRTE, PMIx */
                                           "OMPI_", "OPAL_", "ORTE_", "PRTE_", "PMIX_",
                                           /* MPICH, Intel MPI, MVAPICH */
                                           "PMI_", "PMI2_", "HYDRA_", "HYDI_", "MPI_LOCAL", "MPIR_", "MV2_COMM_WORLD_",
                                           "I_MPI_", NULL};
    return is_steps(variable) || (starts_with(variable, prefixes) && !starts_with(variable, users));
}

static bool is_everybodys(const char *variable) {
    (void)variable;
    return false;
}

size_t dmap__environment_for_child(const char *const *environment, const char **kept) {
    static const char *const step[] = {"SLURM_STEP_NUM_TASKS=", NULL};
    size_t n = 0;
    bool (*drops)(const char *) = is_ranks(environment)        ? is_launchers
                                  : has_any(environment, step) ? is_steps
                                                               : is_everybodys;
    for (; *environment; environment++)
        if (!drops(*environment))
            kept[n++] = *environment;
    kept[n] = NULL;
    return n;
}
