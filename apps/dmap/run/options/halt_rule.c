/* --halt: "now,fail=1" and its kin, and the numbers that GNU parallel had before. */
#include "run/options/halt_rule.h"

#include <string.h>

#include "run/base/parse.h"

static bool read_count(const char *text, run_halt_rule *rule) {
    uint64_t jobs;
    rule->percent = run_read_percent(text, &rule->count);
    if (!rule->percent) {
        if (!run_read_number(text, UINT64_MAX >> 12, &jobs)) /* exact as a double */
            return false;
        rule->count = (double)jobs;
    }
    return rule->count > 0;
}

/* The old "0", "1", "2", "-1", "-2", "30%". */
static bool read_old(const char *text, run_halt_rule *rule) {
    bool success = text[0] == '-';
    const char *number = text + success;
    if (read_count(text, rule) && rule->percent) {
        rule->when = RUN_HALT_SOON;
        return true;
    }
    if (strcmp(text, "0") != 0 && strcmp(number, "1") != 0 && strcmp(number, "2") != 0)
        return false;
    *rule = (run_halt_rule){
        .when = (run_halt_when)(number[0] - '0'), .why = success ? RUN_HALT_SUCCESS : RUN_HALT_FAIL, .count = 1};
    return true;
}

bool run_halt_parse(const char *text, run_halt_rule *rule) {
    static const struct {
        const char *text;
        run_halt_rule rule;
    } heads[] = {
        {"now,fail=", {.when = RUN_HALT_NOW, .why = RUN_HALT_FAIL}},
        {"now,success=", {.when = RUN_HALT_NOW, .why = RUN_HALT_SUCCESS}},
        {"now,done=", {.when = RUN_HALT_NOW, .why = RUN_HALT_DONE}},
        {"soon,fail=", {.when = RUN_HALT_SOON, .why = RUN_HALT_FAIL}},
        {"soon,success=", {.when = RUN_HALT_SOON, .why = RUN_HALT_SUCCESS}},
        {"soon,done=", {.when = RUN_HALT_SOON, .why = RUN_HALT_DONE}},
    };
    *rule = (run_halt_rule){.when = RUN_HALT_NEVER};
    if (strcmp(text, "never") == 0)
        return true;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        size_t length = strlen(heads[i].text);
        if (strncmp(text, heads[i].text, length) == 0) {
            *rule = heads[i].rule;
            return read_count(text + length, rule);
        }
    }
    return read_old(text, rule);
}
