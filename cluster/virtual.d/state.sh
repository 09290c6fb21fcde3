# What is known of a cluster, part of cluster/virtual. Its folder holds `hosts` and `slots` (numbers), `shares` (a folder
# a line), `tree` (files that every host gets), `switch` and `nodeN` (a folder each: `pid`, `console`, `shape`, `cut`),
# `slurm` if that was asked for, and `made` once all this is whole. The processes are found by a mark in their
# environment, so that those of an `up` that was killed are found too.
# shellcheck shell=sh disable=SC2154 # what is not set here is set in cluster/virtual

mark=DMAP_VIRTUAL_OF=$state

# mark_of NAME: the further mark of the processes of a host, or of `switch`.
mark_of() {
    echo "DMAP_VIRTUAL_PART=$state/$1"
}

# One at a time changes clusters: the lock goes with the process, and nothing stays of it. Descriptor 9 is closed for
# all that lives on; so are those that the caller had open, be it for a lock of its own.
alone() {
    exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-
    above=$(dirname "$state")
    [ -d "$above" ] || above=/ # removed with all that was in it: what runs can still be ended
    exec 9<"$above" && flock 9
}

hosts() {
    seq -f node%.0f 1 "$(cat "$state/hosts" 2>/dev/null || echo 0)"
}

address() {
    echo "$network.${1#node}"
}

need_host() {
    [ -e "$state/made" ] || die "there is no cluster: cluster/virtual up"
    hosts | grep -qxF -e "$1" || die "there is no host '$1': $(hosts | tr '\n' ' ')"
}

# is_alive PID: it is there, and is no zombie (in a container the parent may never ask).
is_alive() {
    case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in
    '' | [ZX]*) return 1 ;;
    esac
}

# pid_of HOST or `switch`: of its first process; status 1 if it is off. The mark tells it from a later process of the
# same number.
pid_of() {
    found=$(cat "$state/$1/pid" 2>/dev/null) && [ -n "$found" ] && is_alive "$found" &&
        grep -qsxzF "$mark" "/proc/$found/environ" && echo "$found"
}

# pids [NAME]: of all marked processes, or of those of a host or of `switch`.
pids() {
    [ $# -gt 0 ] && wanted=$(mark_of "$1") || wanted=$mark
    grep -lsxzF -e "$wanted" /proc/[0-9]*/environ | sed 's|/proc/\([0-9]*\)/.*|\1|'
}

# pids_inside [NAME]: those of them that are in the process table of a host or of the switch. The others are the `unshare`
# of each: it reaps the first process and ends; killed before, it would leave that to the machine's init, which may be
# slow.
pids_inside() {
    for marked in $(pids "$@"); do
        [ "$(readlink "/proc/$marked/ns/pid")" = "$(readlink /proc/self/ns/pid)" ] || echo "$marked"
    done
}

# kill_all PID...: and waits until they are gone. A first process is gone when all of its table are.
kill_all() {
    [ $# -eq 0 ] || kill -9 "$@" 2>/dev/null
    for victim; do
        tries=0
        while is_alive "$victim"; do
            tries=$((tries + 1))
            [ $tries -le 500 ] || die "process $victim does not end"
            sleep 0.02
        done
    done
}

# end_all [NAME]: kills all marked processes, or those of a host or of `switch`, and waits until they are gone.
end_all() {
    # shellcheck disable=SC2046 # numbers
    kill_all $(pids_inside "$@")
    tries=0
    while [ -n "$(pids "$@")" ] && [ $tries -lt 50 ]; do
        tries=$((tries + 1))
        sleep 0.02
    done
    # shellcheck disable=SC2046 # numbers
    kill_all $(pids "$@")
}
