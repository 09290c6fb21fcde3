/* dmap report: what a trace says, as a table, a picture for paper, and numbers. Only the master prints. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "command_line.h"
#include "out_file.h"
#include "trace_draw.h"

typedef struct settings {
    const char *svg, *csv, *curve;
    bool help;
} settings;

static const command_option options[] = {
    {"--svg", "FILE", "draw what each worker ran, and how many did", COMMAND_TEXT, COMMAND_AT(settings, svg)},
    {"--csv", "FILE", "write a line for each slice", COMMAND_TEXT, COMMAND_AT(settings, csv)},
    {"--curve", "FILE", "write the picture's curve as CSV", COMMAND_TEXT, COMMAND_AT(settings, curve)},
    {"--help", NULL, "print this", COMMAND_FLAG, COMMAND_AT(settings, help)},
};
enum { N_OPTIONS = sizeof options / sizeof options[0] };

static int complain(const char *text, int status) {
    fprintf(stderr, "dmap report: %s\n", text);
    return status;
}

static void print_help(void) {
    puts("Shows what a trace says that a program has written with DMAP_TRACE=FILE: a table\n"
         "of its workers, or what the options ask for.\n\n"
         "dmap report [OPTION...] TRACE");
    for (int i = 0; i < N_OPTIONS; i++)
        printf("  %-8s %-5s %s\n", options[i].name, options[i].value ? options[i].value : "", options[i].meaning);
}

typedef void write_fn(const trace *t, FILE *to);

static bool write_file(const trace *t, const char *name, write_fn *write) {
    out_file *file = name ? out_file_open(name) : NULL;
    if (!name)
        return true;
    if (file)
        write(t, out_file_stream(file));
    bool is_written = file && out_file_finish(file) == 0;
    if (!is_written)
        fprintf(stderr, "dmap report: %s cannot be written: %s\n", name, strerror(errno));
    out_file_close(file);
    return is_written;
}

static int show(const settings *s, const char *file) {
    trace t;
    char error[512];
    int status = EXIT_SUCCESS;
    if (!trace_read(&t, file, error, sizeof error))
        status = complain(error, EXIT_FAILURE);
    else if (!write_file(&t, s->svg, trace_draw_svg) || !write_file(&t, s->csv, trace_write_csv) ||
             !write_file(&t, s->curve, trace_write_curve))
        status = EXIT_FAILURE;
    else if (!s->svg && !s->csv && !s->curve)
        trace_print(&t, stdout);
    trace_free(&t);
    return status;
}

static int run(dmap_pool *pool, int argc, char **argv) {
    (void)pool;
    settings s = {0};
    char error[512];
    command_part part = {options, N_OPTIONS, &s};
    int first = command_parse(argc - 1, argv + 1, &part, 1, error, sizeof error);
    if (first < 0)
        return complain(error, EXIT_BAD_USAGE);
    if (s.help) {
        print_help();
        return EXIT_SUCCESS;
    }
    if (argc - 1 - first != 1)
        return complain("one trace is needed; dmap report --help lists the options", EXIT_BAD_USAGE);
    return show(&s, argv[1 + first]);
}

int report_command(int argc, char **argv) {
    return command_run_small(run, argc, argv);
}
