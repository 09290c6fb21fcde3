/* Reading a command line by its tables. Nothing is printed here but the help: what is wrong becomes a sentence, as
 * under mpirun every rank reads the command line and only the master is to say what is wrong with it. */
#include "command_line.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"

const char *command_read_whole(const char *text, char end, uint64_t *number) {
    char *after;
    errno = 0;
    *number = strtoull(text, &after, 10);
    if (errno || text[0] < '0' || text[0] > '9' || *after != end)
        return NULL;
    return end ? after + 1 : after;
}

const char *command_read_real(const char *text, char end, double *number) {
    char *after;
    *number = strtod(text, &after); /* an overflow is infinite, an underflow is near enough */
    if (after == text || *after != end || !isfinite(*number))
        return NULL;
    return end ? after + 1 : after;
}

/* -- values ------------------------------------------------------------------------------------------------------ */

static bool is_bounded(const command_option *o) {
    return o->low < o->high;
}

static bool read_whole(const command_option *o, const char *text, void *place) {
    uint64_t number;
    if (!command_read_whole(text, '\0', &number) || (double)number < o->low || (double)number > o->high)
        return false;
    uint32_t half = (uint32_t)number;
    memcpy(place, o->size == sizeof half ? (void *)&half : (void *)&number, o->size);
    return true;
}

static bool read_real(const command_option *o, const char *text, void *place) {
    double number;
    if (!command_read_real(text, '\0', &number) || (is_bounded(o) && (number < o->low || number > o->high)))
        return false;
    memcpy(place, &number, sizeof number);
    return true;
}

static bool read_word(const command_option *o, const char *text, void *place) {
    const command_word *w = o->words;
    while (w->text && strcmp(w->text, text) != 0)
        w++;
    if (w->text)
        memcpy(place, &w->value, sizeof w->value);
    return w->text != NULL;
}

static bool read_value(const command_option *o, const char *text, void *place) {
    switch (o->kind) {
    case COMMAND_FLAG:
        *(bool *)place = true;
        return true;
    case COMMAND_WHOLE:
        return read_whole(o, text, place);
    case COMMAND_REAL:
        return read_real(o, text, place);
    case COMMAND_TEXT:
        memcpy(place, &text, sizeof text);
        return text[0] != '\0';
    case COMMAND_WORD:
        return read_word(o, text, place);
    case COMMAND_OWN:
        return o->read(text, place);
    }
    return false;
}

/* -- complaints -------------------------------------------------------------------------------------------------- */

static void print_number(char *text, size_t size, double number) {
    snprintf(text, size, fabs(number) < 1e15 && number == floor(number) ? "%.0f" : "%g", number);
}

/* What is valid: "1 to 16", "serial, threads, processes"; "" if there is nothing to be said. */
static void print_bounds(const command_option *o, char *text, size_t size) {
    char low[32], high[32];
    size_t used = 0;
    text[0] = '\0';
    if (o->kind == COMMAND_WORD) {
        for (const command_word *w = o->words; w->text && used < size; w++)
            used += (size_t)snprintf(text + used, size - used, "%s%s", w == o->words ? "" : ", ", w->text);
    } else if (is_bounded(o)) {
        print_number(low, sizeof low, o->low);
        print_number(high, sizeof high, o->high);
        snprintf(text, size, "%s to %s", low, high);
    }
}

static const char *nearest_value(const command_option *o, const char *text) {
    size_t n = 0;
    while (o->kind == COMMAND_WORD && o->words[n].text)
        n++;
    return n > 0 ? nearest_word(text, &o->words->text, n, sizeof *o->words) : NULL;
}

static int refuse_value(const command_option *o, const char *text, char *error, size_t error_size) {
    static const char *const kinds[] = {
        [COMMAND_FLAG] = "nothing",   [COMMAND_WHOLE] = "a whole number", [COMMAND_REAL] = "a number",
        [COMMAND_TEXT] = "not empty", [COMMAND_WORD] = "one of",          [COMMAND_OWN] = ""};
    char valid[256];
    const char *near = nearest_value(o, text);
    print_bounds(o, valid, sizeof valid);
    int used = snprintf(error, error_size, "%s '%.100s' is not valid: ", o->name, text);
    error += used;
    error_size -= (size_t)used;
    if (near)
        snprintf(error, error_size, "did you mean '%s'?", near);
    else if (o->kind == COMMAND_OWN)
        snprintf(error, error_size, "%s", o->meaning);
    else
        snprintf(error, error_size, "it is to be %s%s%s", kinds[o->kind], valid[0] ? ": " : "", valid);
    return -1;
}

static int refuse_option(const char *argument, const command_part *parts, size_t n_parts, char *error, size_t size) {
    char name[64];
    const char *near = NULL;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(argument, "="), argument);
    for (size_t p = 0; p < n_parts && !near; p++)
        if (parts[p].n_options > 0)
            near = nearest_word(name, &parts[p].options->name, parts[p].n_options, sizeof *parts[p].options);
    if (near)
        snprintf(error, size, "there is no option '%s'; did you mean '%s'?", name, near);
    else
        snprintf(error, size, "there is no option '%s'; --help lists them", name);
    return -1;
}

/* -- the line ---------------------------------------------------------------------------------------------------- */

/* The option of an argument, and in *part the table that has it; NULL if there is none. */
static const command_option *find(const char *argument, const command_part *parts, size_t n_parts,
                                  const command_part **part) {
    size_t length = strcspn(argument, "=");
    for (size_t p = 0; p < n_parts; p++) {
        for (size_t i = 0; i < parts[p].n_options; i++) {
            const command_option *o = &parts[p].options[i];
            if (strncmp(o->name, argument, length) == 0 && o->name[length] == '\0') {
                *part = &parts[p];
                return o;
            }
        }
    }
    return NULL;
}

/* Reads the option at argv[0]. Returns how many arguments it has, or -1. */
static int parse_option(int argc, char **argv, const command_part *parts, size_t n_parts, char *error, size_t size) {
    const command_part *part = NULL;
    const command_option *o = find(argv[0], parts, n_parts, &part);
    if (!o)
        return refuse_option(argv[0], parts, n_parts, error, size);
    const char *value = strchr(argv[0], '=');
    int words = o->value && !value && argc > 1 ? 2 : 1;
    value = value ? value + 1 : words == 2 ? argv[1] : NULL;
    if (o->value && !value) {
        snprintf(error, size, "%s needs a value: %s", o->name, o->meaning);
        return -1;
    }
    if (!o->value && value) {
        snprintf(error, size, "%s takes no value", o->name);
        return -1;
    }
    if (!read_value(o, value, (char *)part->settings + o->at))
        return refuse_value(o, value, error, size);
    return words;
}

/* Moves the `words` arguments behind `count` operands ahead of these. */
static void move_ahead(char **operands, int count, int words) {
    char *moved[2];
    memcpy(moved, operands + count, (size_t)words * sizeof *moved);
    memmove(operands + words, operands, (size_t)count * sizeof *operands);
    memcpy(operands, moved, (size_t)words * sizeof *moved);
}

int command_parse(int argc, char **argv, const command_part *parts, size_t n_parts, char *error, size_t error_size) {
    int first = 1; /* [first, i) are operands */
    for (int i = 1, words; i < argc; i += words) {
        bool ends = strcmp(argv[i], "--") == 0;
        if (argv[i][0] != '-' || argv[i][1] == '\0') {
            words = 1;
            continue;
        }
        words = ends ? 1 : parse_option(argc - i, argv + i, parts, n_parts, error, error_size);
        if (words < 0)
            return -1;
        move_ahead(argv + first, i - first, words);
        first += words;
        if (ends)
            break;
    }
    return first;
}

/* -- help -------------------------------------------------------------------------------------------------------- */

/* What the settings have now; "" if there is nothing to be said. */
static void describe_default(const command_option *o, const char *place, char *text, size_t size) {
    uint64_t whole = 0;
    double real;
    const char *words = NULL;
    int value;
    text[0] = '\0';
    if (o->kind == COMMAND_WHOLE) {
        uint32_t half;
        memcpy(o->size == sizeof half ? (void *)&half : (void *)&whole, place, o->size);
        whole = o->size == sizeof half ? half : whole;
        if ((double)whole >= o->low) /* else: none is set, and `meaning` says what that is */
            snprintf(text, size, " (%llu)", (unsigned long long)whole);
    } else if (o->kind == COMMAND_REAL) {
        memcpy(&real, place, sizeof real);
        snprintf(text, size, " (%.10g)", real);
    } else if (o->kind == COMMAND_TEXT) {
        memcpy(&words, place, sizeof words);
        if (words)
            snprintf(text, size, " (%s)", words);
    } else if (o->kind == COMMAND_WORD) {
        memcpy(&value, place, sizeof value);
        for (const command_word *w = o->words; w->text; w++)
            if (w->value == value)
                snprintf(text, size, " (%s)", w->text);
    }
}

static void print_option(const command_option *o, const void *settings, int name_width, int value_width) {
    char valid[256], now[256];
    print_bounds(o, valid, sizeof valid);
    describe_default(o, (const char *)settings + o->at, now, sizeof now);
    printf("  %-*s %-*s  %s%s%s%s\n", name_width, o->name, value_width, o->value ? o->value : "", o->meaning,
           valid[0] ? ": " : "", valid, now);
}

void command_print_options(const command_part *parts, size_t n_parts) {
    size_t name_width = 0, value_width = 0;
    for (size_t p = 0; p < n_parts; p++) {
        for (size_t i = 0; i < parts[p].n_options; i++) {
            const command_option *o = &parts[p].options[i];
            size_t value = o->value ? strlen(o->value) : 0;
            name_width = strlen(o->name) > name_width ? strlen(o->name) : name_width;
            value_width = value > value_width ? value : value_width;
        }
    }
    for (size_t p = 0; p < n_parts; p++)
        for (size_t i = 0; i < parts[p].n_options; i++)
            print_option(&parts[p].options[i], parts[p].settings, (int)name_width, (int)value_width);
}
