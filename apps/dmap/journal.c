/* dmap journal: what a run with a journal has kept. */
#include "journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "command_line.h"
#include "nearest.h"

static const command_option options[] = {
    {"--csv", NULL, "export: a table with commas (so without --jsonl)", COMMAND_FLAG, COMMAND_AT(journal_options, csv)},
    {"--jsonl", NULL, "export: a line of JSON for each", COMMAND_FLAG, COMMAND_AT(journal_options, jsonl)},
    {"--help", NULL, "print this", COMMAND_FLAG, COMMAND_AT(journal_options, help)}};

static const struct {
    const char *name, *summary;
    journal_action *run;
} actions[] = {{"show", "its maps, and how many of their items have ended (so without a word)", journal_show},
               {"failed", "the items that have failed, and were not done since: why", journal_failed},
               {"verify", "whether all of it is as it was written", journal_verify},
               {"export", "the results of each item, as hexadecimal digits", journal_export},
               {"prune", "drops what does not count any more, and gives its room back", journal_prune}};
enum { N_ACTIONS = sizeof actions / sizeof actions[0] };

static int complain(const char *a, const char *b, const char *c, const char *d) {
    fprintf(stderr, "dmap journal: %s%s%s%s\n", a, b, c, d);
    return EXIT_BAD_USAGE;
}

static int print_help(const command_part *part) {
    printf("Shows what a run with a journal has kept.\n\ndmap journal FILE [WORD] [OPTION...]\n");
    for (int i = 0; i < N_ACTIONS; i++)
        printf("  %-8s %s\n", actions[i].name, actions[i].summary);
    printf("\n");
    command_print_options(part, 1);
    return EXIT_SUCCESS;
}

static int act(const char *path, journal_action *action, const journal_options *o) {
    journal_file file;
    bool done = journal_open(&file, path) && action(&file, path, o);
    if (!done)
        fprintf(stderr, "dmap journal: %s: %s\n", path, file.error);
    journal_close(&file);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(dmap_pool *pool, int argc, char **argv) {
    journal_options o = {0};
    command_part part = {options, sizeof options / sizeof options[0], &o};
    char error[512];
    (void)pool;
    int first = command_parse(argc - 1, argv + 1, &part, 1, error, sizeof error);
    if (first < 0)
        return complain(error, "", "", "");
    if (o.help)
        return print_help(&part);
    char **operands = argv + 1 + first;
    int n = argc - 1 - first;
    if (n < 1 || n > 2)
        return complain(n < 1 ? "a file is needed" : "one file and one word are wanted", "", "", "");
    const char *word = n == 2 ? operands[1] : "show";
    for (int i = 0; i < N_ACTIONS; i++)
        if (!strcmp(word, actions[i].name))
            return act(operands[0], actions[i].run, &o);
    const char *near = nearest_word(word, &actions[0].name, N_ACTIONS, sizeof actions[0]);
    return near ? complain("there is no '", word, "'; did you mean ", near)
                : complain("there is no '", word, "'; dmap journal --help lists the words", "");
}

int journal_command(int argc, char **argv) {
    return command_run_small(run, argc, argv);
}
