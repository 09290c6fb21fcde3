/* As Perl's split has it: what the groups of the expression match become columns too; an expression that matches
 * nothing at all splits between letters; and columns at the end are kept though they are empty. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "run/input/columns.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run_columns {
    pcre2_code *code;
    pcre2_match_data *match;
    uint32_t groups;
    unsigned trim;
};

run_columns *run_columns_create(const char *regex, unsigned trim, char *error, size_t size) {
    run_columns *columns = calloc(1, sizeof *columns);
    int code = 0;
    PCRE2_SIZE at;
    PCRE2_UCHAR why[200] = "out of memory";
    if (columns && (columns->code = pcre2_compile((PCRE2_SPTR)regex, strlen(regex), 0, &code, &at, NULL)))
        columns->match = pcre2_match_data_create_from_pattern(columns->code, NULL);
    if (columns && columns->match) {
        columns->trim = trim;
        pcre2_pattern_info(columns->code, PCRE2_INFO_CAPTURECOUNT, &columns->groups);
        pcre2_jit_compile(columns->code, PCRE2_JIT_COMPLETE); /* where there is none it goes without */
        return columns;
    }
    if (columns && !columns->code)
        pcre2_get_error_message(code, why, sizeof why);
    snprintf(error, size, "--colsep %.100s is not valid: %s", regex, (const char *)why);
    run_columns_free(columns);
    return NULL;
}

void run_columns_free(run_columns *columns) {
    if (!columns)
        return;
    pcre2_match_data_free(columns->match);
    pcre2_code_free(columns->code);
    free(columns);
}

bool run_columns_split(run_columns *columns, const char *data, size_t size, run_fields *fields) {
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(columns->match);
    size_t from = 0;
    int matched;
    while ((matched = pcre2_match(columns->code, (PCRE2_SPTR)data, size, from, PCRE2_NOTEMPTY_ATSTART, columns->match,
                                  NULL)) > 0) {
        run_fields_add_trimmed(fields, columns->trim, data + from, ends[0] - from);
        for (uint32_t i = 1; i <= columns->groups; i++) {
            bool set = ends[2 * i] != PCRE2_UNSET;
            run_fields_add_trimmed(fields, columns->trim, set ? data + ends[2 * i] : "",
                                   set ? ends[2 * i + 1] - ends[2 * i] : 0);
        }
        from = ends[1];
    }
    run_fields_add_trimmed(fields, columns->trim, data + from, size - from);
    return matched == PCRE2_ERROR_NOMATCH;
}
