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
    const run_template *template;
    bool text_quoted; /* with -q */
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

/* Up to so many extensions at the end; 0 of them if there are fewer. */
static const char *find_extensions(const char *base, const char *end, int count) {
    const char *dot = end;
    for (; count > 0 && dot; count--)
        dot = memrchr(base, '.', (size_t)(dot - base));
    return dot;
}

/* How many extensions the form is about. */
static int extensions_of(run_form form) {
    switch (form) {
    case RUN_FORM_NO_EXTENSION:
    case RUN_FORM_BASE_NO_EXTENSION:
        return 1;
    case RUN_FORM_NO_2_EXTENSIONS:
    case RUN_FORM_BASE_NO_2_EXTENSIONS:
    case RUN_FORM_2_EXTENSIONS:
        return 2;
    case RUN_FORM_NO_3_EXTENSIONS:
    case RUN_FORM_BASE_NO_3_EXTENSIONS:
    case RUN_FORM_3_EXTENSIONS:
        return 3;
    default:
        return 0;
    }
}

/* [*from, *from + *size) becomes what the form keeps of the path. */
static void cut(run_form form, const char **from, size_t *size) {
    if (form == RUN_FORM_DIR) {
        cut_to_folder(from, size);
        return;
    }
    const char *slash = memrchr(*from, '/', *size);
    const char *base = slash ? slash + 1 : *from, *end = *from + *size;
    int count = extensions_of(form);
    const char *dot = count > 0 ? find_extensions(base, end, count) : NULL;
    bool is_base = form == RUN_FORM_BASE || form == RUN_FORM_BASE_NO_EXTENSION ||
                   form == RUN_FORM_BASE_NO_2_EXTENSIONS || form == RUN_FORM_BASE_NO_3_EXTENSIONS;
    if (form == RUN_FORM_EXTENSION) /* the last dot, wherever it is, as GNU parallel has it */
        dot = memrchr(*from, '.', *size);
    if (form == RUN_FORM_BEFORE_SLASH)
        end = slash ? slash : *from;
    else if (form == RUN_FORM_EXTENSION || form == RUN_FORM_2_EXTENSIONS || form == RUN_FORM_3_EXTENSIONS)
        *from = dot ? dot + 1 : end;
    else {
        if (is_base)
            *from = base;
        if (dot)
            end = dot;
    }
    *size = (size_t)(end - *from);
}

static void add_bytes(compose *c, const char *data, size_t size) {
    if (c->quoted)
        run_quote(c->text, data, size);
    else
        run_text_add(c->text, data, size);
}

static void add_value(compose *c, const run_part *part, run_form form, int i) {
    const char *from = c->values->value[i];
    size_t size = c->values->size[i];
    if (form != RUN_FORM_WHOLE)
        cut(form, &from, &size);
    if (!part->edit) {
        add_bytes(c, from, size);
        return;
    }
    run_text edited = {0};
    run_edit_apply(part->edit, from, size, &edited);
    add_bytes(c, edited.data ? edited.data : "", edited.size);
    c->text->broken = c->text->broken || edited.broken;
    run_text_free(&edited);
}

static void add_all_values(compose *c, const run_part *part) {
    for (int i = c->only < 0 ? 0 : c->only; i < (c->only < 0 ? c->values->count : c->only + 1); i++) {
        if (i > 0 && c->only < 0)
            run_text_add(c->text, " ", 1);
        add_value(c, part, part->form, i);
    }
}

static void add_position(compose *c, const run_part *part, run_form form, long position) {
    long count = c->values->count, i = position > 0 ? position - 1 : count + position;
    if (i >= 0 && i < count)
        add_value(c, part, form, (int)i);
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
    if (column < 0 && (suffix = run_form_of_suffix(inside, size, c->template->style.plus, form)) > 0)
        column = find_name(c->names, inside, size - suffix);
    return column;
}

/* What stands in the template; with -q quoted, unless the command is made of values. */
static void add_text(compose *c, const run_part *part) {
    if (c->template->style.quote && part->kind != RUN_PART_BLANKS && c->text_quoted)
        run_quote(c->text, part->text, part->size);
    else
        run_text_add(c->text, part->text, part->size);
}

/* Returns false if there is no such column: then it is text like any other. */
static bool add_named(compose *c, const run_part *part) {
    run_form form;
    int column = find_column(c, part, &form);
    if (column >= 0)
        add_position(c, part, form, column + 1);
    else if (part->kind == RUN_PART_POSITION)
        add_position(c, part, part->form, part->position);
    else
        add_text(c, part);
    return column >= 0 || part->kind == RUN_PART_POSITION;
}

static int digits_of(uint64_t number) {
    int digits = 1;
    for (; number >= 10; number /= 10)
        digits++;
    return digits;
}

static bool add_part(compose *c, const run_part *part) {
    char number[24];
    switch (part->kind) {
    case RUN_PART_TEXT:
    case RUN_PART_BLANKS:
        add_text(c, part);
        return false;
    case RUN_PART_NAMED:
    case RUN_PART_POSITION:
        return add_named(c, part);
    case RUN_PART_ALL:
        add_all_values(c, part);
        break;
    case RUN_PART_SEQ:
        snprintf(number, sizeof number, "%" PRIu64, c->seq);
        run_text_add_string(c->text, number);
        break;
    case RUN_PART_SEQ_PADDED:
        snprintf(number, sizeof number, "%0*" PRIu64, digits_of(c->template->total), c->seq);
        run_text_add_string(c->text, number);
        break;
    case RUN_PART_TOTAL:
        snprintf(number, sizeof number, "%" PRIu64, c->template->total);
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

static bool has_kind(const run_template *template, run_part_kind kind, int begin, int end) {
    for (int i = begin; i < end; i++)
        if (template->parts[i].kind == kind)
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

/* A word, once or for each value. Returns true if there is a placeholder in it. */
static bool add_word_as_often(compose *c, const run_template *template, int begin, int end) {
    if (!c->values->repeat || c->values->count < 2 || !has_kind(template, RUN_PART_ALL, begin, end))
        return add_word(c, template, begin, end);
    repeat_word(c, template, begin, end);
    return true;
}

/* With -q a word is quoted when its values are in it; with the slot in it, piece by piece: so its place is known. */
static bool add_quoted_word(compose *c, const run_template *template, int begin, int end) {
    run_text word = {0}, *whole = c->text;
    if (!c->quoted || !c->text_quoted || has_kind(template, RUN_PART_SLOT, begin, end))
        return add_word_as_often(c, template, begin, end);
    c->quoted = c->text_quoted = false;
    c->text = &word;
    bool used = add_word_as_often(c, template, begin, end);
    c->quoted = c->text_quoted = true;
    c->text = whole;
    run_quote(whole, word.data ? word.data : "", word.size);
    whole->broken = whole->broken || word.broken;
    run_text_free(&word);
    return used;
}

static void add_parts(const run_template *template, compose *c) {
    bool used = !template->append;
    c->template = template;
    c->text_quoted = c->quoted;
    c->quoted = c->quoted && !template->bare && (template->style.quote || !is_name_made_of_values(c, template));
    c->only = -1;
    for (int begin = 0, end; begin < template->n_parts; begin = end) {
        for (end = begin + 1; end < template->n_parts && template->parts[end].kind != RUN_PART_BLANKS;)
            end++;
        if (template->parts[begin].kind == RUN_PART_BLANKS)
            add_part(c, &template->parts[begin++]);
        used |= template->style.quote ? add_quoted_word(c, template, begin, end)
                                      : add_word_as_often(c, template, begin, end);
    }
    if (used)
        return;
    run_text_add(c->text, " ", 1);
    add_all_values(c, &(run_part){.kind = RUN_PART_ALL});
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
    compose c = {.names = names, .template = template};
    run_form form;
    char word[80];
    for (int i = 0; names && i < template->n_parts; i++) {
        const run_part *part = &template->parts[i];
        if (part->kind != RUN_PART_NAMED || find_column(&c, part, &form) >= 0)
            continue;
        size_t whole = part->size - 2,
               length = whole - run_form_of_suffix(part->text + 1, whole, template->style.plus, &form);
        if (!is_meant_as_name(template, part, length))
            continue;
        snprintf(word, sizeof word, "%.*s", (int)length, part->text + 1);
        say_unknown(word, names, error, size);
        return false;
    }
    return true;
}

const char *run_template_error(const run_template *template) {
    return template->error[0] ? template->error : NULL;
}

bool run_template_uses_total(const run_template *template) {
    for (int i = 0; i < template->n_parts; i++)
        if (template->parts[i].kind == RUN_PART_TOTAL || template->parts[i].kind == RUN_PART_SEQ_PADDED)
            return true;
    return false;
}

void run_template_set_total(run_template *template, uint64_t total) {
    template->total = total;
}

bool run_template_uses_slot(const run_template *template) {
    for (int i = 0; i < template->n_parts; i++)
        if (template->parts[i].kind == RUN_PART_SLOT)
            return true;
    return false;
}

void run_template_compose(const run_template *template, const run_values *values, const char *const *names,
                          uint64_t seq, int slot, run_text *command) {
    add_parts(template, &(compose){values, names, seq, slot, true, command, NULL, 0, 0, -1, template, false});
}

void run_template_compose_plain(const run_template *template, const run_values *values, const char *const *names,
                                uint64_t seq, int slot, run_text *text) {
    add_parts(template, &(compose){values, names, seq, slot, false, text, NULL, 0, 0, -1, template, false});
}

int run_template_slot_marks(const run_template *template, const run_values *values, const char *const *names,
                            uint64_t seq, size_t *marks, int most) {
    run_text command = {0};
    compose c = {values, names, seq, 0, true, &command, marks, most, 0, -1, template, false};
    if (run_template_uses_slot(template))
        add_parts(template, &c);
    run_text_free(&command);
    return c.n_marks;
}
