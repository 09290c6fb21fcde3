# What the scripts about dmap run share: to be sourced with the arguments PROGRAM [LAUNCHER...], and with `here` set to
# their folder. Without a launcher the checks run once, without mpirun; with one, whose last word is followed by a number
# of ranks, on 3 ranks, and with DMAP_TEST_LONG=1 on 1 rank, too.
program=$1
shift
launcher=$*
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' INT TERM
cd "$work" || exit 2
unset DMAP_WORKERS DMAP_BACKEND DMAP_START DMAP_BIND DMAP_SPREAD DMAP_MASTER_WORKS DMAP_HELPER
PARALLEL_SHELL=/bin/sh
export PARALLEL_SHELL
# shellcheck source=tests/mpi/left_files.sh
. "$here/../mpi/left_files.sh"
leave_files_in "$work"
failed=0
status=none
ranks=0
all_ranks=${launcher:+3}
[ "${DMAP_TEST_LONG:-}" != 1 ] || all_ranks=${launcher:+1 3}
all_ranks=${all_ranks:-0}

# run ARGUMENT...: dmap run, on so many ranks; its status in $status, what it prints in out and err.
run() {
    # shellcheck disable=SC2086 # the launcher is several words
    ${launcher:+$launcher $ranks} "$program" run "$@" >out 2>err
    status=$?
}

# is_whole: what is the master's alone, or a worker's alone, is the same on any number of ranks, and tried without mpirun;
# over ranks in the long form.
is_whole() {
    [ -z "$launcher" ] || [ "${DMAP_TEST_LONG:-}" = 1 ]
}

fail() {
    echo "FAILED on $ranks ranks: $*; status $status, out and err:"
    head -c 2000 out
    head -c 2000 err
    failed=1
}

# is STATUS TEXT WHAT: the last run ended so, and printed that.
is() {
    printf '%b' "$2" >expected
    { [ "$status" -eq "$1" ] && cmp -s expected out; } || fail "$3"
}

# says TEXT WHAT: it is in what was said on standard error.
says() {
    grep -qF -- "$1" err || fail "$2: '$1' is not said"
}

# comes COMMAND...: waits until it holds, two minutes at most.
comes() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 2400 ]; then
            fail "never: $*"
            return 1
        fi
        sleep 0.05
    done
}
