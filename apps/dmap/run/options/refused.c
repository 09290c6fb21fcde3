/* What GNU parallel knows and dmap run does not, or maps of a program have and jobs do not: why, and the way to do it
 * here. */
#include <stddef.h>
#include <string.h>

#include "run/options/table.h"

static const struct {
    const char *names, *why;
} refused[] = {
    {" -S --sshlogin --slf --sshloginfile --onall --nonall --hgrp --hostgrp --hostgroup --hostgroups -M "
     "--controlmaster "
     "--ssh --ssh-delay --sshdelay --filter-hosts --filterhosts --filter-host ",
     "the nodes are those of mpirun: mpirun -H a,b dmap run ..."},
    {" --transfer --transferfile --transferfiles --transfer-file --transfer-files --tf --return --cleanup --trc "
     "--basefile --bf --rsync-opts --rsyncopts ",
     "files are where the nodes see them: copy them beforehand, with sbcast or rsync"},
    {" --rpl --parens ", "placeholders are fixed; what Perl would do, the command does: 'x={}; echo \"${x%.gz}\"'"},
    {" --filter ", "leave values out beforehand: grep ... | dmap run ..."},
    {" --sql --sql-master --sqlmaster --sql-worker --sqlworker --sql-and-worker --sqlandworker ",
     "--results FILE.csv makes a table that databases read, and --joblog with --resume goes on with a run"},
    {" --journal ", "--joblog FILE keeps how jobs ended, and --resume goes on with it"},
    {" --semaphore --semaphore-name --semaphorename --id --semaphore-timeout --semaphoretimeout --st --fg --bg --wait ",
     "flock(1) does it: flock FILE COMMAND"},
    {" --tmux --tmux-pane --tmuxpane ", "--lb shows output as it comes"},
    {" --interactive -p ", "--dry-run shows the commands beforehand"},
    {" --tty --open-tty -o ", "jobs run on nodes that have no terminal"},
    {" --shard --bin --group-by --groupby ", "--pipe gives each block to one job, whatever is in it"},
    {" --block-timeout --blocktimeout --bt ",
     "a block of --pipe is full, or the last; -N 1 makes each record one at once"},
    {" -J --profile --shebang --hashbang --shebang-wrap --embed --combine-exec --combineexec "
     "--combine-executable --combineexecutable --tollef --session ",
     "options are those of the command line alone; a shell function or script keeps them"},
    {" --record-env --recordenv ", "--env NAMES hands on these variables"},
    {" --template --tmpl ", "the command can fill in a file: sed \"s/@x@/{1}/\" FILE"},
    {" --limit --memsuspend ", "--load, --memfree and --noswap hold jobs back"},
    {" --arg-sep --argsep --arg-file-sep --argfilesep ", "values follow :::, and files ::::"},
    {" --link-input-source --linkinputsource --xapplyinputsource ", "--link and :::+ link sources"},
    {" --number-of-cpus --numberofcpus --number-of-sockets --numberofsockets --number-of-cores --numberofcores "
     "--number-of-threads --numberofthreads ",
     "dmap info tells it"},
    {" --show-limits --showlimits --max-line-length-allowed --maxlinelengthallowed ",
     "a command line may have any length; -s bounds it"},
    {" --min-version --minversion ", "dmap --version tells it"},
    {" --shell-completion --shellcompletion ", "dmap.bash, which is installed, completes"},
    {" --bug --debug -D -g -B -T -U -W -Y -H --ctrl-c --ctrlc --no-ctrl-c --no-ctrlc --noctrlc ",
     "GNU parallel does nothing by it either"},
};

const char *run_option_refused(const char *name) {
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        for (const char *at = strstr(refused[i].names, name); at; at = strstr(at + 1, name))
            if (at[-1] == ' ' && at[length] == ' ')
                return refused[i].why;
    return NULL;
}
