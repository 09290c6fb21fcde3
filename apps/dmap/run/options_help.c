#include <stdio.h>
#include <string.h>

#include "options_table.h"

enum { HELP_COLUMN = 28 };

static void print_option(const run_option *option) {
    char left[64];
    int length = snprintf(left, sizeof left, "  %c%c%c%s%s%s", option->letter ? '-' : ' ',
                          option->letter ? option->letter : ' ', option->letter ? ' ' : ' ', option->name,
                          option->value ? " " : "", option->value ? option->value : "");
    printf("%-*s %s\n", length < HELP_COLUMN ? HELP_COLUMN : length, left, option->help);
}

void run_options_print_help(void) {
    printf("Runs a command for each value, on all cores of this machine or, under mpirun, of all nodes.\n\n"
           "dmap run [OPTION…] [COMMAND] [::: VALUE… | :::: FILE… | :::+ VALUE… | ::::+ FILE…]…\n"
           "Without ::: a value is a line of standard input; without COMMAND it is itself a command line.\n"
           "Of several sources each value goes with each; with + it goes with that of the source before.\n"
           "In COMMAND: {} value {.} less extension {/} base {//} folder {/.} both {#} number {%%} slot\n"
           "{2} second value {-1} last {2/.} … {NAME} column, quoted for the shell; none of them: {} at the end\n\n");
    for (int i = 0; i < run_option_count; i++)
        if (run_option_table[i].help)
            print_option(&run_option_table[i]);
}
