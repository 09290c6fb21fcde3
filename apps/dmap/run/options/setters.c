#include "run/options/setters.h"

#include "run/base/parse.h"

enum { MOST_VALUES = 1000000 };

bool run_set_nothing(run_options *o, const char *text) {
    (void)o;
    (void)text;
    return true;
}

bool run_set_max_args(run_options *o, const char *text) {
    uint64_t value;
    if (!run_read_number(text, MOST_VALUES, &value))
        return false;
    o->values = (int)value;
    o->records = value;
    o->grouped = false;
    return true;
}
