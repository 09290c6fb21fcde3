/* What is known of Perl: substitutions, and all in small or capital letters. The rest of the language has no part here,
 * so all that is not plainly one of these is refused, and never taken for something else. */
#include "run/command/perl.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

typedef struct span {
    const char *at, *end;
} span;

static void skip_blanks(span *s) {
    while (s->at < s->end && (isspace((unsigned char)*s->at) || *s->at == ';'))
        s->at++;
}

/* Up to the delimiter, which is passed over; one behind a backslash is no end. */
static bool read_until(span *s, char delimiter, span *part) {
    part->at = s->at;
    while (s->at < s->end && *s->at != delimiter)
        s->at += *s->at == '\\' && s->at + 1 < s->end ? 2 : 1;
    part->end = s->at;
    return s->at++ < s->end;
}

/* A variable of Perl, but for the end of a line, has no value here. */
static bool has_variable(const span *expression) {
    for (const char *at = expression->at; at + 1 < expression->end; at++) {
        bool name = isalnum((unsigned char)at[1]) || strchr("_{&", at[1]);
        if (*at == '\\')
            at++;
        else if ((*at == '$' || *at == '@') && name)
            return true;
    }
    return false;
}

/* What PCRE2 takes for something else than Perl does, or for nothing known. */
static bool is_other_escape(const char *at, const char *end) {
    char next = at + 1 < end ? at[1] : '\0', third = at + 2 < end ? at[2] : '\0';
    if (*at == '\\' && isalpha((unsigned char)next))
        return !strchr("ntrfeaxULElu", next) || (strchr("lu", next) && third == '\\');
    bool is_group = (*at == '\\' || *at == '$') && isdigit((unsigned char)next);
    return is_group && (next == '0' || (third && strchr("0123456789[{", third)));
}

/* "\1" and "$&" are "$1" and "$0" to what makes the replacement; of other variables there are only those of groups. */
static bool add_replacement(const span *text, run_text *to) {
    for (const char *at = text->at; at < text->end; at++) {
        char next = at + 1 < text->end ? at[1] : '\0';
        if (is_other_escape(at, text->end))
            return false;
        if (*at == '$' && next == '&') {
            run_text_add_string(to, "$0");
            at++;
        } else if (*at == '\\' && isdigit((unsigned char)next)) {
            run_text_add(to, "$", 1);
        } else if (*at == '\\' && next) {
            run_text_add(to, at++, 2);
        } else if ((*at == '$' && !isdigit((unsigned char)next)) || (*at == '@' && isalnum((unsigned char)next))) {
            return false;
        } else {
            run_text_add(to, at, 1);
        }
    }
    return true;
}

static bool read_flags(span *s, run_substitution *by) {
    for (; s->at < s->end && isalpha((unsigned char)*s->at); s->at++)
        if (*s->at == 'g')
            by->global = true;
        else if (*s->at == 'i')
            by->any_case = true;
        else
            return false;
    return true;
}

/* "s/a/b/g", with any mark but a bracket or one that means something in an expression. */
static bool read_substitution(span *s, run_substitution *by, run_text *replacement) {
    span expression, text;
    if (s->end - s->at < 4 || s->at[0] != 's' || !strchr("/:,!#%;~=", s->at[1]))
        return false;
    char delimiter = s->at[1];
    s->at += 2;
    if (!read_until(s, delimiter, &expression) || !read_until(s, delimiter, &text) || expression.at == expression.end ||
        has_variable(&expression) || !add_replacement(&text, replacement))
        return false;
    by->expression = expression.at;
    by->size = (size_t)(expression.end - expression.at);
    return read_flags(s, by);
}

/* "$_=lc($_)" and its like. */
static bool read_case(span *s, run_substitution *by, run_text *replacement) {
    static const char *const forms[] = {"$_=lc($_)", "$_=lc$_", "$_=lc", "$_=uc($_)", "$_=uc$_", "$_=uc"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const char *at = s->at, *form = forms[i];
        while (at < s->end && *form && (*at == *form || *at == ' ')) {
            form += *at == *form;
            at++;
        }
        if (*form || (at < s->end && !strchr("; \n", *at)))
            continue;
        s->at = at;
        by->expression = "(?s).+";
        by->size = strlen(by->expression);
        run_text_add_string(replacement, i < 3 ? "\\L$0\\E" : "\\U$0\\E");
        return true;
    }
    return false;
}

static bool read_statement(span *s, run_substitution *by, run_text *replacement) {
    bool good = read_substitution(s, by, replacement);
    if (!good) {
        run_text_clear(replacement);
        good = read_case(s, by, replacement);
    }
    by->replacement = replacement->data ? replacement->data : "";
    by->replacement_size = replacement->size;
    return good && (s->at == s->end || isspace((unsigned char)*s->at) || *s->at == ';');
}

run_edit *run_perl_create(const char *text, size_t size, char *error, size_t error_size) {
    run_edit *edit = NULL;
    span s = {text, text + size};
    bool known = true, made = true;
    snprintf(error, error_size, "out of memory");
    for (skip_blanks(&s); s.at < s.end && known && made; skip_blanks(&s)) {
        run_substitution by = {0};
        run_text replacement = {0};
        known = read_statement(&s, &by, &replacement);
        made = known && !replacement.broken && run_edit_add(&edit, &by, error, error_size);
        run_text_free(&replacement);
    }
    if (edit && made)
        return edit;
    if (!known || made)
        snprintf(error, error_size,
                 "{=%.*s=}: of Perl only s/a/b/ and $_=lc, $_=uc are known; --plus has {%%.gz}, {/a/b} and more, and "
                 "what they do not, the command does: 'x={}; echo ${x%%%%_*}'",
                 size > 60 ? 60 : (int)size, text);
    run_edit_free(edit);
    return NULL;
}
