# Slurm on the hosts, part of cluster/virtual: munge on each, the controller on node1, a slurmd on each.
# shellcheck shell=sh disable=SC2154 # what is not set here is set in cluster/virtual

# daemon HOST NAME COMMAND...: starts it unless it runs. Each of these goes to the background when it is ready.
daemon() {
    daemon_host=$1
    daemon_name=$2
    shift 2
    (run_on "$daemon_host" pgrep -x "$daemon_name" >/dev/null) || (run_on "$daemon_host" "$@" 9>&-)
}

# munged wants its folders to be its user's.
# shellcheck disable=SC2016 # for the inner shell
start_slurm() {
    for host in $(hosts); do
        daemon "$host" munged sh -ec '
            mkdir -p /run/munge /var/lib/munge /var/log/munge
            chown root:root /etc/munge /etc/munge/munge.key /run/munge /var/lib/munge /var/log/munge
            chmod 700 /etc/munge /var/lib/munge /var/log/munge
            chmod 755 /run/munge
            exec munged --num-threads=2' || return
    done
    daemon node1 slurmctld slurmctld || return
    for host in $(hosts); do
        daemon "$host" slurmd slurmd || return
    done
    await_slurm
}

# Every host is one that takes jobs, or is at one.
await_slurm() {
    want=$(cat "$state/hosts")
    tries=0
    until [ "$(run_on node1 sinfo -h -N -o %T 2>/dev/null | grep -cxE 'idle|mixed|allocated')" -eq "$want" ]; do
        tries=$((tries + 1))
        if [ $tries -gt 100 ]; then
            run_on node1 sinfo -N -l >&2
            return 1
        fi
        sleep 0.1
    done
}
