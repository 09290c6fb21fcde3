# Shell functions of the tests on a virtual cluster. To be sourced, with `root` set to the top of the clone and `build`
# to the build's folder. Each test has a cluster of its own, which ends with it.
# shellcheck shell=sh disable=SC2034,SC2154 # what is set here is used there, and the other way round

virtual=$root/cluster/virtual
build=$(cd "$build" && pwd -P) || exit 1
unset DMAP_WORKERS DMAP_BACKEND DMAP_START DMAP_BIND DMAP_SPREAD DMAP_MASTER_WORKS DMAP_BUILD_DIR
work=$(mktemp -d) || exit 1
export DMAP_VIRTUAL="$work/cluster"
shared=$work/shared
mkdir "$shared" || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
failed=0

fail() {
    echo "FAILED: $*"
    for said in out err; do
        [ ! -s "$shared/$said" ] || sed 's/^/    /' "$shared/$said"
    done
    failed=1
}

# begin HOSTS [--slurm]: the cluster, or the end of the test: skipped where this machine cannot.
begin() {
    # shellcheck disable=SC2086 # an option or none
    lacking=$("$virtual" check ${2:-} 2>&1) || {
        echo "skipped: $lacking"
        exit 77
    }
    trap '"$virtual" down; rm -rf "$work"' EXIT
    # shellcheck disable=SC2086 # none, or one word
    "$virtual" up -n "$1" ${2:-} --share "$build" --share "$shared" || exit 1
    cd "$shared" || exit 1
}

# skip WHAT
skip() {
    echo "skipped: $*"
    exit 77
}

# In the foreground, so that who ends the test ends what it waits for.
on() {
    timeout --foreground 600 "$virtual" exec "$@"
}

# ranks PROGRAM...: on all hosts, two a host unless told otherwise; what they print goes to `out` and `err`. Ends after
# $bound seconds.
bound=600
ranks() {
    timeout --foreground "$bound" "$virtual" mpirun "$@" >"$shared/out" 2>"$shared/err" </dev/null
}

# soon COMMAND...: true at the latest after a minute.
soon() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ "$tries" -le 300 ] || return 1
        sleep 0.2
    done
}

# column NUMBER: of the lines of ranks that farm printed, in rank order.
column() {
    awk -v c="$1" '/^[0-9]+ node/ { print $c }' "$shared/out"
}
