/* Which hosts answer: one command a host, some at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <dmap/process.h>

#include "supervise_hosts.h"

#define ANSWER_S 30.0 /* a host that is busy takes its time */
enum { AT_ONCE = 64, MOST_WORDS = 60 };

static bool is_this_host(const char *name) {
    char here[256] = "";
    const char *user = strchr(name, '@');
    name = user ? user + 1 : name;
    gethostname(here, sizeof here - 1);
    return strcmp(name, "localhost") == 0 || strcmp(name, "127.0.0.1") == 0 || strcmp(name, here) == 0 ||
           (strncmp(name, here, strcspn(here, ".")) == 0 && strlen(name) == strcspn(here, "."));
}

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Returns NULL, with a sentence printed. */
static dmap_process *ask(const char *probe, const char *host) {
    const char *argv[MOST_WORDS + 4];
    int n = 0;
    dmap_process *process = NULL;
    char *words = strdup(probe), *rest = NULL;
    for (char *word = words ? strtok_r(words, " ", &rest) : NULL; word && n < MOST_WORDS;
         word = strtok_r(NULL, " ", &rest))
        argv[n++] = word;
    argv[n++] = host;
    argv[n++] = "true";
    argv[n] = NULL;
    dmap_process_options what = {.argv = argv, .daemon = true, .output = DMAP_FD_NONE, .error = DMAP_FD_NONE};
    if (!words || dmap_process_open(&what, &process) != DMAP_OK || dmap_process_start(process) != DMAP_OK) {
        fprintf(stderr, "dmap supervise: which hosts answer cannot be asked: %s\n",
                words ? dmap_error(NULL) : "no memory");
        dmap_process_close(process);
        process = NULL;
    }
    free(words);
    return process;
}

static bool hears(dmap_process *process, double until_s) {
    int code = 1;
    double left_s = until_s - now_s();
    if (dmap_process_join(process, left_s > 0 ? left_s : 0) == DMAP_ETIMEOUT) {
        dmap_process_kill(process);
        (void)dmap_process_join(process, -1);
        code = 1;
    } else if (dmap_process_exit_code(process, &code) != DMAP_OK) {
        code = 1;
    }
    dmap_process_close(process);
    return code == 0;
}

bool supervise_hosts_probe(supervise_hosts *h, const char *probe) {
    bool can_ask = true;
    for (size_t first = 0; can_ask && first < h->n; first += AT_ONCE) {
        size_t n = h->n - first < AT_ONCE ? h->n - first : AT_ONCE;
        dmap_process *asked[AT_ONCE] = {NULL};
        for (size_t i = 0; can_ask && i < n; i++)
            if (!is_this_host(h->hosts[first + i].name))
                can_ask = (asked[i] = ask(probe, h->hosts[first + i].name)) != NULL;
        double until_s = now_s() + ANSWER_S;
        for (size_t i = 0; i < n; i++)
            if (asked[i])
                h->hosts[first + i].is_out = !hears(asked[i], until_s);
    }
    return can_ask;
}
