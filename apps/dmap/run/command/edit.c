/* An edit is the part of a value, a default, or a substitution by a Perl regular expression; where bash has a pattern
 * that takes as little as it can, so has the expression, by (?U). */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "run/command/edit.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum edit_kind { EDIT_DEFAULT, EDIT_FROM, EDIT_FROM_SIZE, EDIT_REPLACE } edit_kind;

struct run_edit {
    edit_kind kind;
    unsigned long from, size;
    uint32_t flags;
    pcre2_code *code;
    run_text replacement; /* the default, too */
    run_edit *next;       /* edits what this one has made; NULL: none does */
};

/* How "{" begin "}" becomes a substitution. */
typedef struct rule {
    const char *begin;
    const char *before, *after; /* of the expression */
    const char *replacement;    /* NULL: it stands behind a slash */
    bool global;
} rule;

static const rule rules[] = {
    {"/#", "^", "", NULL, false},        {"/%", "", "$", NULL, false},         {"//", "", "", NULL, true},
    {"/", "", "", NULL, false},          {"##", "^", "", "", false},           {"#", "^(?U:", ")", "", false},
    {"%%", "", "$", "", false},          {"%", "^.*\\K(?U:", ")$", "", false}, {"^^", "(", ")", "\\U$1\\E", true},
    {"^", "^(", ")", "\\U$1\\E", false}, {",,", "(", ")", "\\L$1\\E", true},   {",", "^(", ")", "\\L$1\\E", false},
};

static bool begins_with(const char *text, size_t size, const char *begin) {
    size_t length = strlen(begin);
    return size > length && memcmp(text, begin, length) == 0;
}

/* The rule, if the rest of what stands in braces fits it. */
static const rule *find_rule(const char *text, size_t size) {
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        size_t length = strlen(rules[i].begin);
        if (begins_with(text, size, rules[i].begin) &&
            (rules[i].replacement || (text[length] != '/' && memchr(text + length, '/', size - length))))
            return &rules[i];
    }
    return NULL;
}

/* "2" or "2:3". Returns false if it is neither. */
static bool read_part(const char *text, size_t size, run_edit *edit) {
    size_t first = 0, second;
    while (first < size && text[first] >= '0' && text[first] <= '9')
        first++;
    second = first + 1;
    while (second < size && text[second] >= '0' && text[second] <= '9')
        second++;
    edit->kind = first == size ? EDIT_FROM : EDIT_FROM_SIZE;
    if (first == 0 || (first < size && (text[first] != ':' || second != size || first + 1 == size)))
        return false;
    edit->from = strtoul(text, NULL, 10);
    edit->size = first < size ? strtoul(text + first + 1, NULL, 10) : 0;
    return true;
}

bool run_edit_is_meant(const char *text, size_t size) {
    run_edit edit;
    if (begins_with(text, size, ":"))
        return begins_with(text, size, ":-") || read_part(text + 1, size - 1, &edit);
    return find_rule(text, size) != NULL;
}

/* Compiles the expression, of what was written as text. */
static bool compile(run_edit *edit, const run_text *pattern, uint32_t options, bool global, const char *text,
                    size_t size, char *error, size_t error_size) {
    PCRE2_UCHAR why[200] = "out of memory";
    int code = 0;
    PCRE2_SIZE at;
    edit->kind = EDIT_REPLACE;
    edit->flags = PCRE2_SUBSTITUTE_EXTENDED | PCRE2_SUBSTITUTE_UNSET_EMPTY | PCRE2_SUBSTITUTE_UNKNOWN_UNSET |
                  (global ? PCRE2_SUBSTITUTE_GLOBAL : 0);
    if (!pattern->broken)
        edit->code = pcre2_compile((PCRE2_SPTR)pattern->data, pattern->size, options, &code, &at, NULL);
    if (!edit->code && !pattern->broken)
        pcre2_get_error_message(code, why, sizeof why);
    if (!edit->code)
        snprintf(error, error_size, "{%.*s} is not valid: %s", (int)size, text, (const char *)why);
    return edit->code != NULL;
}

static bool compile_rule(run_edit *edit, const rule *by, const char *text, size_t size, char *error,
                         size_t error_size) {
    run_text pattern = {0};
    const char *begin = text + strlen(by->begin), *end = text + size;
    const char *slash = by->replacement ? NULL : memchr(begin, '/', (size_t)(end - begin));
    size_t expression = (size_t)((slash ? slash : end) - begin);
    run_text_add_string(&pattern, by->before);
    run_text_add(&pattern, begin, expression);
    run_text_add_string(&pattern, by->after);
    if (slash)
        run_text_add(&edit->replacement, slash + 1, (size_t)(end - slash - 1));
    else
        run_text_add_string(&edit->replacement, by->replacement);
    bool good = compile(edit, &pattern, 0, by->global, text, size, error, error_size);
    run_text_free(&pattern);
    return good;
}

bool run_edit_add(run_edit **edit, const run_substitution *by, char *error, size_t error_size) {
    run_text pattern = {0};
    run_edit *made = calloc(1, sizeof *made);
    snprintf(error, error_size, "out of memory");
    if (!made)
        return false;
    run_text_add(&pattern, by->expression, by->size);
    run_text_add(&made->replacement, by->replacement, by->replacement_size);
    bool good = compile(made, &pattern, by->any_case ? PCRE2_CASELESS : 0, by->global, by->expression, by->size, error,
                        error_size);
    run_text_free(&pattern);
    while (*edit)
        edit = &(*edit)->next;
    if (good && !made->replacement.broken) {
        *edit = made;
        return true;
    }
    run_edit_free(made);
    return false;
}

run_edit *run_edit_create(const char *text, size_t size, char *error, size_t error_size) {
    run_edit *edit = calloc(1, sizeof *edit);
    bool good = edit != NULL;
    snprintf(error, error_size, "out of memory");
    if (good && begins_with(text, size, ":-"))
        run_text_add(&edit->replacement, text + 2, size - 2);
    else if (good && text[0] == ':')
        good = read_part(text + 1, size - 1, edit);
    else if (good)
        good = compile_rule(edit, find_rule(text, size), text, size, error, error_size);
    if (good && !edit->replacement.broken)
        return edit;
    run_edit_free(edit);
    return NULL;
}

void run_edit_free(run_edit *edit) {
    if (!edit)
        return;
    run_edit_free(edit->next);
    pcre2_code_free(edit->code);
    run_text_free(&edit->replacement);
    free(edit);
}

/* What the substitution cannot be made in stays as it is. */
static void replace(const run_edit *edit, const char *value, size_t size, run_text *to) {
    char few[256], *made = few;
    PCRE2_SIZE length = sizeof few;
    PCRE2_SPTR with = (PCRE2_SPTR)(edit->replacement.data ? edit->replacement.data : "");
    uint32_t flags = edit->flags | PCRE2_SUBSTITUTE_OVERFLOW_LENGTH;
    int code = pcre2_substitute(edit->code, (PCRE2_SPTR)value, size, 0, flags, NULL, NULL, with, edit->replacement.size,
                                (PCRE2_UCHAR *)made, &length);
    if (code == PCRE2_ERROR_NOMEMORY && (made = malloc(length)))
        code = pcre2_substitute(edit->code, (PCRE2_SPTR)value, size, 0, flags, NULL, NULL, with, edit->replacement.size,
                                (PCRE2_UCHAR *)made, &length);
    if (!made)
        to->broken = true;
    else
        run_text_add(to, code >= 0 ? made : value, code >= 0 ? length : size);
    if (made != few)
        free(made);
}

static void apply(const run_edit *edit, const char *value, size_t size, run_text *to) {
    size_t from = edit->from < size ? edit->from : size;
    bool is_false = size == 0 || (size == 1 && value[0] == '0'); /* to Perl */
    switch (edit->kind) {
    case EDIT_DEFAULT:
        run_text_add(to, is_false ? edit->replacement.data : value, is_false ? edit->replacement.size : size);
        break;
    case EDIT_FROM:
        run_text_add(to, value + from, size - from);
        break;
    case EDIT_FROM_SIZE:
        run_text_add(to, value + from, edit->size < size - from ? edit->size : size - from);
        break;
    case EDIT_REPLACE:
        replace(edit, value, size, to);
        break;
    }
}

void run_edit_apply(const run_edit *edit, const char *value, size_t size, run_text *to) {
    if (!edit->next) {
        apply(edit, value, size, to);
        return;
    }
    run_text made = {0};
    apply(edit, value, size, &made);
    run_edit_apply(edit->next, made.data ? made.data : "", made.size, to);
    to->broken = to->broken || made.broken;
    run_text_free(&made);
}
