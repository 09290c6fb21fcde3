/* One table of options: name, what follows it, what it does, and what reads the value. A value follows its option as
 * the next argument or behind "=". */
#include "bench_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"

enum { MOST_WORKERS = 4096 };

#define LEAST_SECONDS   0.1
#define DEFAULT_SECONDS 45.0
#define MOST_SECONDS    3600.0

static bool set_workers(bench_options *o, const char *text) {
    char *end;
    long value = strtol(text, &end, 10);
    o->pool.workers = (int)value;
    return text[0] >= '0' && text[0] <= '9' && !*end && value >= 1 && value <= MOST_WORKERS;
}

static bool set_backend(bench_options *o, const char *text) {
    o->pool.backend = strcmp(text, "processes") == 0 ? DMAP_PROCESSES : DMAP_THREADS;
    return strcmp(text, "processes") == 0 || strcmp(text, "threads") == 0;
}

static bool set_seconds(bench_options *o, const char *text) {
    char *end;
    o->seconds = strtod(text, &end);
    return end > text && !*end && o->seconds >= LEAST_SECONDS && o->seconds <= MOST_SECONDS;
}

static bool set_cpus(bench_options *o, const char *text) {
    o->cpus = text;
    return text[0] != '\0' && strspn(text, "0123456789,-") == strlen(text);
}

static bool set_json(bench_options *o, const char *text) {
    (void)text;
    return o->json = true;
}

static bool set_plain(bench_options *o, const char *text) {
    (void)text;
    return o->plain = true;
}

static bool set_help(bench_options *o, const char *text) {
    (void)text;
    return o->help = true;
}

static const struct option {
    const char *name, *value; /* value is NULL if none follows */
    const char *meaning;
    bool (*set)(bench_options *o, const char *text);
} options[] = {
    {"--workers", "N", "of each rank, 1 to 4096 (one a core)", set_workers},
    {"--backend", "NAME", "of the first pool: threads or processes (threads)", set_backend},
    {"--seconds", "S", "that it may take, about, 0.1 to 3600 (45)", set_seconds},
    {"--cpus", "LIST", "keep to these CPUs: \"0-3,8\"", set_cpus},
    {"--json", NULL, "print JSON", set_json},
    {"--plain", NULL, "measure this pool only; a line a figure: name and number", set_plain},
    {"--help", NULL, "print this", set_help},
};
enum { N_OPTIONS = sizeof options / sizeof options[0] };

/* The option, and in *value what stands behind its "=", if that is there. */
static const struct option *find(const char *argument, const char **value) {
    size_t length = strcspn(argument, "=");
    for (int i = 0; i < N_OPTIONS; i++) {
        if (strncmp(options[i].name, argument, length) != 0 || options[i].name[length] != '\0')
            continue;
        *value = argument[length] ? argument + length + 1 : NULL;
        return &options[i];
    }
    return NULL;
}

static bool refuse_option(const char *argument, char *error, size_t size) {
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(argument, "="), argument);
    const char *near = nearest_word(name, &options->name, N_OPTIONS, sizeof *options);
    if (near)
        snprintf(error, size, "there is no option '%s'; did you mean '%s'?", name, near);
    else
        snprintf(error, size, "there is no option '%s'; dmap bench --help lists them", name);
    return false;
}

static bool read_option(const struct option *option, const char *value, bench_options *o, char *error, size_t size) {
    if (option->value && !value)
        snprintf(error, size, "%s needs a value: %s", option->name, option->meaning);
    else if (!option->value && value)
        snprintf(error, size, "%s takes no value", option->name);
    else if (!option->set(o, value ? value : ""))
        snprintf(error, size, "%s %.100s is not valid: %s", option->name, *value ? value : "''", option->meaning);
    else
        return true;
    return false;
}

bool bench_options_parse(int argc, char **argv, bench_options *o, char *error, size_t error_size) {
    *o = (bench_options){.seconds = DEFAULT_SECONDS};
    for (int i = 2; i < argc; i++) {
        const char *value = NULL;
        const struct option *option = find(argv[i], &value);
        if (!option)
            return refuse_option(argv[i], error, error_size);
        if (option->value && !value && i + 1 < argc)
            value = argv[++i];
        if (!read_option(option, value, o, error, error_size))
            return false;
    }
    return true;
}

void bench_options_print_help(void) {
    printf("Measures what dmap itself costs on this cluster, in less than a minute: what an\n"
           "item, a chunk and a result cost in this pool, and on the master's node alone in\n"
           "pools of threads, of processes, and of half the workers. Then says which to use.\n\n"
           "mpirun -n RANKS dmap bench [OPTION...]\n");
    for (int i = 0; i < N_OPTIONS; i++)
        printf("  %-9s %-4s  %s\n", options[i].name, options[i].value ? options[i].value : "", options[i].meaning);
    printf("\nMETG(50%%): the shortest item at which workers spend half of their time on items.\n"
           "Nothing else should run meanwhile.\n");
}
