/* The dmap command: finds the sub-command and hands everything to it.
 *
 * Under mpirun every rank runs this, so what is printed is printed inside dmap_run, by the master alone. For what needs
 * no workers (help, version, a mistake) the pool is the smallest there is, and the environment has no say in it. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dmap/dmap.h>
#include <dmap/place.h>

#include "command.h"
#include "nearest.h"

static const struct command {
    const char *name, *summary;
    command_fn *run;
} commands[] = {
    {"info", "shows where workers run, here or on a machine that is planned", info_command},
    {"run", "maps shell commands, with the conventions of GNU parallel", run_command},
    {"journal", "shows what a run with a journal has kept", journal_command},
    {"supervise", "runs a command, and once more from its journal, until it is done", supervise_command},
    {"bench", "measures what dmap costs on this cluster, and says what to use", bench_command},
    {"report", "shows what a trace says: as a table, a picture, numbers", report_command},
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(void) {
    printf("Maps over items: on one core, all cores of a machine, or a cluster under mpirun.\n\n"
           "dmap COMMAND [OPTION...]\n");
    for (int i = 0; i < N_COMMANDS; i++)
        printf("  %-11s %s\n", commands[i].name, commands[i].summary);
    printf("\n  --help      print this; dmap COMMAND --help: the options of a command\n"
           "  --version   print the versions of dmap, MPI and hwloc\n");
}

/* "dmap 0.1.0, Open MPI v4.1.4, hwloc 2.9.0", one a line. */
static void print_version(void) {
    for (const char *c = dmap_version_text(); *c; c++) {
        bool ends = c[0] == ',' && c[1] == ' ';
        putchar(ends ? '\n' : *c);
        c += ends;
    }
    putchar('\n');
}

static int complain(const char *name) {
    const char *names[N_COMMANDS + 2] = {"--help", "--version"};
    for (int i = 0; i < N_COMMANDS; i++)
        names[i + 2] = commands[i].name;
    const char *near = nearest_word(name, names, N_COMMANDS + 2, sizeof names[0]);
    fprintf(stderr, "dmap: there is no command '%s'; %s%s%s\n", name,
            near ? "did you mean '" : "dmap --help lists them", near ? near : "", near ? "'?" : "");
    return EXIT_BAD_USAGE;
}

static int run(dmap_pool *pool, int argc, char **argv) {
    (void)pool;
    if (argc < 2) {
        fputs("dmap: a command is needed; dmap --help lists them\n", stderr);
        return EXIT_BAD_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0)
        print_version();
    else if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        print_help();
    else
        return complain(argv[1]);
    return EXIT_SUCCESS;
}

/* A standard descriptor that is closed would become that of the next file or socket opened, and be written to. Who
 * reads or writes what takes the place of standard input or output is told that it is closed; what is said to a closed
 * standard error is not to be heard. */
static void hold_standard_descriptors(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", fd == 1 ? O_RDONLY : O_WRONLY); /* becomes the lowest that is free */
}

void command_watch_nothing(void) {
    unsetenv("DMAP_REPORT");
    unsetenv("DMAP_TRACE");
    unsetenv("DMAP_METRICS");
}

/* What no option can rule out is ruled out by taking its variable away. */
int command_run_small(dmap_main_fn *main_fn, int argc, char **argv) {
    const dmap_options smallest = {.workers = 1,
                                   .backend = DMAP_SERIAL,
                                   .start = DMAP_FORK,
                                   .bind = DMAP_BIND_NONE,
                                   .spread = DMAP_COMPACT,
                                   .reserve_s = -1,
                                   .stack_size = (size_t)1 << 20,
                                   .master_works = 1};
    command_watch_nothing();
    unsetenv("DMAP_HEARTBEAT");
    unsetenv("DMAP_HELPER");
    return dmap_run(argc, argv, main_fn, &smallest);
}

static int run_named(int argc, char **argv) {
    for (int i = 0; argc > 1 && i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc, argv);
    return command_run_small(run, argc, argv);
}

int main(int argc, char **argv) {
    hold_standard_descriptors();
    int status = run_named(argc, argv);
    bool is_written = fflush(stdout) == 0 && !ferror(stdout);
    if (is_written || status)
        return status;
    fputs("dmap: standard output cannot be written\n", stderr);
    return EXIT_FAILURE;
}
