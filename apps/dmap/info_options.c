/* One table of options: name, what follows it, what it does, and what reads the value: a list of words, or a function.
 * A value follows its option as the next argument or behind "=". */
#include "info_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"

enum { MOST_WORKERS = 4096, MOST_RANKS = 65536 };

typedef struct word {
    const char *text;
    int value;
} word;

static const word backends[] = {
    {"threads", DMAP_THREADS}, {"processes", DMAP_PROCESSES}, {"serial", DMAP_SERIAL}, {NULL, 0}};
static const word binds[] = {{"core", DMAP_BIND_CORE},
                             {"pu", DMAP_BIND_PU},
                             {"l3", DMAP_BIND_L3},
                             {"numa", DMAP_BIND_NUMA},
                             {"socket", DMAP_BIND_SOCKET},
                             {"none", DMAP_BIND_NONE},
                             {NULL, 0}};
static const word spreads[] = {{"compact", DMAP_COMPACT}, {"scatter", DMAP_SCATTER}, {NULL, 0}};

/* A whole number from 1 to most; 0 if it is none. */
static int read_number(const char *text, int most) {
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    return errno || text[0] < '0' || text[0] > '9' || *end || value < 1 || value > most ? 0 : (int)value;
}

static bool set_workers(info_options *o, const char *text, int value) {
    (void)value;
    return (o->pool.workers = read_number(text, MOST_WORKERS)) > 0;
}

static bool set_ranks(info_options *o, const char *text, int value) {
    (void)value;
    return (o->ranks = read_number(text, MOST_RANKS)) > 0;
}

static bool set_backend(info_options *o, const char *text, int value) {
    (void)text;
    o->pool.backend = (dmap_backend)value;
    return true;
}

static bool set_bind(info_options *o, const char *text, int value) {
    (void)text;
    o->pool.bind = (dmap_bind)value;
    return true;
}

static bool set_spread(info_options *o, const char *text, int value) {
    (void)text;
    o->pool.spread = (dmap_spread)value;
    return true;
}

static bool set_topology(info_options *o, const char *text, int value) {
    (void)value;
    o->topology = text;
    return text[0] != '\0';
}

static bool set_json(info_options *o, const char *text, int value) {
    (void)text, (void)value;
    return o->json = true;
}

static bool set_help(info_options *o, const char *text, int value) {
    (void)text, (void)value;
    return o->help = true;
}

static const struct option {
    const char *name, *value; /* value is NULL if none follows */
    const char *meaning;
    const word *words; /* that the value may be; NULL: `set` looks at it */
    bool (*set)(info_options *o, const char *text, int value);
} options[] = {
    {"--workers", "N", "of each rank, 1 to 4096 (one a core)", NULL, set_workers},
    {"--backend", "NAME", "threads, processes or serial (threads)", backends, set_backend},
    {"--bind", "NAME", "core, pu, l3, numa, socket or none (core)", binds, set_bind},
    {"--spread", "NAME", "compact or scatter (compact)", spreads, set_spread},
    {"--topology", "TEXT", "plan for a machine: FILE.xml, or as \"pack:2 core:8 pu:2\"", NULL, set_topology},
    {"--ranks", "N", "plan for so many ranks on that machine, 1 to 65536 (1)", NULL, set_ranks},
    {"--json", NULL, "print JSON", NULL, set_json},
    {"--help", NULL, "print this", NULL, set_help},
};
enum { N_OPTIONS = sizeof options / sizeof options[0] };

/* ", did you mean …?" or, if nothing is near, what is to be said then. */
static bool refuse(char *error, size_t size, const char *what, const char *near, const char *otherwise) {
    if (near)
        snprintf(error, size, "%s; did you mean '%s'?", what, near);
    else
        snprintf(error, size, "%s%s", what, otherwise);
    return false;
}

static bool set_value(const struct option *option, const char *text, info_options *o, char *error, size_t size) {
    const word *w = option->words;
    size_t n = 0;
    char what[256];
    while (w && w[n].text && strcmp(w[n].text, text) != 0)
        n++;
    if ((!w || w[n].text) && option->set(o, text, w ? w[n].value : 0))
        return true;
    snprintf(what, sizeof what, "%s %.100s is not valid: %s", option->name, *text ? text : "''", option->meaning);
    return refuse(error, size, what, w ? nearest_word(text, &w->text, n, sizeof *w) : NULL, "");
}

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
    char name[64], what[128];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(argument, "="), argument);
    snprintf(what, sizeof what, "there is no option '%s'", name);
    return refuse(error, size, what, nearest_word(name, &options->name, N_OPTIONS, sizeof *options),
                  "; dmap info --help lists them");
}

static bool needs(const struct option *option, char *error, size_t size) {
    if (option->value)
        snprintf(error, size, "%s needs a value: %s", option->name, option->meaning);
    else
        snprintf(error, size, "%s takes no value", option->name);
    return false;
}

bool info_options_parse(int argc, char **argv, info_options *o, char *error, size_t error_size) {
    *o = (info_options){0};
    for (int i = 2; i < argc; i++) {
        const char *value = NULL;
        const struct option *option = find(argv[i], &value);
        if (!option)
            return refuse_option(argv[i], error, error_size);
        if (option->value && !value && i + 1 < argc)
            value = argv[++i];
        if (!value != !option->value)
            return needs(option, error, error_size);
        if (!set_value(option, value ? value : "", o, error, error_size))
            return false;
    }
    return true;
}

void info_options_print_help(void) {
    printf("Shows on which core each worker runs, and why; under mpirun for all ranks. With\n"
           "--topology or --ranks it plans that for one machine, which need not be here.\n\n"
           "dmap info [OPTION...]\n");
    for (int i = 0; i < N_OPTIONS; i++)
        printf("  %-10s %-5s %s\n", options[i].name, options[i].value ? options[i].value : "", options[i].meaning);
    printf("\nWhat is not given here comes from the environment (DMAP_WORKERS, DMAP_BACKEND,\n"
           "DMAP_BIND, DMAP_SPREAD). Cores, PUs and NUMA nodes have hwloc's numbers, CPUs\n"
           "those of the operating system; '-': not bound to one, or not known.\n");
}
