/* What the sample apps have in common: the options that every one of them takes, --check, --compare, and what is said
 * to people. An app's settings begin with a sample_settings; results go to stdout or a file and have the same bytes
 * however the app is run; everything else goes to stderr.
 *
 * Every rank reads the command line, as the pool's options are in it, before the pool is open; what is wrong with it is
 * said by the master, in the pool. So main reads it (sample_main) and the function that runs on the master once more
 * (sample_begin):
 *
 *     typedef struct settings { sample_settings common; uint64_t n; } settings;
 *     static const settings defaults = {.n = 12};
 *     static const command_option options[] = {
 *         {"--n", "N", "how many", COMMAND_WHOLE, COMMAND_AT(settings, n), .low = 1, .high = 20}};
 *     static const sample about = {.name = "count", .summary = "Counts.", SAMPLE_OPTIONS(options)};
 *
 *     static int run(dmap_pool *pool, int argc, char **argv) {
 *         settings s = defaults;
 *         int code;
 *         if (!sample_begin(&about, argc, argv, &s.common, &code))
 *             return code;
 *         ...
 *     }
 *     int main(int argc, char **argv) {
 *         settings s = defaults;
 *         return sample_main(&about, argc, argv, &s.common, run);
 *     } */
#ifndef APPS_SAMPLE_H
#define APPS_SAMPLE_H

#include <dmap/dmap.h>

#include "command_line.h"

typedef struct sample {
    const char *name;
    const char *summary;  /* lines, for the help */
    const char *operands; /* "FILE..."; NULL: none are taken */
    int most_operands;    /* 0: any number */
    const command_option *options;
    size_t n_options;
    bool journals; /* --journal is taken: the map's options go to its one map as they are, and what tasks know besides
                      their items is in map.journal_name */
} sample;

/** The options of an app: a table. */
#define SAMPLE_OPTIONS(table) .options = (table), .n_options = sizeof(table) / sizeof(table)[0]

/** What --workers, --backend, --schedule, --progress, --journal, --check and --compare say, and what is no option. */
typedef struct sample_settings {
    dmap_options pool;
    dmap_map_options map;
    bool check, compare, help;
    char **operands; /* n_operands of them; of argv */
    int n_operands;
} sample_settings;

/** The value of main: opens the pool that the command line asks for and runs main_fn in it, on the master; what cannot
 *  be written to stdout is an error.
 *  settings:  the defaults: the first member of the app's settings, which its table fills */
int sample_main(const sample *about, int argc, char **argv, sample_settings *settings, dmap_main_fn *main_fn);
/** Reads the command line into the settings. Called by: the master. Returns true: go on; false if there is nothing to
 *  be done, as help was asked for or something is wrong: all has been said, *code is to be returned. */
bool sample_begin(const sample *about, int argc, char **argv, sample_settings *settings, int *code);

/** An app's work. arg is the app's own. */
typedef struct sample_work {
    /* Does it over the pool. Returns 0, or an exit status: it has said what is wrong. */
    int (*map)(dmap_pool *pool, void *arg);
    /* The same in a plain loop, without dmap. What it makes is kept beside what map made, not in its place. */
    int (*serial)(void *arg);
    /* True if what map made is right; text gets a sentence on what was compared, or differs. */
    bool (*check)(void *arg, char *text, size_t size);
    bool check_is_serial; /* check compares with what serial made; false: with something published */
    /* Prints what map made, if that is not done by then; may be NULL. Returns 0, or an exit status as map does. */
    int (*print)(void *arg);
    const char *items; /* what the map is over, for sample_report; NULL: that is not called */
} sample_work;

/** Does the work, with --compare once more serially, and prints how much faster the pool was; with --check prints the
 *  outcome; reports, and prints what was made. Returns 0, or the exit status. */
int sample_do(const sample *about, const sample_settings *settings, dmap_pool *pool, const sample_work *work,
              void *arg);

/** "NAME: …" on stderr. Returns 1, an exit status. */
int sample_fail(const sample *about, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** What the last call did: "4096 blocks in 1.6 s, 2 workers, efficiency 97.5 %", on stderr; if its ranks are on several
 *  hosts, then a table with a line for each host. */
void sample_report(const sample *about, const dmap_pool *pool, const char *items);

#endif
