# The files that every host gets, part of cluster/virtual: names, ssh, Open MPI, Slurm.
# shellcheck shell=sh disable=SC2154 # what is not set here is set in cluster/virtual

# write_tree HOSTS SLOTS: into $state/tree; `hosts` must tell the names already.
write_tree() {
    tree=$state/tree
    mkdir -p "$tree/etc/ssh" "$tree/etc/openmpi" "$tree/root/.ssh" || return
    echo '127.0.0.1 localhost' >"$tree/etc/hosts"
    for host in $(hosts); do
        echo "$(address "$host") $host" >>"$tree/etc/hosts"
        echo "$host slots=$2"
    done >"$tree/etc/dmap-hosts"
    : >"$tree/etc/resolv.conf"
    write_ssh && write_openmpi && write_slurm "$1" "$2"
}

# One key for all hosts and one for root, of this cluster only.
write_ssh() {
    ssh-keygen -q -t ed25519 -N '' -C virtual -f "$tree/etc/ssh/dmap_host_key" </dev/null &&
        ssh-keygen -q -t ed25519 -N '' -C virtual -f "$tree/root/.ssh/id_ed25519" </dev/null || return
    cp "$tree/root/.ssh/id_ed25519.pub" "$tree/root/.ssh/authorized_keys"
    echo "node*,$network.* $(cut -d ' ' -f 1,2 "$tree/etc/ssh/dmap_host_key.pub")" >"$tree/root/.ssh/known_hosts"
    cat >"$tree/root/.ssh/config" <<END
Host *
  StrictHostKeyChecking yes
  IdentitiesOnly yes
  LogLevel ERROR
  ConnectTimeout 10
  ServerAliveInterval 3
  ServerAliveCountMax 3
END
    cat >"$tree/etc/ssh/dmap_sshd_config" <<END
HostKey /etc/ssh/dmap_host_key
PidFile /run/sshd.pid
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
MaxStartups 200
MaxSessions 200
END
    chmod 600 "$tree/etc/ssh/dmap_host_key" "$tree"/root/.ssh/*
}

# Of several MPIs on the machine any may be its `mpirun`; on the hosts it is Open MPI's.
write_openmpi() {
    if named=$(command -v mpirun.openmpi); then
        mkdir -p "$tree/usr/local/bin" && ln -s "$named" "$tree/usr/local/bin/mpirun" || return
    fi
    cat >"$tree/etc/openmpi/openmpi-mca-params.conf" <<END
# TCP between hosts, on their own network; shared memory only inside one.
pml = ob1
btl = self,vader,tcp
btl_tcp_if_include = $network.0/24
oob_tcp_if_include = $network.0/24
# All hosts have the same few cores: bound ranks would all be on the first of them, and spinning ones would starve the
# others.
hwloc_base_binding_policy = none
mpi_yield_when_idle = 1
# A host that has gone silent is noticed in 5 s, not in 3 minutes: it takes all three, and tcp_retries2 (in the file host).
oob_tcp_keepalive_time = 2
oob_tcp_keepalive_intvl = 1
oob_tcp_keepalive_probes = 3
END
    # The launcher of Open MPI 5 has a file of its own.
    {
        sed -n '/^oob_tcp_keepalive/p' "$tree/etc/openmpi/openmpi-mca-params.conf"
        echo "prte_if_include = $network.0/24"
        echo 'hwloc_default_binding_policy = none'
    } >"$tree/etc/openmpi/prte-mca-params.conf"
}

# write_slurm HOSTS SLOTS: the controller on node1, a slurmd on every host, root for all.
write_slurm() {
    mkdir -p "$tree/etc/slurm" "$tree/etc/munge" "$tree/var/spool/slurmctld" "$tree/var/spool/slurmd" || return
    dd if=/dev/urandom of="$tree/etc/munge/munge.key" bs=128 count=1 status=none || return
    chmod 600 "$tree/etc/munge/munge.key"
    echo 'CgroupPlugin=cgroup/v1' >"$tree/etc/slurm/cgroup.conf" # the choice by itself ends slurmd where there is none
    # Slurm 22.05 by itself mixes two kinds of fences: on a busy machine some ranks then leave MPI_Init while others are in
    # the midst of it, and what they send kills those (SIGSEGV at address 0, in about 1 of 25 runs). Those that are left
    # would wait 300 s.
    printf '%s\n' PMIxCollFence=tree PMIxTimeout=30 >"$tree/etc/slurm/mpi.conf"
    cat >"$tree/etc/slurm/slurm.conf" <<END
ClusterName=virtual
SlurmctldHost=node1($(address node1))
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
StateSaveLocation=/var/spool/slurmctld
SlurmdSpoolDir=/var/spool/slurmd
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmctldLogFile=/var/log/slurmctld.log
SlurmdLogFile=/var/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=pmix
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
JobAcctGatherType=jobacct_gather/none
# A host that was booted again is used again; what survives a rank's death goes on.
ReturnToService=2
WaitTime=0
SlurmctldTimeout=30
SlurmdTimeout=10
MessageTimeout=10
KillWait=5
InactiveLimit=0
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=5,batch_sched_delay=0
PropagateResourceLimits=NONE
NodeName=node[1-$1] CPUs=$2 RealMemory=1000 State=UNKNOWN
PartitionName=all Nodes=node[1-$1] Default=YES MaxTime=60 State=UP OverSubscribe=NO
END
}
