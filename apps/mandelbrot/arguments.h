/* The command line. */
#ifndef MANDELBROT_ARGUMENTS_H
#define MANDELBROT_ARGUMENTS_H

#include <stdbool.h>

#include <dmap/dmap.h>

#include "fractal.h"

typedef struct arguments {
    view view;
    const char *out; /* borrowed from argv */
    dmap_options pool;
    dmap_map_options map;
    bool help, check;
} arguments;

/** Reads the command line. Returns 0, or -1 with a sentence in error. */
int arguments_parse(int argc, char **argv, arguments *a, char *error, size_t error_size);
/** Prints what the options are. */
void arguments_print_help(void);

#endif
