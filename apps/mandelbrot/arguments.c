/* One table of options: name, what follows it, what it does, and the function that reads its value. Every rank reads
 * the same command line, before the pool is open; only the master says what is wrong with it. */
#include "arguments.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct choice {
    const char *name;
    int value;
} choice;

static const choice backends[] = {
    {"serial", DMAP_SERIAL}, {"threads", DMAP_THREADS}, {"processes", DMAP_PROCESSES}, {NULL, 0}};
static const choice schedules[] = {{"auto", DMAP_AUTO},     {"static", DMAP_STATIC},       {"dynamic", DMAP_DYNAMIC},
                                   {"guided", DMAP_GUIDED}, {"factoring", DMAP_FACTORING}, {NULL, 0}};
static const choice progresses[] = {{"auto", 0}, {"yes", 1}, {"no", -1}, {NULL, 0}};

/* A whole number in [low, high], and nothing after it but `end`. Returns what follows, or NULL. */
static const char *read_number(const char *text, uint32_t low, uint32_t high, char end, uint32_t *number) {
    char *after;
    errno = 0;
    unsigned long long value = strtoull(text, &after, 10);
    if (errno || text[0] < '0' || text[0] > '9' || *after != end || value < low || value > high)
        return NULL;
    *number = (uint32_t)value;
    return end ? after + 1 : after;
}

static const char *read_real(const char *text, char end, double *number) {
    char *after;
    errno = 0;
    double value = strtod(text, &after);
    if (errno || after == text || *after != end || !isfinite(value))
        return NULL;
    *number = value;
    return end ? after + 1 : after;
}

static bool read_choice(const char *text, const choice *choices, int *value) {
    for (; choices->name; choices++) {
        if (strcmp(text, choices->name) == 0) {
            *value = choices->value;
            return true;
        }
    }
    return false;
}

static bool set_size(arguments *a, const char *text) {
    text = read_number(text, 1, 1000000, 'x', &a->view.width);
    return text && read_number(text, 1, 1000000, '\0', &a->view.height);
}

static bool set_center(arguments *a, const char *text) {
    text = read_real(text, ',', &a->view.center_x);
    return text && read_real(text, '\0', &a->view.center_y);
}

/* Held in `pixel` until the height is known. */
static bool set_zoom(arguments *a, const char *text) {
    return read_real(text, '\0', &a->view.pixel) && a->view.pixel >= 0.001 && a->view.pixel <= 1e15;
}

static bool set_iterations(arguments *a, const char *text) {
    return read_number(text, 1, 1000000000, '\0', &a->view.iterations);
}

static bool set_samples(arguments *a, const char *text) {
    return read_number(text, 1, 16, '\0', &a->view.samples);
}

static bool set_out(arguments *a, const char *text) {
    a->out = text;
    return text[0] != '\0';
}

static bool set_workers(arguments *a, const char *text) {
    uint32_t workers;
    bool good = read_number(text, 1, 4096, '\0', &workers);
    a->pool.workers = good ? (int)workers : 0;
    return good;
}

static bool set_backend(arguments *a, const char *text) {
    int value = 0;
    bool good = read_choice(text, backends, &value);
    a->pool.backend = (dmap_backend)value;
    return good;
}

static bool set_schedule(arguments *a, const char *text) {
    int value = 0;
    bool good = read_choice(text, schedules, &value);
    a->map.schedule = (dmap_schedule)value;
    return good;
}

static bool set_progress(arguments *a, const char *text) {
    return read_choice(text, progresses, &a->map.progress);
}

static bool set_check(arguments *a, const char *text) {
    (void)text;
    return a->check = true;
}

static bool set_help(arguments *a, const char *text) {
    (void)text;
    return a->help = true;
}

static const struct option {
    const char *name, *value; /* value is NULL if none follows */
    const char *meaning;
    bool (*set)(arguments *a, const char *text);
} options[] = {
    {"--size", "WIDTHxHEIGHT", "pixels, each 1 to 1000000 (3840x2160)", set_size},
    {"--center", "X,Y", "the point in the middle (-0.65,0)", set_center},
    {"--zoom", "Z", "how many times enlarged, 0.001 to 1e15 (1)", set_zoom},
    {"--iterations", "N", "before a point counts as inside, 1 to 1000000000 (2000)", set_iterations},
    {"--samples", "N", "a pixel is the mean of NxN points, 1 to 16 (2)", set_samples},
    {"--out", "FILE", "the picture (mandelbrot.png)", set_out},
    {"--workers", "N", "on each rank, 1 to 4096 (one a core)", set_workers},
    {"--backend", "NAME", "serial, threads or processes (threads)", set_backend},
    {"--schedule", "NAME", "auto, static, dynamic, guided or factoring (auto)", set_schedule},
    {"--progress", "WHEN", "auto, yes or no: a bar on stderr (auto: if that is a terminal)", set_progress},
    {"--check", NULL, "draw each row once more, serially, and compare", set_check},
    {"--help", NULL, "print this", set_help},
};

static const struct option *find_option(const char *name) {
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (strcmp(name, options[i].name) == 0)
            return &options[i];
    return NULL;
}

static int parse_all(int argc, char **argv, arguments *a, char *error, size_t error_size) {
    for (int i = 1; i < argc; i++) {
        const struct option *option = find_option(argv[i]);
        if (!option) {
            snprintf(error, error_size, "there is no option '%s'; --help lists them", argv[i]);
            return -1;
        }
        if (option->value && i + 1 == argc) {
            snprintf(error, error_size, "%s needs a value: %s", option->name, option->value);
            return -1;
        }
        const char *value = option->value ? argv[++i] : "";
        if (!option->set(a, value)) {
            snprintf(error, error_size, "%s %s is not valid: %s", option->name, value, option->meaning);
            return -1;
        }
    }
    return 0;
}

int arguments_parse(int argc, char **argv, arguments *a, char *error, size_t error_size) {
    *a = (arguments){
        .view = {.width = 3840, .height = 2160, .iterations = 2000, .samples = 2, .center_x = -0.65, .pixel = 1.0},
        .out = "mandelbrot.png",
    };
    if (parse_all(argc, argv, a, error, error_size) != 0)
        return -1;
    /* At zoom 1 the whole set is seen: 2.6 of the plane from bottom to top. */
    a->view.pixel = 2.6 / (a->view.pixel * a->view.height);
    return 0;
}

void arguments_print_help(void) {
    printf("Draws the Mandelbrot set as a PNG, a row an item: on one core, all cores, or under mpirun.\n\n"
           "mandelbrot [OPTION...]\n");
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const char *value = options[i].value ? options[i].value : "";
        printf("  %-12s %-13s %s\n", options[i].name, value, options[i].meaning);
    }
}
