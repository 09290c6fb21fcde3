# The switch and its links, part of cluster/virtual. The switch is the kernel's bridge `switch` in a network namespace of
# its own, so that nothing leads to the machine's network. A host's eth0 ends there as pN (N for nodeN), a port of
# `switch`. For a shaped host pN goes into a bridge of its own, bN, and wirefilter carries the frames between the TAPs hN,
# a port of bN, and sN, a port of `switch`: the kernel's own netem is not everywhere, and only that host's frames take the
# way through a process.
# shellcheck shell=sh disable=SC2154 # what is not set here is set in cluster/virtual

on_switch() {
    nsenter -t "$switch" --net --pid -- "$@"
}

# ip_on PID: commands of ip from stdin, in the namespace of that process.
ip_on() {
    nsenter -t "$1" --net -- ip -batch -
}

# connect HOST PID: gives a host that has just booted its eth0, with the hardware address that it always has: the others
# may remember it from before.
connect() {
    number=${1#node}
    on_switch ip link del "p$number" 2>/dev/null # of the host's former life
    ip_on "$switch" <<END && ip_on "$2" <<END2 && place_port "$1"
link add name p$number type veth peer name eth0 address $(printf '02:00:00:00:00:%02x' "$number") netns $2
link set p$number up
END
address add $(address "$1")/24 dev eth0
link set eth0 up
END2
}

# place_port HOST: where its link ends, by what is known of it: nowhere, before its filter, or at the switch.
place_port() {
    number=${1#node}
    if [ -e "$state/$1/cut" ]; then
        echo "link set p$number nomaster" | ip_on "$switch"
    elif [ -e "$state/$1/shape" ]; then
        echo "link set p$number master b$number" | ip_on "$switch"
    else
        echo "link set p$number master switch" | ip_on "$switch"
    fi
}

# replace_port HOST: the same, if the host is up.
replace_port() {
    pid_of "$1" >/dev/null || return 0
    place_port "$1"
}

cut_host() {
    switch=$(pid_of switch) || die "the switch is off: cluster/virtual up"
    : >"$state/$1/cut"
    replace_port "$1"
}

heal_host() {
    switch=$(pid_of switch) || die "the switch is off: cluster/virtual up"
    rm -f "$state/$1/cut"
    replace_port "$1"
}

# number OPTION VALUE PATTERN: VALUE without its unit, or the end.
shape_number() {
    case $2 in
    '' | *[!0-9.]* | *.*.* | .*) die "$1 '$2' is not $3" ;;
    *) echo "$2" ;;
    esac
}

# shape HOST [OPTION VALUE]...: its file holds wirefilter's options and, after a #, the words for `status`.
shape() {
    [ $# -ge 1 ] || usage "shape needs a host"
    host=$1
    shift
    need_host "$host"
    switch=$(pid_of switch) || die "the switch is off: cluster/virtual up"
    delay=0 rate=0 loss=0
    while [ $# -gt 0 ]; do
        [ $# -ge 2 ] || usage "$1 needs a number"
        case $1 in
        --delay) delay=$(shape_number delay "${2%ms}" 'a number of milliseconds') || exit 1 ;;
        --rate) rate=$(shape_number rate "${2%mbit}" 'a number of megabits per second') || exit 1 ;;
        --loss) loss=$(shape_number loss "${2%\%}" 'a percentage') || exit 1 ;;
        *) usage "shape has no option '$1'" ;;
        esac
        shift 2
    done
    case $delay in *.*) die "wirefilter delays by whole milliseconds" ;; esac
    if [ "$delay$rate$loss" = 000 ]; then
        rm -f "$state/$host/shape"
        replace_port "$host" && end_filter "$host"
    else
        lacking=$(tool wirefilter vde-wirefilter)
        [ -c /dev/net/tun ] || lacking="$lacking no /dev/net/tun"
        [ -z "$lacking" ] || die "cannot shape:$lacking"
        end_filter "$host"
        echo "delay=$delay rate=$rate loss=$loss" >"$state/$host/shape"
        start_filter "$host" && replace_port "$host"
    fi
}

# start_filter HOST: the filter of its shape, on TAPs that are ready. What is on its way is held for the delay and 100 ms
# more at the given rate, or 256 KiB if that is less; beyond that it is lost, as in a real switch.
start_filter() {
    number=${1#node}
    filter=$state/$1/filter
    # shellcheck source=/dev/null
    . "$state/$1/shape"
    mkdir -p "$filter" || return # first: end_filter goes by it
    ip_on "$switch" <<END || return
link add name b$number type bridge
tuntap add h$number mode tap
tuntap add s$number mode tap
link set b$number up
link set h$number master b$number up
link set s$number master switch up
END
    echo "tap://h$number" >"$filter/host.vnl"
    echo "tap://s$number" >"$filter/switch.vnl"
    set -- -d "$delay" -l "$loss"
    if [ "$rate" != 0 ]; then
        # shellcheck disable=SC2046 # two words
        set -- "$@" $(awk -v rate="$rate" -v delay="$delay" 'BEGIN {
            bytes = rate * 125000; held = bytes * (delay + 100) / 1000
            printf "-b %d -c %d", bytes, (held > 262144 ? held : 262144) }')
    fi
    on_switch wirefilter -v "$filter/host.vnl:$filter/switch.vnl" --daemon --pidfile "$filter/pid" "$@" \
        </dev/null >"$filter/said" 2>&1 9>&- || die "wirefilter: $(cat "$filter/said")"
}

# end_filter HOST: if there is one. Its number is that of the switch's own process table.
end_filter() {
    number=${1#node}
    [ -e "$state/$1/filter" ] || return 0
    # shellcheck disable=SC2016 # is to be read by that shell
    on_switch sh -c 'kill "$0"' "$(cat "$state/$1/filter/pid")" 2>/dev/null
    for device in "h$number" "s$number" "b$number"; do
        on_switch ip link del "$device" 2>/dev/null
    done
    rm -rf "$state/$1/filter"
}
