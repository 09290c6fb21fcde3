#include <stdio.h>
#include <string.h>

#include "run/options/table.h"

enum { HELP_COLUMN = 28, LINE = 80 };

/* Text behind a word or two; what is too long for the line goes on below. */
static void print_wrapped(const char *left, const char *text) {
    int at = printf("%-*s", HELP_COLUMN, left);
    for (; *text; text += strspn(text, " ")) {
        int word = (int)strcspn(text, " ");
        if (at + 1 + word > LINE - 1)
            at = printf("\n%*s", HELP_COLUMN, "") - 1;
        at += printf(" %.*s", word, text);
        text += word;
    }
    putchar('\n');
}

static void print_option(const run_option *option) {
    char left[64];
    if (option->letter)
        snprintf(left, sizeof left, "  -%c, %s", option->letter, option->name);
    else
        snprintf(left, sizeof left, "      %s", option->name);
    if (option->value)
        snprintf(left + strlen(left), sizeof left - strlen(left), " %s", option->value);
    print_wrapped(left, option->help);
}

void run_options_print_help(void) {
    printf("Runs a command for each value, on all cores of this machine or, under mpirun,\n"
           "of all nodes.\n\n"
           "dmap run [OPTION...] [COMMAND]\n"
           "         [::: VALUE... | :::: FILE... | :::+ VALUE... | ::::+ FILE...]...\n"
           "Without ::: each line of standard input is a value; without COMMAND a value is\n"
           "a command line. Of several sources each value goes with each; after + with that\n"
           "of the source before. In COMMAND, quoted for the shell:\n"
           "{} value {.} less its extension {/} base {//} folder {/.} both {2} second value\n"
           "{-1} last {2/.} {NAME} column {#} number {%%} slot; with none of them {} is added\n\n");
    for (int i = 0; i < run_option_count; i++)
        if (run_option_table[i].help)
            print_option(&run_option_table[i]);
}
