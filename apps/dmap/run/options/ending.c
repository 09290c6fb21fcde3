#include "run/options/ending.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "run/base/parse.h"

enum { MOST_WAIT_MS = 86400000 };

const char run_ending_usual[] = "TERM,200,TERM,100,TERM,50,KILL,25";

/* "TERM", "SIGTERM", "15". Returns 0 if it is none. */
static int read_signal(const char *name) {
    uint64_t number;
    if (run_read_number(name, NSIG - 1, &number))
        return (int)number;
    if (strncmp(name, "SIG", 3) == 0)
        name += 3;
    for (int i = 1; i < NSIG; i++)
        if (sigabbrev_np(i) && strcmp(sigabbrev_np(i), name) == 0)
            return i;
    return 0;
}

bool run_ending_parse(const char *text, run_ending *ending) {
    char copy[256], *next = copy, *word;
    uint64_t wait;
    *ending = (run_ending){0};
    if (strlen(text) >= sizeof copy)
        return false;
    strcpy(copy, text);
    while ((word = strsep(&next, ","))) {
        int signal = read_signal(word);
        word = strsep(&next, ",");
        if (signal == 0 || ending->n == RUN_ENDING_MOST - 1 || (word && !run_read_number(word, MOST_WAIT_MS, &wait)))
            return false;
        ending->steps[ending->n].signal = signal;
        ending->steps[ending->n++].wait_ms = word ? (int32_t)wait : 0;
    }
    if (ending->steps[ending->n - 1].signal != SIGKILL)
        ending->steps[ending->n++].signal = SIGKILL;
    return true;
}
