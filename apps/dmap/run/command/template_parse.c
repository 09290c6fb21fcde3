/* Finds the placeholders. Which words in braces are names of columns is known only when the first record was read, so
 * all of them that could be become parts of their own. */
#include "run/command/template_parts.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_DIGITS = 9 };

size_t run_form_of_suffix(const char *inside, size_t size, run_form *form) {
    static const struct {
        const char *suffix;
        size_t size;
        run_form form;
    } forms[] = {{"//", 2, RUN_FORM_DIR},
                 {"/.", 2, RUN_FORM_BASE_NO_EXTENSION},
                 {"/", 1, RUN_FORM_BASE},
                 {".", 1, RUN_FORM_NO_EXTENSION}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (size >= forms[i].size && memcmp(inside + size - forms[i].size, forms[i].suffix, forms[i].size) == 0) {
            *form = forms[i].form;
            return forms[i].size;
        }
    return 0;
}

/* "7", "-1": all of it is a number. */
static bool read_position(const char *text, size_t size, long *position) {
    bool negative = size > 0 && text[0] == '-';
    size_t i = negative;
    long value = 0;
    if (i == size || size - i > MOST_DIGITS)
        return false;
    for (; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *position = negative ? -value : value;
    return true;
}

/* What stands in braces becomes a part. */
static run_part read_braces(const char *open, size_t size) {
    run_part part = {.text = open, .size = size};
    const char *inside = open + 1;
    size_t length = size - 2, suffix = run_form_of_suffix(inside, length, &part.form);
    if (length == suffix)
        part.kind = RUN_PART_ALL;
    else if (length == 1 && *inside == '#')
        part.kind = RUN_PART_SEQ;
    else if (length == 1 && *inside == '%')
        part.kind = RUN_PART_SLOT;
    else
        part.kind = read_position(inside, length - suffix, &part.position) ? RUN_PART_POSITION : RUN_PART_NAMED;
    if (part.kind == RUN_PART_POSITION && part.position == 0)
        part.kind = RUN_PART_ALL;
    return part;
}

/* The next "{…}" without a brace in it; NULL if there is none. */
static const char *next_braces(const char *from, size_t *size) {
    for (const char *open = strchr(from, '{'); open; open = strchr(open + 1, '{')) {
        size_t inside = strcspn(open + 1, "{}");
        if (open[1 + inside] == '}') {
            *size = inside + 2;
            return open;
        }
    }
    return NULL;
}

static bool add(run_template *template, run_part part) {
    if ((template->n_parts & (template->n_parts - 1)) == 0) { /* full: room is a power of two */
        size_t room = template->n_parts ? 2 * (size_t) template->n_parts : 1;
        run_part *parts = realloc(template->parts, room * sizeof *parts);
        if (!parts)
            return false;
        template->parts = parts;
    }
    template->parts[template->n_parts++] = part;
    return true;
}

static bool add_text(run_template *template, const char *text, size_t size) {
    while (size > 0) {
        size_t blanks = strspn(text, " \t\n"), part = blanks > 0 ? blanks : strcspn(text, " \t\n");
        part = part < size ? part : size;
        if (!add(template,
                 (run_part){.kind = blanks > 0 ? RUN_PART_BLANKS : RUN_PART_TEXT, .text = text, .size = part}))
            return false;
        text += part;
        size -= part;
    }
    return true;
}

static bool split(run_template *template) {
    const char *at = template->source.data ? template->source.data : "", *open;
    size_t size;
    while ((open = next_braces(at, &size))) {
        if (!add_text(template, at, (size_t)(open - at)) || !add(template, read_braces(open, size)))
            return false;
        at = open + size;
    }
    return add_text(template, at, strlen(at));
}

run_template *run_template_parse(char *const *words, int n_words, bool append) {
    run_template *template = calloc(1, sizeof *template);
    if (!template)
        return NULL;
    template->append = append &&n_words > 0;
    template->bare = n_words == 0;
    for (int i = 0; i < n_words; i++) {
        if (i > 0)
            run_text_add(&template->source, " ", 1);
        run_text_add_string(&template->source, words[i]);
    }
    if (n_words == 0)
        run_text_add_string(&template->source, "{}");
    if (template->source.broken || !split(template)) {
        run_template_free(template);
        return NULL;
    }
    return template;
}

void run_template_free(run_template *template) {
    if (!template)
        return;
    free(template->parts);
    run_text_free(&template->source);
    free(template);
}
