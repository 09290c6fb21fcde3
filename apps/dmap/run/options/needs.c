#include "run/options/needs.h"

#include <stdio.h>
#include <string.h>

#include "run/base/parse.h"

enum { MOST = 1000000 };

static const struct {
    const char *option, *what;
} needs_of[RUN_NEEDS] = {{"--cores", "a number of cores, 1 or more"},
                         {"--mem", "a size, as 500M or 2G"},
                         {"--gpus", "a number of GPUs, 0 or more"}};

bool run_needs_are_asked(const run_options *options) {
    return options->needs[RUN_NEED_CORES] || options->needs[RUN_NEED_MEMORY] || options->needs[RUN_NEED_GPUS];
}

bool run_need_varies(const run_options *options, run_need need) {
    return options->needs[need] && run_may_vary(options, options->needs[need]);
}

bool run_needs_check(const run_options *options, char *error, size_t size) {
    run_needs needs;
    for (int i = 0; i < RUN_NEEDS; i++)
        if (options->needs[i] && !run_need_varies(options, (run_need)i) &&
            !run_need_read((run_need)i, options->needs[i], &needs, error, size))
            return false;
    return true;
}

bool run_need_read(run_need need, const char *text, run_needs *needs, char *error, size_t size) {
    uint64_t number = 0;
    size_t bytes = 0;
    bool valid = need == RUN_NEED_MEMORY ? run_read_size(text, &bytes) : run_read_number(text, MOST, &number);
    valid = valid && (need != RUN_NEED_CORES || number > 0);
    if (!valid)
        snprintf(error, size, "%s %.100s is not valid: %s", needs_of[need].option, *text ? text : "''",
                 needs_of[need].what);
    else if (need == RUN_NEED_MEMORY)
        needs->memory = bytes;
    else
        *(need == RUN_NEED_CORES ? &needs->cores : &needs->gpus) = (int32_t)number;
    return valid;
}
