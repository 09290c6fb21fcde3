/* Finds the placeholders. Which words in braces are names of columns is known only when the first record was read, so
 * all of them that could be become parts of their own. */
#include "run/command/template_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/command/perl.h"

enum { MOST_DIGITS = 9 };

size_t run_form_of_suffix(const char *inside, size_t size, bool plus, run_form *form) {
    static const struct {
        const char *suffix;
        size_t size;
        run_form form;
        bool plus;
    } forms[] = {{"/...", 4, RUN_FORM_BASE_NO_3_EXTENSIONS, true},
                 {"+...", 4, RUN_FORM_3_EXTENSIONS, true},
                 {"...", 3, RUN_FORM_NO_3_EXTENSIONS, true},
                 {"/..", 3, RUN_FORM_BASE_NO_2_EXTENSIONS, true},
                 {"+..", 3, RUN_FORM_2_EXTENSIONS, true},
                 {"..", 2, RUN_FORM_NO_2_EXTENSIONS, true},
                 {"+.", 2, RUN_FORM_EXTENSION, true},
                 {"+/", 2, RUN_FORM_BEFORE_SLASH, true},
                 {"//", 2, RUN_FORM_DIR, false},
                 {"/.", 2, RUN_FORM_BASE_NO_EXTENSION, false},
                 {"/", 1, RUN_FORM_BASE, false},
                 {".", 1, RUN_FORM_NO_EXTENSION, false}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if ((plus || !forms[i].plus) && size >= forms[i].size &&
            memcmp(inside + size - forms[i].size, forms[i].suffix, forms[i].size) == 0) {
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

/* What --plus adds to what may stand in braces. */
static bool read_plus(run_template *template, const char *inside, size_t length, run_part *part) {
    size_t digits = 0;
    char error[200];
    if (length == 2 && memcmp(inside, "##", 2) == 0)
        part->kind = RUN_PART_TOTAL;
    else if (length == 2 && memcmp(inside, "0#", 2) == 0)
        part->kind = RUN_PART_SEQ_PADDED;
    else {
        while (digits < length && (inside[digits] == '-' || (inside[digits] >= '0' && inside[digits] <= '9')))
            digits++;
        if (!run_edit_is_meant(inside + digits, length - digits) ||
            (digits > 0 && !read_position(inside, digits, &part->position)))
            return false;
        part->kind = digits > 0 && part->position != 0 ? RUN_PART_POSITION : RUN_PART_ALL;
        part->edit = run_edit_create(inside + digits, length - digits, error, sizeof error);
        if (!part->edit)
            snprintf(template->error, sizeof template->error, "%s", error);
    }
    return true;
}

/* What stands in braces becomes a part. */
static run_part read_braces(run_template *template, const char *open, size_t size) {
    run_part part = {.text = open, .size = size};
    const char *inside = open + 1;
    bool plus = template->style.plus;
    size_t length = size - 2, suffix = run_form_of_suffix(inside, length, plus, &part.form);
    if (length == suffix)
        part.kind = RUN_PART_ALL;
    else if (length == 1 && *inside == '#')
        part.kind = RUN_PART_SEQ;
    else if (length == 1 && *inside == '%')
        part.kind = RUN_PART_SLOT;
    else if (read_position(inside, length - suffix, &part.position))
        part.kind = part.position != 0 ? RUN_PART_POSITION : RUN_PART_ALL;
    else if (!plus || !read_plus(template, inside, length, &part))
        part.kind = RUN_PART_NAMED;
    return part;
}

/* "{= … =}", with a position behind the first "=" or not. */
static run_part read_perl(run_template *template, const char *open, size_t size) {
    run_part part = {.kind = RUN_PART_ALL, .text = open, .size = size};
    const char *inside = open + 2;
    size_t length = size - 4, digits = 0;
    char error[400];
    while (digits < length && (inside[digits] == '-' || (inside[digits] >= '0' && inside[digits] <= '9')))
        digits++;
    if (digits > 0 && read_position(inside, digits, &part.position) && part.position != 0)
        part.kind = RUN_PART_POSITION;
    part.edit = run_perl_create(inside + digits, length - digits, error, sizeof error);
    if (!part.edit)
        snprintf(template->error, sizeof template->error, "%s", error);
    return part;
}

static bool is_perl(const char *open) {
    return open[1] == '=' && strstr(open + 2, "=}");
}

/* The next "{…}" without a brace in it, or "{= … =}"; NULL if there is none. */
static const char *next_braces(const char *from, size_t *size) {
    for (const char *open = strchr(from, '{'); open; open = strchr(open + 1, '{')) {
        if (is_perl(open)) {
            *size = (size_t)(strstr(open + 2, "=}") + 2 - open);
            return open;
        }
        size_t inside = strcspn(open + 1, "{}");
        if (open[1 + inside] == '}') {
            *size = inside + 2;
            return open;
        }
    }
    return NULL;
}

static const run_part tag_parts[RUN_TAGS] = {{.kind = RUN_PART_ALL, .form = RUN_FORM_WHOLE},
                                             {.kind = RUN_PART_ALL, .form = RUN_FORM_NO_EXTENSION},
                                             {.kind = RUN_PART_ALL, .form = RUN_FORM_BASE},
                                             {.kind = RUN_PART_ALL, .form = RUN_FORM_DIR},
                                             {.kind = RUN_PART_ALL, .form = RUN_FORM_BASE_NO_EXTENSION},
                                             {.kind = RUN_PART_SEQ},
                                             {.kind = RUN_PART_SLOT}};

/* The next text of -I or its like; of two at one place the longer. */
static const char *next_tag(const run_style *style, const char *from, size_t *size, int *which) {
    const char *next = NULL;
    for (int i = 0; i < RUN_TAGS; i++) {
        const char *at = style->tags[i] ? strstr(from, style->tags[i]) : NULL;
        size_t length = at ? strlen(style->tags[i]) : 0;
        if (at && (!next || at < next || (at == next && length > *size))) {
            next = at;
            *size = length;
            *which = i;
        }
    }
    return next;
}

/* Where a placeholder has another text, its own means nothing; nor has {1} one if {} has not. */
static bool is_replaced(const run_style *style, const run_part *part) {
    for (int i = 0; i < RUN_TAGS; i++)
        if (style->tags[i] && part->kind == tag_parts[i].kind && part->form == tag_parts[i].form && !part->edit)
            return true;
    return style->tags[RUN_TAG_VALUE] && part->kind == RUN_PART_POSITION && part->form == RUN_FORM_WHOLE && !part->edit;
}

/* The next part that is no text; false: there is none. */
static bool next_placeholder(run_template *template, const char *from, run_part *part) {
    const run_style *style = &template->style;
    size_t size = 0, tag_size = 0;
    int which = 0;
    const char *open = next_braces(from, &size), *tag = next_tag(style, from, &tag_size, &which);
    if (tag && (!open || tag <= open)) {
        *part = tag_parts[which];
        part->text = tag;
        part->size = tag_size;
        return true;
    }
    if (!open)
        return false;
    *part = is_perl(open) ? read_perl(template, open, size) : read_braces(template, open, size);
    if (is_replaced(style, part))
        part->kind = RUN_PART_TEXT;
    return true;
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
        if (template->style.quote) /* a blank in a word is the word's own */
            part = size;
        part = part < size ? part : size;
        bool between = blanks > 0 && !template->style.quote;
        if (!add(template, (run_part){.kind = between ? RUN_PART_BLANKS : RUN_PART_TEXT, .text = text, .size = part}))
            return false;
        text += part;
        size -= part;
    }
    return true;
}

/* Splits [at, end), of which all or, with -q, a word is read at a time. */
static bool split(run_template *template, const char *at, const char *end) {
    run_part part;
    while (at < end && next_placeholder(template, at, &part) && part.text < end) {
        if (!add_text(template, at, (size_t)(part.text - at)) || !add(template, part)) {
            run_edit_free(part.edit);
            return false;
        }
        at = part.text + part.size;
    }
    return add_text(template, at, (size_t)(end - at));
}

static bool split_words(run_template *template, char *const *words, int n_words) {
    const char *at = template->source.data ? template->source.data : "";
    if (!template->style.quote || n_words == 0)
        return split(template, at, at + strlen(at));
    for (int i = 0; i < n_words; i++) {
        size_t size = strlen(words[i]);
        bool good = i == 0 || add(template, (run_part){.kind = RUN_PART_BLANKS, .text = at - 1, .size = 1});
        /* an empty word is one, too */
        if (good && size == 0)
            good = add(template, (run_part){.kind = RUN_PART_TEXT, .text = at, .size = 0});
        if (!good || !split(template, at, at + size))
            return false;
        at += size + 1;
    }
    return true;
}

run_template *run_template_parse(char *const *words, int n_words, bool append, const run_style *style) {
    run_template *template = calloc(1, sizeof *template);
    if (!template)
        return NULL;
    template->append = append &&n_words > 0;
    template->bare = n_words == 0;
    if (!template->bare)
        template->style = *style;
    for (int i = 0; i < n_words; i++) {
        if (i > 0)
            run_text_add(&template->source, " ", 1);
        run_text_add_string(&template->source, words[i]);
    }
    if (n_words == 0)
        run_text_add_string(&template->source, "{}");
    if (template->source.broken || !split_words(template, words, n_words)) {
        run_template_free(template);
        return NULL;
    }
    return template;
}

run_template *run_template_parse_text(const char *text, const run_style *style, char *error, size_t size) {
    char *word = (char *)(size_t)(const void *)text;
    run_style unquoted = *style;
    unquoted.quote = false;
    run_template *template = run_template_parse(&word, 1, false, &unquoted);
    snprintf(error, size, "%s", template ? template->error : "out of memory");
    if (template && template->error[0]) {
        run_template_free(template);
        return NULL;
    }
    return template;
}

void run_template_free(run_template *template) {
    if (!template)
        return;
    for (int i = 0; i < template->n_parts; i++)
        run_edit_free(template->parts[i].edit);
    free(template->parts);
    run_text_free(&template->source);
    free(template);
}
