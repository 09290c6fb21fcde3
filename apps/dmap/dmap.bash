# Completion of dmap for bash; installed where bash-completion looks for it.
# shellcheck shell=bash

# _dmap_words CANDIDATES: those that the current word begins.
_dmap_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

_dmap_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
}

# _dmap_value_of OPTION: completes what follows it; status 1 if nothing does.
_dmap_value_of() {
    case $1 in
    --arg-file | --joblog | --jl | --usage | --results | --res | --topology | --journal | --wd | --tmpdir | --svg | --curve | -a) _dmap_files ;;
    --backend) _dmap_words 'threads processes serial' ;;
    --bind) _dmap_words 'core pu l3 numa socket none' ;;
    --spread) _dmap_words 'compact scatter' ;;
    --halt | --halt-on-error)
        _dmap_words 'never now,fail=1 soon,fail=1 now,success=1 soon,success=1 now,done=1 soon,done=1' ;;
    --header) _dmap_words ':' ;;
    --trim) _dmap_words 'n l r lr' ;;
    --delimiter | --colsep | --max-replace-args | --max-args | --max-lines | --max-chars | --replace-str | --er | --bnr | --dnr | \
        --bner | --basenamereplace | --dirnamereplace | --basenameextensionreplace | --seqreplace | --slotreplace | --seed | \
        --block | --block-size | --recstart | --recend | --jobs | --max-procs | --cores | --mem | --gpus | --delay | --load | --memfree | \
        --timeout | --termseq | --retries | --retry-delay | --until | --process-slot-var | --env | --nice | --tagstring | --workers | --ranks | --seconds | --cpus | --tries | --patience | --pause | --probe | -[dCNnILsjP])
        COMPREPLY=()
        ;;
    *) return 1 ;;
    esac
}

# Where the command of `dmap run` is, there is no telling what follows but the source's name: files, or options.
_dmap_run() {
    local current=${COMP_WORDS[COMP_CWORD]}
    case $current in
    -*) _dmap_words '--arg-file --null --delimiter --colsep --trim --eof --csv --header --max-replace-args --max-args --link --xapply
        --max-lines --pack-words --pack --xargs --max-chars --exit --quote --replace-str --er --bnr --dnr --bner
        --basenamereplace --dirnamereplace --basenameextensionreplace --seqreplace --slotreplace --plus
        --no-run-if-empty --skip-first-line --depends --shuf --seed --pipe --cat --fifo --pipepart --block --recstart --recend
        --regexp --rrs --round-robin --tee --jobs --cores --mem --gpus
        --delay --load --memfree --noswap --timeout --termseq --retries --retry-delay --halt --until --wd --tmpdir --env --nice
        --verbose --process-slot-var --shell-quote --dry-run
        --keep-order --unordered --line-buffer --ungroup --show --tag --tagstring --files --files0 --results --joblog --usage --resume
        --resume-failed --changed --retry-failed --bar --eta --progress --no-progress --quiet --gnu --will-cite --help' ;;
    :*) _dmap_words '::: :::: :::+ ::::+' ;;
    *)
        _dmap_files
        # The command itself may be any program.
        [[ ${COMP_WORDS[COMP_CWORD - 1]} != run ]] || mapfile -t COMPREPLY < <(compgen -c -- "$current")
        ;;
    esac
}

_dmap() {
    COMPREPLY=()
    if [[ $COMP_CWORD -eq 1 ]]; then
        _dmap_words 'run info journal supervise bench report --help --version'
        return
    fi
    _dmap_value_of "${COMP_WORDS[COMP_CWORD - 1]}" && return
    case ${COMP_WORDS[1]} in
    run) _dmap_run ;;
    journal)
        case ${COMP_WORDS[COMP_CWORD]} in
        -*) _dmap_words '--csv --jsonl --help' ;;
        *)
            if [[ $COMP_CWORD -eq 2 ]]; then
                _dmap_files
            else
                _dmap_words 'show failed verify export prune'
            fi
            ;;
        esac
        ;;
    supervise)
        case ${COMP_WORDS[COMP_CWORD]} in
        -*) _dmap_words '--tries --patience --pause --journal --probe --help' ;;
        *) mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}") ;;
        esac
        ;;
    bench) _dmap_words '--workers --backend --seconds --cpus --json --plain --help' ;;
    report)
        case ${COMP_WORDS[COMP_CWORD]} in
        -*) _dmap_words '--svg --csv --curve --help' ;;
        *) _dmap_files ;;
        esac
        ;;
    info) _dmap_words '--workers --backend --bind --spread --topology --ranks --json --help' ;;
    esac
}

complete -F _dmap dmap
