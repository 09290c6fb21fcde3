/* Whose wish this process's CPU mask is, told from the environment, and under Open MPI 5 by its launcher (prte.h).
 *
 * A mask that somebody asked for (taskset, numactl, a batch system, a launcher told to bind) is kept. Open MPI's mpirun
 * also binds unasked: 4.1 binds each of up to 2 ranks to one core, more ranks to a NUMA node or socket, none if the
 * node is oversubscribed. That default would leave a crew on one core, so it alone is to be widened.
 *
 * Found by trial with Open MPI 4.1.4, in the ranks' environment:
 *   - OMPI_MCA_orte_bound_at_launch=1 whenever mpirun bound the rank, asked or not; absent with --bind-to none and when
 *     nothing was bound (oversubscribed): the mask is then what taskset or numactl made it, before or behind mpirun;
 *   - --bind-to X, --mca hwloc_base_binding_policy X and the environment variable of that name:
 *     OMPI_MCA_hwloc_base_binding_policy=X; the old --bind-to-core and --bind-to-socket: …hwloc_base_bind_to_core=1,
 *     …_socket;
 *   - --cpu-set and --cpu-list: …hwloc_base_cpu_set, …hwloc_base_cpu_list; -rf: …orte_rankfile;
 *   - --map-by X:PE=n: …rmaps_base_mapping_policy=X:PE=n; --cpus-per-proc: …rmaps_base_cpus_per_rank. Mapping without
 *     PE says where ranks go, not what they may use, and does not count;
 *   - taskset behind a mpirun that binds by default (`mpirun taskset -c 1 prog`) cannot be told from that default;
 *     nor can a policy set in Open MPI's own parameter file. Say --bind-to none, or name the binding.
 * Open MPI 5 sets PRTE_LAUNCHED=1, and no more than that.
 * Slurm's srun (SLURM_CPU_BIND…) and Intel MPI bind each task to its own share of what was asked for, MPICH only on
 * demand: kept like any other mask. */
#include "cpu/topology.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/prte.h"

static const char *const asked_4[] = {"OMPI_MCA_hwloc_base_binding_policy", "OMPI_MCA_hwloc_base_bind_to_core",
                                      "OMPI_MCA_hwloc_base_bind_to_socket", "OMPI_MCA_hwloc_base_cpu_set",
                                      "OMPI_MCA_hwloc_base_cpu_list",       "OMPI_MCA_orte_rankfile",
                                      "OMPI_MCA_rmaps_rank_file_path",      "OMPI_MCA_rmaps_base_cpus_per_proc",
                                      "OMPI_MCA_rmaps_base_cpus_per_rank",  NULL};

static bool is_set(const char *name) {
    const char *value = getenv(name);
    return value && *value && strcmp(value, "0") != 0;
}

static bool is_any_set(const char *const *names) {
    for (; *names; names++)
        if (is_set(*names))
            return true;
    return false;
}

static bool asks_for_pus(const char *policy_name) {
    const char *policy = getenv(policy_name);
    return policy && strcasestr(policy, "pe=");
}

bool dmap__topology_is_bound_by_user(void) {
    if (is_set("OMPI_MCA_orte_bound_at_launch"))
        return is_any_set(asked_4) || asks_for_pus("OMPI_MCA_rmaps_base_mapping_policy");
    if (is_set("PRTE_LAUNCHED"))
        return dmap__prte_was_told_to_bind();
    return true;
}
