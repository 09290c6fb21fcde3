/* Puts the values of a job into the template's parts. A value that is not there (out of range, or the last of -N came
 * up short) is nothing at all; an empty one is quoted as ''. */
#include "template.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "quote.h"
#include "template_parts.h"

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
} compose;

/* [*from, *from + *size) becomes what the form keeps of the path. */
static void cut(run_form form, const char **from, size_t *size) {
    const char *slash = memrchr(*from, '/', *size);
    if (form == RUN_FORM_DIR) {
        *size = slash ? (size_t)(slash - *from) : 0;
        while (*size > 0 && (*from)[*size - 1] == '/')
            --*size;
        if (*size == 0) {
            *from = slash ? "/" : ".";
            *size = 1;
        }
        return;
    }
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
    for (int i = 0; i < c->values->count; i++) {
        if (i > 0)
            run_text_add(c->text, " ", 1);
        add_value(c, form, i);
    }
}

static void add_position(compose *c, run_form form, long position) {
    long count = c->values->count, i = position > 0 ? position - 1 : position < 0 ? count + position : count - 1;
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

/* "{name}" or "{name/.}". Returns false if there is no such column: then it is text like any other. */
static bool add_named(compose *c, const run_part *part) {
    const char *inside = part->text + 1;
    size_t size = part->size - 2, suffix;
    run_form form = RUN_FORM_WHOLE;
    int column = find_name(c->names, inside, size);
    if (column < 0 && (suffix = run_form_of_suffix(inside, size, &form)) > 0)
        column = find_name(c->names, inside, size - suffix);
    if (column >= 0)
        add_position(c, form, column + 1);
    else
        run_text_add(c->text, part->text, part->size);
    return column >= 0;
}

static bool add_part(compose *c, const run_part *part) {
    char number[24];
    switch (part->kind) {
    case RUN_PART_TEXT:
        run_text_add(c->text, part->text, part->size);
        return false;
    case RUN_PART_NAMED:
        return add_named(c, part);
    case RUN_PART_ALL:
        add_all_values(c, part->form);
        break;
    case RUN_PART_POSITION:
        add_position(c, part->form, part->position);
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

static void add_parts(const run_template *template, compose *c) {
    bool used = !template->append;
    c->quoted = c->quoted && !template->bare;
    for (int i = 0; i < template->n_parts; i++)
        used |= add_part(c, &template->parts[i]);
    if (used)
        return;
    run_text_add(c->text, " ", 1);
    add_all_values(c, RUN_FORM_WHOLE);
}

bool run_template_uses_slot(const run_template *template) {
    for (int i = 0; i < template->n_parts; i++)
        if (template->parts[i].kind == RUN_PART_SLOT)
            return true;
    return false;
}

void run_template_compose(const run_template *template, const run_values *values, const char *const *names,
                          uint64_t seq, int slot, run_text *command) {
    add_parts(template, &(compose){values, names, seq, slot, true, command, NULL, 0, 0});
}

void run_template_compose_plain(const run_template *template, const run_values *values, const char *const *names,
                                uint64_t seq, int slot, run_text *text) {
    add_parts(template, &(compose){values, names, seq, slot, false, text, NULL, 0, 0});
}

int run_template_slot_marks(const run_template *template, const run_values *values, const char *const *names,
                            uint64_t seq, size_t *marks, int most) {
    run_text command = {0};
    compose c = {values, names, seq, 0, true, &command, marks, most, 0};
    if (run_template_uses_slot(template))
        add_parts(template, &c);
    run_text_free(&command);
    return c.n_marks;
}
