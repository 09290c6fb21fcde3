/* Command lines: one table says of each option what it is called, what may follow it and where the value goes. Reading,
 * complaints and help are made from it. */
#ifndef APPS_COMMAND_LINE_H
#define APPS_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXIT_USAGE = 255 }; /* the command line is not valid: nothing was done */

typedef struct command_word {
    const char *text; /* NULL ends a list of words */
    int value;
} command_word;

typedef enum command_kind {
    COMMAND_FLAG,  /* bool; nothing follows */
    COMMAND_WHOLE, /* int, uint32_t or uint64_t: a whole number from low to high, 0 or more */
    COMMAND_REAL,  /* double: from low to high, or any finite one if both are 0 */
    COMMAND_TEXT,  /* const char *, borrowed from argv: not empty */
    COMMAND_WORD,  /* int, or an enum: one of `words` */
    COMMAND_OWN    /* whatever `read` makes of it; `meaning` says what is valid */
} command_kind;

typedef struct command_option {
    const char *name;  /* "--size" */
    const char *value; /* what follows, for the help: "N"; NULL: nothing */
    const char *meaning;
    command_kind kind;
    size_t at, size; /* of the value, in the settings: COMMAND_AT */
    double low, high;
    const command_word *words;
    bool (*read)(const char *text, void *place);
} command_option;

/** Where a value goes: a member of a struct. */
#define COMMAND_AT(type, member) .at = offsetof(type, member), .size = sizeof(((type *)0)->member)

/** A table of options, and the settings that it fills. */
typedef struct command_part {
    const command_option *options;
    size_t n_options;
    void *settings;
} command_part;

/** Reads a command line. A value follows its option as the next argument or behind "="; "--" ends the options.
 *  argv:     in it the operands (what is no option) are moved behind the options, in their order; reading it once more
 *            gives the same
 *  error:    512 bytes or more
 *  Returns:  the index of the first operand, argc if there is none; -1 with a sentence in error */
int command_parse(int argc, char **argv, const command_part *parts, size_t n_parts, char *error, size_t error_size);

/** Prints a line an option: name, value, meaning, bounds, and in brackets what the settings have now. */
void command_print_options(const command_part *parts, size_t n_parts);

/** Reads a number at the beginning of a text; `end` must follow.
 *  Returns:  what is behind `end` (at the end of the text for '\0'); NULL if there is no such number: *number is then
 *            unspecified */
const char *command_read_whole(const char *text, char end, uint64_t *number);
const char *command_read_real(const char *text, char end, double *number);

#endif
