#include "run/control/retry.h"

double run_retry_wait(const run_retry_rule *rule, int attempt) {
    double wait = rule->first_s;
    for (int i = 1; i < attempt && wait > 0 && wait < rule->most_s; i++)
        wait *= 2;
    return wait < rule->most_s ? wait : rule->most_s;
}
