/* Puts the values of a job into the template's parts. A value that is not there (out of range, or the last of -N came
 * up short) is nothing at all; an empty one is quoted as ''. */
#include "run/command/template.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "nearest.h"
#include "run/command/quote.h"
#include "run/command/template_parts.h"

/* What a command is composed of and into. */
typedef struct compose {
    const run_values *values;
    const char *const *names;
    uint64_t seq;
    int slot;
    bool quoted;
    run_text *text;
    size_t *marks; /* where "{%}" was left; NULL: nobody asks */
    int most, n_marks;
    int only; /* of the values {} means this one; -1: all */
} compose;

/* As dirname(3). */
static void cut_to_folder(const char **from, size_t *size) {
    while (*size > 1 && (*from)[*size - 1] == '/')
        --*size;
    const char *slash = memrchr(*from, '/', *size);
    if (!slash) {
        *from = ".";
        *size = 1;
        return;
    }
    *size = (size_t)(slash - *from) + 1;
    while (*size > 1 && (*from)[*size - 1] == '/')
        --*size;
}

/* [*from, *from + *size) becomes what the form keeps of the path. */
static void cut(run_form form, const char **from, size_t *size) {
    if (form == RUN_FORM_DIR) {
        cut_to_folder(from, size);
        return;
    }
    const char *slash = memrchr(*from, '/', *size);
    const char *base = slash ? slash + 1 : *from, *end = *from + *size;
    const char *dot = memrchr(base, '.', (size_t)(end - base));
    if (form == RUN_FORM_BASE || form == RUN_FORM_BASE_NO_EXTENSION)
        *from = base;
    if (dot && (form == RUN_FORM_NO_EXTENSION || form == RUN_FORM_BASE_NO_EXTENSION))
        end = dot;
    *size = (size_t)(end - *from);
}

static void add_value(compose *c, run_form form, int i) {
    const char *from = c->values->value[i];
    size_t size = c->values->size[i];
    if (form != RUN_FORM_WHOLE)
        cut(form, &from, &size);
    if (c->quoted)
        run_quote(c->text, from, size);
    else
        run_text_add(c->text, from, size);
}

static void add_all_values(compose *c, run_form form) {
    for (int i = c->only < 0 ? 0 : c->only; i < (c->only < 0 ? c->values->count : c->only + 1); i++) {
        if (i > 0 && c->only < 0)
            run_text_add(c->text, " ", 1);
        add_value(c, form, i);
    }
}

static void add_position(compose *c, run_form form, long position) {
    long count = c->values->count, i = position > 0 ? position - 1 : count + position;
    if (i >= 0 && i < count)
        add_value(c, form, (int)i);
}

static void add_slot(compose *c) {
    char number[24];
    if (c->slot > 0) {
        snprintf(number, sizeof number, "%d", c->slot);
        run_text_add_string(c->text, number);
        return;
    }
    if (c->marks && c->n_marks < c->most)
        c->marks[c->n_marks] = c->text->size;
    c->n_marks++;
    run_text_add(c->text, "{%}", 3);
}

static int find_name(const char *const *names, const char *name, size_t size) {
    for (int i = 0; names && names[i]; i++)
        if (strlen(names[i]) == size && memcmp(names[i], name, size) == 0)
            return i;
    return -1;
}

/* The column that "{name}" or "{name/.}" means, and the form; -1: there is no such column. */
static int find_column(const compose *c, const run_part *part, run_form *form) {
    const char *inside = part->text + 1;
    size_t size = part->size - 2, suffix;
    int column = find_name(c->names, inside, size);
    *form = RUN_FORM_WHOLE;
    if (column < 0 && (suffix = run_form_of_suffix(inside, size, form)) > 0)
        column = find_name(c->names, inside, size - suffix);
    return column;
}

/* Returns false if there is no such column: then it is text like any other. */
static bool add_named(compose *c, const run_part *part) {
    run_form form;
    int column = find_column(c, part, &form);
    if (column >= 0)
        add_position(c, form, column + 1);
    else if (part->kind == RUN_PART_POSITION)
        add_position(c, part->form, part->position);
    else
        run_text_add(c->text, part->text, part->size);
    return column >= 0 || part->kind == RUN_PART_POSITION;
}

static bool add_part(compose *c, const run_part *part) {
    char number[24];
    switch (part->kind) {
    case RUN_PART_TEXT:
    case RUN_PART_BLANKS:
        run_text_add(c->text, part->text, part->size);
        return false;
    case RUN_PART_NAMED:
    case RUN_PART_POSITION:
        return add_named(c, part);
    case RUN_PART_ALL:
        add_all_values(c, part->form);
        break;
    case RUN_PART_SEQ:
        snprintf(number, sizeof number, "%" PRIu64, c->seq);
        run_text_add_string(c->text, number);
        break;
    case RUN_PART_SLOT:
        add_slot(c);
        break;
    }
    return true;
}

/* Parts [begin, end) of the template, a word. Returns true if there is a placeholder in it. */
static bool add_word(compose *c, const run_template *template, int begin, int end) {
    bool used = false;
    for (int i = begin; i < end; i++)
        used |= add_part(c, &template->parts[i]);
    return used;
}

static bool has_all(const run_template *template, int begin, int end) {
    for (int i = begin; i < end; i++)
        if (template->parts[i].kind == RUN_PART_ALL)
            return true;
    return false;
}

/* With -N, a word with {} in it is repeated for each value. */
static void repeat_word(compose *c, const run_template *template, int begin, int end) {
    for (c->only = 0; c->only < c->values->count; c->only++) {
        if (c->only > 0)
            run_text_add(c->text, " ", 1);
        add_word(c, template, begin, end);
    }
    c->only = -1;
}

/* "{}", "{1}.sh {2}", "/bin/{}": where the command's name is made of values, these are words of a command line, and not
 * quoted anywhere in it, as GNU parallel has it. A "=" before it makes it an assignment, whose value is quoted. */
static bool is_name_made_of_values(const compose *c, const run_template *template) {
    run_form form;
    for (int i = 0; i < template->n_parts; i++) {
        const run_part *part = &template->parts[i];
        bool is_text = part->kind == RUN_PART_TEXT || (part->kind == RUN_PART_NAMED && find_column(c, part, &form) < 0);
        if (part->kind == RUN_PART_BLANKS || (is_text && memchr(part->text, '=', part->size)))
            return false;
        if (!is_text)
            return true;
    }
    return false;
}

static void add_parts(const run_template *template, compose *c) {
    bool used = !template->append;
    c->quoted = c->quoted && !template->bare && !is_name_made_of_values(c, template);
    c->only = -1;
    for (int begin = 0, end; begin < template->n_parts; begin = end) {
        for (end = begin + 1; end < template->n_parts && template->parts[end].kind != RUN_PART_BLANKS;)
            end++;
        if (template->parts[begin].kind == RUN_PART_BLANKS)
            add_part(c, &template->parts[begin++]);
        if (c->values->repeat && c->values->count > 1 && has_all(template, begin, end)) {
            repeat_word(c, template, begin, end);
            used = true;
        } else {
            used |= add_word(c, template, begin, end);
        }
    }
    if (used)
        return;
    run_text_add(c->text, " ", 1);
    add_all_values(c, RUN_FORM_WHOLE);
}

/* A word that could be a column's name; "${word}" is the shell's. */
static bool is_meant_as_name(const run_template *template, const run_part *part, size_t size) {
    const char *word = part->text + 1;
    bool is_word = size > 0 && !(word[0] >= '0' && word[0] <= '9');
    for (size_t i = 0; i < size; i++)
        is_word = is_word && (word[i] == '_' || isalnum((unsigned char)word[i]));
    return is_word && part->kind == RUN_PART_NAMED && (part->text == template->source.data || part->text[-1] != '$');
}

static void say_unknown(const char *word, const char *const *names, char *error, size_t size) {
    size_t count = 0, used;
    while (names[count])
        count++;
    const char *near = nearest_word(word, names, count, sizeof *names);
    used = (size_t)snprintf(error, size, "{%s}: there is no column of that name", word);
    if (near) {
        snprintf(error + used, size - used, "; did you mean {%s}?", near);
        return;
    }
    for (size_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(error + used, size - used, "%s {%.40s}", i > 0 ? "," : "; they are", names[i]);
}

bool run_template_check_names(const run_template *template, const char *const *names, char *error, size_t size) {
    compose c = {.names = names};
    run_form form;
    char word[80];
    for (int i = 0; names && i < template->n_parts; i++) {
        const run_part *part = &template->parts[i];
        if (part->kind != RUN_PART_NAMED || find_column(&c, part, &form) >= 0)
            continue;
        size_t whole = part->size - 2, length = whole - run_form_of_suffix(part->text + 1, whole, &form);
        if (!is_meant_as_name(template, part, length))
            continue;
        snprintf(word, sizeof word, "%.*s", (int)length, part->text + 1);
        say_unknown(word, names, error, size);
        return false;
    }
    return true;
}

bool run_template_uses_slot(const run_template *template) {
    for (int i = 0; i < template->n_parts; i++)
        if (template->parts[i].kind == RUN_PART_SLOT)
            return true;
    return false;
}

void run_template_compose(const run_template *template, const run_values *values, const char *const *names,
                          uint64_t seq, int slot, run_text *command) {
    add_parts(template, &(compose){values, names, seq, slot, true, command, NULL, 0, 0, -1});
}

void run_template_compose_plain(const run_template *template, const run_values *values, const char *const *names,
                                uint64_t seq, int slot, run_text *text) {
    add_parts(template, &(compose){values, names, seq, slot, false, text, NULL, 0, 0, -1});
}

int run_template_slot_marks(const run_template *template, const run_values *values, const char *const *names,
                            uint64_t seq, size_t *marks, int most) {
    run_text command = {0};
    compose c = {values, names, seq, 0, true, &command, marks, most, 0, -1};
    if (run_template_uses_slot(template))
        add_parts(template, &c);
    run_text_free(&command);
    return c.n_marks;
}
