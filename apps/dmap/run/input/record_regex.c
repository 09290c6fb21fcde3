/* The expressions are those that GNU parallel makes of --recstart and --recend, so what is a record is the same. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "run/input/record_regex.h"

#include <inttypes.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/base/text.h"

struct run_record_regex {
    pcre2_code *last, *starts, *garbage, *count, *after;
    pcre2_match_data *match;
    bool begun; /* what comes is not the first of the input */
    bool failed;
};

enum { STEPS = 3 };
struct run_separators {
    pcre2_code *steps[STEPS]; /* between two records, at the beginning, at the end */
    pcre2_match_data *match;
    char *from, *to;
    size_t room;
};

/* The expression of a beginning or an end of records: of a text, byte by byte. */
static void add_expression(run_text *text, const char *raw, const char *data, size_t size, bool regexp) {
    char byte[8];
    run_text_add_string(text, "(?:");
    if (regexp)
        run_text_add_string(text, raw);
    for (size_t i = 0; !regexp && i < size; i++) {
        snprintf(byte, sizeof byte, "\\x%02x", (unsigned char)data[i]);
        run_text_add_string(text, byte);
    }
    run_text_add_string(text, ")");
}

typedef struct expressions {
    run_text start, end;
} expressions;

static expressions make_expressions(const run_options *o) {
    expressions e = {0};
    const char *start = o->record_start_text ? o->record_start_text : "";
    const char *end = o->record_end_text ? o->record_end_text : o->record_start_text ? "" : "\\n";
    if (o->regexp && !*end && !o->record_start_text)
        end = "(?s:.)";
    add_expression(&e.start, start, o->record_start, o->record_start ? o->record_start_size : 0, o->regexp);
    add_expression(&e.end, end, o->record_end, o->record_end ? o->record_end_size : 0, o->regexp);
    return e;
}

static void free_expressions(expressions *e) {
    run_text_free(&e->start);
    run_text_free(&e->end);
}

/* form: an expression, in which "E" and "S" are the end and the beginning of a record. Returns NULL with a sentence. */
static pcre2_code *compile(const expressions *e, const char *form, uint32_t flags, char *error, size_t size) {
    run_text text = {0};
    int code = 0;
    PCRE2_SIZE at;
    PCRE2_UCHAR why[200] = "out of memory";
    for (; *form; form++)
        if (*form == 'E' || *form == 'S')
            run_text_add_string(&text, *form == 'E' ? e->end.data : e->start.data);
        else
            run_text_add(&text, form, 1);
    pcre2_code *made =
        text.broken ? NULL : pcre2_compile((PCRE2_SPTR)text.data, text.size, PCRE2_MULTILINE | flags, &code, &at, NULL);
    run_text_free(&text);
    if (made) {
        pcre2_jit_compile(made, PCRE2_JIT_COMPLETE); /* if it cannot be, it is only slower */
        return made;
    }
    if (code)
        pcre2_get_error_message(code, why, sizeof why);
    snprintf(error, size, "the records of --recstart %.80s --recend %.80s are not valid: %s", e->start.data,
             e->end.data, (const char *)why);
    return NULL;
}

run_record_regex *run_record_regex_create(const run_options *options, uint64_t records, char *error, size_t size) {
    run_record_regex *r = calloc(1, sizeof *r);
    expressions e = make_expressions(options);
    char count[200];
    snprintf(count, sizeof count, "(?:S(?:(?!ES)(?s:.))*?E){%" PRIu64 "}(?=S)", records ? records : 1);
    snprintf(error, size, "out of memory");
    bool good = r && !e.start.broken && !e.end.broken && (r->match = pcre2_match_data_create(1, NULL)) &&
                (r->last = compile(&e, "(?s:.)*E(?=S)", PCRE2_ANCHORED, error, size)) &&
                (r->starts = compile(&e, "S", PCRE2_ANCHORED, error, size)) &&
                (r->garbage = compile(&e, "(?:(?!ES)(?s:.))*?E(?=S)", PCRE2_ANCHORED, error, size)) &&
                (r->count = compile(&e, count, PCRE2_ANCHORED, error, size)) &&
                (r->after = compile(&e, "E(?=S)", 0, error, size));
    free_expressions(&e);
    if (good)
        return r;
    run_record_regex_free(r);
    return NULL;
}

void run_record_regex_free(run_record_regex *r) {
    if (!r)
        return;
    pcre2_code_free(r->last);
    pcre2_code_free(r->starts);
    pcre2_code_free(r->garbage);
    pcre2_code_free(r->count);
    pcre2_code_free(r->after);
    pcre2_match_data_free(r->match);
    free(r);
}

/* The end of the match from there on; 0: there is none. */
static size_t match(run_record_regex *r, const pcre2_code *code, const char *data, size_t size, size_t from) {
    int found = pcre2_match(code, (PCRE2_SPTR)data, size, from, 0, r->match, NULL);
    r->failed = r->failed || (found < 0 && found != PCRE2_ERROR_NOMATCH);
    return found >= 0 ? pcre2_get_ovector_pointer(r->match)[1] : 0;
}

size_t run_record_regex_last(run_record_regex *r, const char *data, size_t size) {
    return match(r, r->last, data, size, 0);
}

size_t run_record_regex_count(run_record_regex *r, const char *data, size_t size) {
    bool first = !r->begun;
    r->begun = r->begun || size > 0;
    bool starts = !first || pcre2_match(r->starts, (PCRE2_SPTR)data, size, 0, 0, r->match, NULL) >= 0;
    size_t garbage = starts ? 0 : match(r, r->garbage, data, size, 0);
    return garbage ? garbage : match(r, r->count, data, size, 0);
}

size_t run_record_regex_after(run_record_regex *r, const char *data, size_t size, size_t from) {
    return match(r, r->after, data, size, from);
}

bool run_record_regex_failed(const run_record_regex *r) {
    return r->failed;
}

run_separators *run_separators_create(const run_options *options, char *error, size_t size) {
    static const char *const forms[STEPS] = {"ES", "\\AS", "E(?-m:$)"};
    run_separators *s = calloc(1, sizeof *s);
    expressions e = make_expressions(options);
    snprintf(error, size, "out of memory");
    bool good = s && !e.start.broken && !e.end.broken && (s->match = pcre2_match_data_create(1, NULL));
    for (int i = 0; good && i < STEPS; i++)
        good = (s->steps[i] = compile(&e, forms[i], 0, error, size)) != NULL;
    free_expressions(&e);
    if (good)
        return s;
    run_separators_free(s);
    return NULL;
}

void run_separators_free(run_separators *s) {
    if (!s)
        return;
    for (int i = 0; i < STEPS; i++)
        pcre2_code_free(s->steps[i]);
    pcre2_match_data_free(s->match);
    free(s->from);
    free(s->to);
    free(s);
}

/* Room for what is left, which is never more. */
static bool make_room(run_separators *s, size_t size) {
    if (s->room > size)
        return true;
    free(s->from);
    free(s->to);
    s->room = size + size / 2 + 1;
    s->from = malloc(s->room);
    s->to = malloc(s->room);
    s->room = s->from && s->to ? s->room : 0;
    return s->room > 0;
}

bool run_separators_remove(run_separators *s, const char **data, size_t *size) {
    if (!make_room(s, *size))
        return false;
    for (int i = 0; i < STEPS; i++) {
        PCRE2_SIZE left = s->room;
        uint32_t flags = i == 0 ? PCRE2_SUBSTITUTE_GLOBAL : 0;
        if (pcre2_substitute(s->steps[i], (PCRE2_SPTR)*data, *size, 0, flags, s->match, NULL, (PCRE2_SPTR) "", 0,
                             (PCRE2_UCHAR *)s->to, &left) < 0)
            return false;
        char *made = s->to;
        s->to = s->from;
        s->from = made;
        *data = made;
        *size = left;
    }
    return true;
}
