# Shell functions of tests/run: the packages of a virtual cluster. To be sourced after apps/setup.sh.
# shellcheck shell=sh

cluster_packages='openssh-client=ssh openssh-server=sshd iproute2=ip procps=pgrep vde-wirefilter=wirefilter
    munge=munged slurmctld=slurmctld slurmd=slurmd slurm-client=sbatch'

# without_daemons COMMAND...: Debian's packages start what they bring unless policy-rc.d says 101. One that says so is
# left alone; otherwise one of our own stands in its place meanwhile. One that a killed run left is known by its line.
without_daemons() {
    policy=/usr/sbin/policy-rc.d
    kept=$policy.kept-by-dmap
    line='# by tests/run of dmap, while it installs packages'
    if grep -qsxF "$line" "$policy"; then
        rm -f "$policy"
        [ ! -e "$kept" ] || mv "$kept" "$policy"
    fi
    if [ -x "$policy" ]; then
        "$policy" ssh start >/dev/null 2>&1 </dev/null
        [ $? -ne 101 ] || {
            "$@"
            return
        }
    fi
    (
        trap 'rm -f "$policy"; [ ! -e "$kept" ] || mv "$kept" "$policy"' EXIT
        trap 'exit 1' INT TERM HUP
        [ ! -e "$policy" ] || mv "$policy" "$kept"
        printf '#!/bin/sh\n%s\nexit 101\n' "$line" >"$policy"
        chmod 755 "$policy"
        "$@"
    )
}

# install_cluster_packages: where a virtual cluster can be made and it does no harm, else a word why not. Without them the
# cluster's tests are skipped, so that is no failure.
install_cluster_packages() {
    # shellcheck disable=SC2086 # a list of words
    [ "${DMAP_SETUP:-yes}" = no ] || [ -z "$(missing_packages $cluster_packages)" ] && return
    if [ "$(id -u)" -ne 0 ]; then
        say "Not root: the tests on a virtual cluster will be skipped."
    elif ! unshare --mount --uts --ipc --pid --net --fork true 2>/dev/null; then
        say "No namespaces here: the tests on a virtual cluster will be skipped."
    elif [ -d /run/systemd/system ]; then
        say "The tests on a virtual cluster will be skipped: their packages would start daemons when this machine starts."
        # shellcheck disable=SC2086 # a list of words
        say "They run once these are installed:$(missing_packages $cluster_packages)"
    else
        # shellcheck disable=SC2086 # a list of words
        (without_daemons install_packages $cluster_packages) ||
            say "The tests on a virtual cluster may be skipped: not all of their packages could be installed."
    fi
}
