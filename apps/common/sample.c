/* Options, help, --check and --compare of the sample apps. */
#include "sample.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const command_word backends[] = {
    {"serial", DMAP_SERIAL}, {"threads", DMAP_THREADS}, {"processes", DMAP_PROCESSES}, {NULL, 0}};
static const command_word schedules[] = {{"auto", DMAP_AUTO},           {"static", DMAP_STATIC},
                                         {"dynamic", DMAP_DYNAMIC},     {"guided", DMAP_GUIDED},
                                         {"factoring", DMAP_FACTORING}, {NULL, 0}};
static const command_word progresses[] = {{"auto", 0}, {"yes", 1}, {"no", -1}, {NULL, 0}};

static const command_option common_options[] = {
    {"--workers", "N", "on each rank, if not one a core", COMMAND_WHOLE, COMMAND_AT(sample_settings, pool.workers),
     .low = 1, .high = 4096},
    {"--backend", "NAME", "what the workers are", COMMAND_WORD, COMMAND_AT(sample_settings, pool.backend),
     .words = backends},
    {"--schedule", "NAME", "who gets how much", COMMAND_WORD, COMMAND_AT(sample_settings, map.schedule),
     .words = schedules},
    {"--progress", "WHEN", "a bar on stderr, if that is a terminal", COMMAND_WORD,
     COMMAND_AT(sample_settings, map.progress), .words = progresses},
    {"--check", NULL, "compare the result with what is known to be right", COMMAND_FLAG,
     COMMAND_AT(sample_settings, check)},
    {"--compare", NULL, "do it once more, serially, and print the speed-up", COMMAND_FLAG,
     COMMAND_AT(sample_settings, compare)},
    {"--help", NULL, "print this", COMMAND_FLAG, COMMAND_AT(sample_settings, help)},
};
enum { N_COMMON_OPTIONS = sizeof common_options / sizeof common_options[0] };

static const command_option journal_option = {"--journal", "FILE", "keeps what has ended, for a run that is to go on",
                                              COMMAND_TEXT, COMMAND_AT(sample_settings, map.journal)};

/* The tables of an app's options. */
enum { MOST_PARTS = 3 };
static size_t parts_of(const sample *about, sample_settings *settings, command_part *parts) {
    parts[0] = (command_part){about->options, about->n_options, settings};
    parts[1] = (command_part){common_options, N_COMMON_OPTIONS, settings};
    parts[2] = (command_part){&journal_option, 1, settings};
    return about->journals ? 3 : 2;
}

/* For help and complaints: everything is set, so that no variable of the environment has a say in them. */
static const dmap_options smallest_pool = {.workers = 1,
                                           .backend = DMAP_SERIAL,
                                           .start = DMAP_FORK,
                                           .bind = DMAP_BIND_NONE,
                                           .spread = DMAP_COMPACT,
                                           .master_works = 1};

static bool parse(const sample *about, int argc, char **argv, sample_settings *settings, char *error, size_t size) {
    command_part parts[MOST_PARTS];
    size_t n_parts = parts_of(about, settings, parts);
    error[0] = '\0';
    int first = command_parse(argc, argv, parts, n_parts, error, size);
    if (first < 0)
        return false;
    settings->operands = argv + first;
    settings->n_operands = argc - first;
    if (settings->n_operands > 0 && !about->operands)
        snprintf(error, size, "'%.100s' is no option, and nothing else is taken; --help lists them", argv[first]);
    else if (about->most_operands > 0 && settings->n_operands > about->most_operands)
        snprintf(error, size, "'%.100s' is more than is taken: %s", argv[first + about->most_operands],
                 about->operands);
    return error[0] == '\0';
}

static void print_help(const sample *about, sample_settings *defaults) {
    command_part parts[MOST_PARTS];
    size_t n_parts = parts_of(about, defaults, parts);
    printf("%s\n\n%s [OPTION...]%s%s\n", about->summary, about->name, about->operands ? " " : "",
           about->operands ? about->operands : "");
    command_print_options(parts, n_parts);
}

/* Where stdin, stdout or stderr is closed, the next file that is opened would take its place, and get what is meant for
 * it. What takes it instead can neither be read nor written. */
static void fill_closed_places(void) {
    for (int place = STDIN_FILENO; place <= STDERR_FILENO; place++)
        if (fcntl(place, F_GETFD) < 0)
            open("/dev/null", place == STDIN_FILENO ? O_WRONLY : O_RDONLY); /* without one nothing can be done */
}

int sample_main(const sample *about, int argc, char **argv, sample_settings *settings, dmap_main_fn *main_fn) {
    char error[512];
    fill_closed_places();
    bool works = parse(about, argc, argv, settings, error, sizeof error) && !settings->help;
    int code = dmap_run(argc, argv, main_fn, works ? &settings->pool : &smallest_pool);
    bool written = fflush(stdout) == 0 && !ferror(stdout); /* help, too */
    return written ? code : sample_fail(about, "write error");
}

bool sample_begin(const sample *about, int argc, char **argv, sample_settings *settings, int *code) {
    char error[512];
    bool good = parse(about, argc, argv, settings, error, sizeof error);
    if (!good) {
        sample_fail(about, "%s", error);
        *code = EXIT_USAGE;
    } else if (settings->help) {
        print_help(about, settings);
        *code = EXIT_SUCCESS;
    }
    return good && !settings->help;
}

/* -- the work ---------------------------------------------------------------------------------------------------- */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* "2 workers", "4 workers on 2 ranks". */
static void describe_workers(const dmap_pool *pool, char *text, size_t size) {
    int workers = dmap_workers(pool), ranks = dmap_ranks(pool);
    int used = snprintf(text, size, "%d worker%s", workers, workers == 1 ? "" : "s");
    if (ranks > 1)
        snprintf(text + used, size - (size_t)used, " on %d ranks", ranks);
}

static void print_speedup(const dmap_pool *pool, double serial_s, double seconds) {
    char workers[64];
    describe_workers(pool, workers, sizeof workers);
    fprintf(stderr, "serial %.3g s, %s %.3g s: %.2fx\n", serial_s, workers, seconds, serial_s / seconds);
}

int sample_do(const sample *about, const sample_settings *settings, dmap_pool *pool, const sample_work *work,
              void *arg) {
    char text[512] = "";
    double begun = now();
    int code = work->map(pool, arg);
    double mapped = now();
    if (code == 0 && (settings->compare || (settings->check && work->check_is_serial)))
        code = work->serial(arg);
    if (code != 0)
        return code;
    if (settings->compare)
        print_speedup(pool, now() - mapped, mapped - begun);
    bool right = !settings->check || work->check(arg, text, sizeof text);
    if (settings->check)
        fprintf(stderr, "%s: check: %s: %s\n", about->name, right ? "right" : "WRONG", text);
    if (work->items)
        sample_report(about, pool, work->items);
    if (work->print)
        code = work->print(arg);
    return right ? code : EXIT_FAILURE;
}

int sample_fail(const sample *about, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "%s: %s\n", about->name, text);
    return EXIT_FAILURE;
}

static bool is_first_of_host(const dmap_pool *pool, int rank) {
    for (int earlier = 0; earlier < rank; earlier++)
        if (strcmp(dmap_host(pool, earlier), dmap_host(pool, rank)) == 0)
            return false;
    return true;
}

/* A line of the table of hosts: what the ranks of one host did in the last call. The first of them is given. */
static void print_host(const dmap_pool *pool, int first) {
    const char *host = dmap_host(pool, first);
    dmap_rank_report rank;
    int ranks = 0, workers = 0;
    uint64_t items = 0;
    double busy_s = 0;
    for (int i = first; i < dmap_ranks(pool); i++)
        if (strcmp(dmap_host(pool, i), host) == 0 && dmap_report_rank(pool, i, &rank) == DMAP_OK) {
            ranks++;
            workers += rank.workers;
            items += rank.items;
            busy_s += rank.busy_s;
        }
    fprintf(stderr, "%-16s %5d %7d %10llu %10.2f\n", host, ranks, workers, (unsigned long long)items, busy_s);
}

/* Where all ranks are on one host, the line of the report says it all. */
static void print_hosts(const dmap_pool *pool) {
    int other = 1;
    while (other < dmap_ranks(pool) && strcmp(dmap_host(pool, other), dmap_host(pool, 0)) == 0)
        other++;
    if (other >= dmap_ranks(pool))
        return;
    fprintf(stderr, "%-16s %5s %7s %10s %10s\n", "host", "ranks", "workers", "items", "busy s");
    for (int rank = 0; rank < dmap_ranks(pool); rank++)
        if (is_first_of_host(pool, rank))
            print_host(pool, rank);
}

void sample_report(const sample *about, const dmap_pool *pool, const char *items) {
    dmap_report report;
    char workers[64];
    dmap_report_get(pool, &report);
    describe_workers(pool, workers, sizeof workers);
    fprintf(stderr, "%s: %llu %s in %.3g s, %s, efficiency %.1f %%\n", about->name, (unsigned long long)report.items,
            items, report.seconds, workers, 100.0 * report.efficiency);
    print_hosts(pool);
}
