/* The command template: literal text and placeholders. Values are quoted for the shell, the template is not. */
#ifndef DMAP_APPS_RUN_COMMAND_TEMPLATE_H
#define DMAP_APPS_RUN_COMMAND_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/base/text.h"
#include "run/input/values.h"
#include "run/options/options.h"

typedef struct run_template run_template;

/** words: of the template, joined by a blank; none: each job's value is the command, unquoted. With no placeholder in
 *  it, " {}" is appended (not with --pipe). style: borrowed strings. Returns NULL if memory is out. */
run_template *run_template_parse(char *const *words, int n_words, bool append, const run_style *style);
/** A text of an option, with the placeholders of the command, but without -q. Returns NULL with a sentence. */
run_template *run_template_parse_text(const char *text, const run_style *style, char *error, size_t size);
void run_template_free(run_template *template);
/** What is wrong with it, as an expression of --plus that is none; NULL: nothing. */
const char *run_template_error(const run_template *template);
/** True if the number of all jobs is in it, which run_template_set_total is to tell. */
bool run_template_uses_total(const run_template *template);
void run_template_set_total(run_template *template, uint64_t total);
/** False, with a sentence, if a word in braces is meant as a column and is none. names: of the columns; NULL: there are
 *  none, and words in braces are text. */
bool run_template_check_names(const run_template *template, const char *const *names, char *error, size_t size);
/** True if {%} is in it. */
bool run_template_uses_slot(const run_template *template);
/** Appends the command line of a job. names: of the columns, or NULL. slot: from 1; 0: not known yet, "{%}" stays. */
void run_template_compose(const run_template *template, const run_values *values, const char *const *names,
                          uint64_t seq, int slot, run_text *command);
/** The same for a plain name (--results FILE with placeholders, --tag): values unquoted. */
void run_template_compose_plain(const run_template *template, const run_values *values, const char *const *names,
                                uint64_t seq, int slot, run_text *text);
/** Puts the slot where run_template_compose left "{%}" for it: marks[] are their offsets in the command. A template
 *  without {%} has no marks. Returns how many there are; writes at most `most`. */
int run_template_slot_marks(const run_template *template, const run_values *values, const char *const *names,
                            uint64_t seq, size_t *marks, int most);

#endif
