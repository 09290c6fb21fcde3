/* What scripts of GNU parallel say and dmap run does not need to be told: what is coloured, which cores are counted,
 * how many jobs there are. */
#include <string.h>

#include "run/options/setters.h"
#include "run/options/table.h"

static const char without_value[] =
    " --color --colour --color-failed --colour-failed --colorfailed --colourfailed --color-fail --colour-fail"
    " --colorfail --colourfail --cf --use-sockets-instead-of-threads --usesocketsinsteadofthreads"
    " --use-cores-instead-of-threads --usecoresinsteadofthreads --use-cpus-instead-of-cores --usecpusinsteadofcores ";
static const char with_value[] =
    " --total-jobs --totaljobs --total --compress-program --compressprogram --use-compress-program"
    " --usecompressprogram --decompress-program --decompressprogram --use-decompress-program --usedecompressprogram ";

static bool has(const char *list, const char *name) {
    size_t length = strlen(name);
    for (const char *at = strstr(list, name); at; at = strstr(at + 1, name))
        if (at[-1] == ' ' && at[length] == ' ')
            return true;
    return false;
}

const run_option *run_option_ignored(const char *name) {
    static const run_option without = {.help = "nothing is done by it", .set = run_set_nothing};
    static const run_option with = {.value = "VALUE", .help = "nothing is done by it", .set = run_set_nothing};
    return has(without_value, name) ? &without : has(with_value, name) ? &with : NULL;
}
