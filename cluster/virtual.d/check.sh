# What the machine lacks, part of cluster/virtual.
# shellcheck shell=sh

# tool COMMAND PACKAGE: a line if it is not there.
tool() {
    command -v "$1" >/dev/null 2>&1 || echo "no $1 (Debian's package $2)"
}

# lacks [--slurm]: prints a line for each thing that is missing.
lacks() {
    if [ "$(id -u)" -ne 0 ]; then
        echo "not root: namespaces, mounts and links need it"
        return
    fi
    lacking=$(lacks_tools "$@")
    [ -n "$lacking" ] && echo "$lacking"
    case $lacking in
    *'no unshare '* | *'no ip '*) ;;
    *) lacks_namespaces ;;
    esac
}

lacks_tools() {
    for name in unshare nsenter setpriv flock pivot_root; do
        tool $name util-linux
    done
    tool ip iproute2
    tool ssh openssh-client
    tool ssh-keygen openssh-client
    tool sshd openssh-server
    has_openmpi || echo "no mpirun of Open MPI (Debian's package openmpi-bin)"
    [ "${1:-}" = --slurm ] || return 0
    tool munged munge
    tool slurmctld slurmctld
    tool slurmd slurmd
    tool sbatch slurm-client
}

# has_openmpi: under its own name, or under that which every MPI's launcher has.
has_openmpi() {
    command -v mpirun.openmpi >/dev/null 2>&1 || mpirun --version 2>/dev/null | grep -q 'Open MPI'
}

# Tries what `up` will do; all of it goes with the process.
lacks_namespaces() {
    if ! said=$(unshare --mount --uts --ipc --pid --net --fork true 2>&1); then
        echo "no new namespaces here (a container without CAP_SYS_ADMIN?): $said"
    elif ! said=$(unshare --mount sh -ec '
        mount -t tmpfs tmpfs /mnt
        mkdir /mnt/up /mnt/work /mnt/root
        mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/up,workdir=/mnt/work /mnt/root' 2>&1); then
        echo "no overlay mounts here: $said"
    elif ! said=$(unshare --net sh -ec '
        ip link add name b0 type bridge
        ip link add name x0 type veth peer name y0' 2>&1); then
        echo "no bridge or no veth links in this kernel: $said"
    fi
}

check() {
    case ${1:-} in
    '' | --slurm) ;;
    *) usage "check has no option '$1'" ;;
    esac
    lacking=$(lacks "$@")
    [ -n "$lacking" ] || return 0
    echo "$lacking"
    exit 77
}
