# A cluster's life, part of cluster/virtual: up, down, a host's boot and death, commands on a host, status.
# shellcheck shell=sh disable=SC2154 # what is not set here is set in cluster/virtual

up() {
    n=
    slots=
    slurm=
    shares=$root
    may_share "$PWD" && shares=$shares$(printf '\n%s' "$PWD")
    [ -z "${DMAP_BUILD_DIR:-}" ] || add_share "$DMAP_BUILD_DIR"
    while [ $# -gt 0 ]; do
        case $1 in
        -n | --slots | --share) [ $# -ge 2 ] || usage "$1 needs a value" ;;
        esac
        case $1 in
        -n) n=$(count hosts "$2" 200) || exit 1 ;;
        --slots) slots=$(count slots "$2" 1000) || exit 1 ;;
        --share) add_share "$2" ;;
        --slurm) slurm=--slurm ;;
        *) usage "up has no option '$1'" ;;
        esac
        [ "$1" = --slurm ] || shift
        shift
    done
    shares=$(echo "$shares" | sort -u) # a folder before those in it
    [ -e "$state/slurm" ] && slurm=--slurm
    lacking=$(lacks $slurm)
    [ -z "$lacking" ] || die "cannot make hosts here:
$lacking"
    umask 022
    is_as_wanted || renew
    repair || die "could not be brought up"
    trap - EXIT INT TERM HUP
}

# add_share FOLDER: to the shares, or the end.
add_share() {
    share=$(cd "$1" && pwd -P) || die "cannot share '$1'"
    may_share "$share" || die "cannot share $share: every host has its own"
    shares=$shares$(printf '\n%s' "$share")
}

# may_share FOLDER: not one that is, or holds, what a host has of its own, or that lies in its configuration.
may_share() {
    for own in /etc /root/.ssh /run /tmp /var/tmp /var/log /var/spool /var/lib /dev /proc /sys; do
        case $own/ in "${1%/}"/*) return 1 ;; esac
    done
    case $1 in
    /etc/* | /root/.ssh/* | /dev/* | /proc/* | /sys/* | *'
'*) return 1 ;;
    esac
}

# count WHAT TEXT MOST: the number, or the end.
count() {
    case $2 in
    '' | *[!0-9]* | 0* | ?????*) die "'$2' is not a number of $1" ;;
    esac
    [ "$2" -le "$3" ] || die "$2 are too many $1: at most $3"
    echo "$2"
}

# is_as_wanted: there is a whole cluster, and what was asked for is what it has. Nothing asked for: whatever it has.
is_as_wanted() {
    [ -e "$state/made" ] && pid_of switch >/dev/null || return
    [ "${n:-$(cat "$state/hosts")}" = "$(cat "$state/hosts")" ] || return
    [ "${slots:-$(cat "$state/slots")}" = "$(cat "$state/slots")" ] || return
    echo "$shares" | while read -r folder; do
        grep -qxF -e "$folder" "$state/shares" || return 1
    done
}

# renew: a cluster from nothing, or none at all.
renew() {
    take_down
    trap 'trap - EXIT; say "interrupted: taking it down"; take_down; exit 1' INT TERM HUP
    trap take_down EXIT
    make || die "could not be made"
}

# make: the folder, the files and the switch. What the folder is for is said in it before anything else is.
make() {
    mkdir -m 700 "$state" && : >"$state/dmap-virtual" || return
    echo "${n:-4}" >"$state/hosts"
    echo "${slots:-2}" >"$state/slots"
    echo "$shares" >"$state/shares"
    for host in switch $(hosts); do
        mkdir -p "$state/$host/disk" || return
    done
    write_tree "$(cat "$state/hosts")" "$(cat "$state/slots")" || return
    # shellcheck disable=SC2016 # for the inner shell
    start switch --net --pid sh -c 'read -r pid _ </proc/self/stat; echo "$pid" >&3; exec 3>&-
        while :; do sleep 86400 & wait; done' || return
    switch=$pid
    echo "$pid" >"$state/switch/pid" && ip_on "$switch" <<END || return
link add name switch type bridge
link set switch up
END
    : >"$state/made"
}

# start NAME NAMESPACE... COMMAND...: the first process of a host or of the switch, whose number will be in `pid`. It tells
# that when it is ready, and the pipe ends if it dies before. What is forked here keeps the lock until it bears the mark:
# if this shell is killed, it is left waiting at the pipe, and the next `up` or `down` must find it. (In one `exec` with the
# pipe, the lock would be closed after that only.)
start() {
    name=$1
    shift
    rm -f "$state/$name/ready" "$state/$name/pid"
    mkfifo "$state/$name/ready" || return
    # shellcheck disable=SC2016 # for the inner shell
    env "$mark" "$(mark_of "$name")" setsid sh -c 'exec 9>&-; exec 3>"$0" && exec unshare --fork --kill-child "$@"' \
        "$state/$name/ready" "$@" </dev/null >"$state/$name/console" 2>&1 &
    read -r pid <"$state/$name/ready" || pid= # nothing, if all who could write have ended
    rm -f "$state/$name/ready"
    [ -n "$pid" ] || {
        say "$name did not start:"
        cat "$state/$name/console" >&2
        return 1
    }
}

# repair: boots what is off, heals what is cut, and starts the filters and Slurm anew where they have gone.
repair() {
    switch=$(pid_of switch) || return
    for host in $(hosts); do
        rm -f "$state/$host/cut"
        if [ -e "$state/$host/shape" ] && ! runs_filter "$host"; then
            end_filter "$host"
            start_filter "$host" || return
        fi
        if is_well "$host"; then
            place_port "$host" || return
        else
            kill_host "$host"
            start "$host" --mount --uts --ipc --pid --net "$parts/host" "$state" "$host" || return
            connect "$host" "$pid" && echo "$pid" >"$state/$host/pid" || return # up is only what has its link
        fi
    done
    [ -z "$slurm" ] || {
        : >"$state/slurm"
        start_slurm
    }
}

# shellcheck disable=SC2016 # for the inner shell
runs_filter() {
    [ -e "$state/$1/filter/pid" ] && on_switch sh -c 'kill -0 "$0"' "$(cat "$state/$1/filter/pid")" 2>/dev/null
}

# is_well HOST: it runs, with its sshd.
# shellcheck disable=SC2016 # for the inner shell
is_well() {
    pid_of "$1" >/dev/null && (run_on "$1" sh -c 'kill -0 "$(cat /run/sshd.pid)"') 2>/dev/null
}

# kill_host HOST: by its first process, so that all of it ends at once; then what an `up` that was killed has not noted.
kill_host() {
    victim_pid=$(pid_of "$1") && kill_all "$victim_pid"
    [ ! -e "$state/$1/console" ] || end_all "$1"
    rm -f "$state/$1/pid"
}

# take_down: ends all processes, whose namespaces, links and mounts go with them, and removes the files. What says that the
# folder is ours goes last, as this may be killed, too. A folder that something else is in is left alone.
take_down() {
    end_all
    if [ -e "$state/dmap-virtual" ]; then
        find "$state" -mindepth 1 -maxdepth 1 ! -name dmap-virtual -exec rm -rf --one-file-system {} +
        rm -rf --one-file-system "$state"
    elif [ -d "$state" ]; then
        rmdir "$state"
    fi
}

# run_on HOST COMMAND...: as at its console, in the same folder if it is there too, with the variables of dmap and Open
# MPI. If this process is ended, so is the command. Does not return.
# shellcheck disable=SC2016 # for the inner shell
run_on() {
    need_host "$1"
    target=$(pid_of "$1") || die "$1 is off: cluster/virtual up"
    shift
    for variable in $(env | sed -n 's/^\(\(DMAP\|OMPI_MCA\)_[A-Za-z0-9_]*\)=.*/\1/p'); do
        eval "set -- \"$variable=\$$variable\" \"\$@\""
    done
    exec nsenter -t "$target" --mount --uts --ipc --net --pid -- setpriv --pdeathsig TERM env -i \
        HOME=/root USER=root LOGNAME=root SHELL=/bin/sh TERM="${TERM:-dumb}" LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
        sh -c 'cd "$0" 2>/dev/null || cd; exec env "$@"' "$PWD" "$@"
}

status() {
    [ -e "$state/made" ] || {
        echo "no cluster"
        exit 3
    }
    all=0
    switch=$(pid_of switch) || {
        echo "the switch is off"
        all=1
    }
    printf '%-8s %-12s %-5s %-8s %s\n' HOST ADDRESS STATE PROCESS LINK
    for host in $(hosts); do
        condition=up
        number=$(pid_of "$host") || condition=off
        link=$(cat "$state/$host/shape" 2>/dev/null || echo plain)
        [ -e "$state/$host/cut" ] && link="cut, $link"
        [ ! -e "$state/$host/shape" ] || runs_filter "$host" || {
            link="dead, $link"
            all=1
        }
        [ $condition = up ] && [ ! -e "$state/$host/cut" ] || all=1
        printf '%-8s %-12s %-5s %-8s %s\n' "$host" "$(address "$host")" "$condition" "${number:--}" "$link"
    done
    [ ! -e "$state/slurm" ] || (run_on node1 sinfo -N) || all=1
    exit $all
}
