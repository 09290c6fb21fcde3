#include <stdio.h>
#include <string.h>

#include "run/options/table.h"

enum { HELP_COLUMN = 28 };

static void print_option(const run_option *option) {
    char left[64];
    if (option->letter)
        snprintf(left, sizeof left, "  -%c, %s", option->letter, option->name);
    else
        snprintf(left, sizeof left, "      %s", option->name);
    if (option->value)
        snprintf(left + strlen(left), sizeof left - strlen(left), " %s", option->value);
    printf("%-*s %s\n", HELP_COLUMN, left, option->help);
}

void run_options_print_help(void) {
    printf("Runs a command for each value, on all cores of this machine or, under mpirun, of all nodes.\n\n"
           "dmap run [OPTION...] [COMMAND] [::: VALUE... | :::: FILE... | :::+ VALUE... | ::::+ FILE...]...\n"
           "Without ::: each line of standard input is a value; without COMMAND a value is a command line.\n"
           "Of several sources each value goes with each; after + with that of the source before.\n"
           "In COMMAND, quoted for the shell: {} value {.} less its extension {/} base {//} folder {/.} both\n"
           "{2} second value {-1} last {2/.} {NAME} column {#} number {%%} slot; with none of them {} is added\n\n");
    for (int i = 0; i < run_option_count; i++)
        if (run_option_table[i].help)
            print_option(&run_option_table[i]);
}
