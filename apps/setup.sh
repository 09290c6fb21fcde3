# Shell functions of apps/run and tests/run: packages, and a build out of tree. To be sourced, with `root` set to the
# top of the clone. Everything here works in any directory, in a clone whose path has spaces, and without stdin.
# shellcheck shell=sh disable=SC2034 # what is set here is used there

# Where builds go; DMAP_BUILD_DIR may name another folder.
builds=${DMAP_BUILD_DIR:-$root/.build}
case $builds in
/*) ;;
*) builds=$PWD/$builds ;;
esac

# What a build of the library needs, as PACKAGE or PACKAGE=COMMAND: with the command there, from wherever it came, the
# package is not asked for.
build_packages='gcc=gcc libc6-dev cmake=cmake ninja-build=ninja pkg-config=pkg-config libopenmpi-dev=mpicc
    openmpi-bin=mpirun libhwloc-dev libsqlite3-dev libxxhash-dev'

# app_packages NAME...: what apps need besides; those whose libraries are missing are left out of a build.
app_packages() {
    for app; do
        case $app in
        align) echo libparasail-dev ;;
        checksum) echo libssl-dev ;;
        dmap) echo libpcre2-dev ;;
        event_loop_uv) echo libuv1-dev ;;
        mandelbrot) echo libpng-dev libmpfr-dev ;;
        options) echo librandom123-dev ;;
        sweep) echo libpng-dev libsundials-dev ;;
        esac
    done
}

# apps: the names of all of them: a folder each, and a file each in apps/examples.
apps() {
    for app in "$root"/apps/*/CMakeLists.txt "$root"/apps/examples/*.c; do
        case $app in
        */examples/CMakeLists.txt) ;;
        *.c) basename "$app" .c ;;
        *) basename "$(dirname "$app")" ;;
        esac
    done
}

say() {
    echo "$*" >&2
}

# missing_packages ENTRY...: prints those that are not installed.
missing_packages() {
    for entry; do
        package=${entry%%=*}
        if [ "$package" != "$entry" ] && command -v "${entry#*=}" >/dev/null 2>&1; then
            continue
        fi
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)
        [ "$state" = installed ] || printf ' %s' "$package"
    done
}

# How long another apt or dpkg is waited for: a machine of a cloud updates itself in its first minutes.
lock_wait_s=900

# apt_get ARGUMENT...: apt-get by the right of $as_root. It gives up at once where another holds one of its locks, and its
# own option for that does not hold for all of them: so it is called again until it gets them.
apt_get() {
    waited_s=0
    while :; do
        { said=$($as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q "$@" 2>&1 >&3 </dev/null); } 3>&2
        status=$?
        case $said in
        *"Could not get lock"* | *"locked by another process"*) ;;
        *) break ;;
        esac
        [ $waited_s -lt $lock_wait_s ] || break
        [ $waited_s -gt 0 ] || say "Another apt or dpkg is at work here: waiting for it to end, $((lock_wait_s / 60)) minutes at most."
        sleep 5
        waited_s=$((waited_s + 5))
    done
    [ -z "$said" ] || say "$said"
    return "$status"
}

# install_packages ENTRY...: says what is missing and installs it, or ends the script with a sentence.
install_packages() {
    [ "${DMAP_SETUP:-yes}" = no ] && return
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        say "These packages are missing (as Debian names them):$missing"
        say "There is no apt-get here: please install them by the means of this system and run this again,"
        say "with DMAP_SETUP=no in the environment if they are here under other names."
        exit 1
    fi
    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif command -v sudo >/dev/null 2>&1; then
        as_root=sudo
    else
        say "These packages are missing, and this user may not install them (not root, no sudo). As root, run:"
        say "    apt-get update && apt-get install -y --no-install-recommends$missing"
        exit 1
    fi
    say "Will install:$missing"
    apt_get update || say "The lists of packages could not be renewed; going on with those that are here."
    # shellcheck disable=SC2086 # a list of words
    apt_get install -y --no-install-recommends $missing || {
        say "These packages could not be installed:$missing"
        exit 1
    }
}

# quietly LOG COMMAND...: what the command prints goes to the log, and is shown if it fails.
quietly() {
    log=$1
    shift
    "$@" >"$log" 2>&1 </dev/null || {
        status=$?
        cat "$log" >&2
        return "$status"
    }
}

# build_tree PRESET TARGETS [CMAKE-OPTION...]: configures and builds in $builds/PRESET what has changed.
build_tree() {
    preset=$1
    targets=$2
    shift 2
    command -v cmake >/dev/null 2>&1 || {
        say "There is no cmake here (Debian's package cmake, 3.25 or newer), which the build needs."
        return 1
    }
    folder=$builds/$preset
    mkdir -p "$folder" || return
    if [ ! -f "$folder/CMakeCache.txt" ]; then
        command -v ninja >/dev/null 2>&1 && set -- -G Ninja "$@"
    elif ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
        set -- --fresh "$@" # the clone has moved
    fi
    command -v ccache >/dev/null 2>&1 && set -- -D CMAKE_C_COMPILER_LAUNCHER=ccache "$@"
    # Presets are looked for in the current directory.
    (cd "$root" && quietly "$folder/configure.log" cmake --preset "$preset" -B "$folder" "$@") || return
    # shellcheck disable=SC2086 # a list
    quietly "$folder/build.log" cmake --build "$folder" --target $targets --parallel "$(nproc)"
}

# Without stdin (closed), programs would open files as their descriptor 0.
true <&0 2>/dev/null || exec </dev/null
