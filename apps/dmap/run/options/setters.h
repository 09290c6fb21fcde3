/* Setters of the table: they return false if the value is not what the help says. */
#ifndef DMAP_APPS_RUN_OPTIONS_SETTERS_H
#define DMAP_APPS_RUN_OPTIONS_SETTERS_H

#include <stdbool.h>

#include "run/options/options.h"

/* What GNU parallel's notices and habits need, and dmap run does not. */
bool run_set_nothing(run_options *options, const char *text);

bool run_set_version(run_options *options, const char *text);

/* How values are put in. */
bool run_set_max_args(run_options *options, const char *text);
bool run_set_trim(run_options *options, const char *text);
bool run_set_end(run_options *options, const char *text);
bool run_set_csv(run_options *options, const char *text);
bool run_set_header(run_options *options, const char *text);
bool run_set_pipe_part(run_options *options, const char *text);
bool run_set_cat(run_options *options, const char *text);
bool run_set_regexp(run_options *options, const char *text);
bool run_set_strips(run_options *options, const char *text);
bool run_set_round_robin(run_options *options, const char *text);
bool run_set_tee(run_options *options, const char *text);
bool run_set_skip_first(run_options *options, const char *text);
bool run_set_block(run_options *options, const char *text);
bool run_set_link(run_options *options, const char *text);
bool run_set_lines(run_options *options, const char *text);
bool run_set_pack_context(run_options *options, const char *text);
bool run_set_pack(run_options *options, const char *text);
bool run_set_xargs(run_options *options, const char *text);
bool run_set_most_bytes(run_options *options, const char *text);
bool run_set_quote(run_options *options, const char *text);
bool run_set_plus(run_options *options, const char *text);
bool run_set_tag_value(run_options *options, const char *text);
bool run_set_tag_no_extension(run_options *options, const char *text);
bool run_set_tag_base(run_options *options, const char *text);
bool run_set_tag_dir(run_options *options, const char *text);
bool run_set_tag_base_no_extension(run_options *options, const char *text);
bool run_set_tag_seq(run_options *options, const char *text);
bool run_set_tag_slot(run_options *options, const char *text);

/* Where and how jobs run, and what is shown of them. */
bool run_set_ungroup(run_options *options, const char *text);
bool run_set_verbose(run_options *options, const char *text);
bool run_set_announce(run_options *options, const char *text);
bool run_set_shell_quote(run_options *options, const char *text);
bool run_set_exported(run_options *options, const char *text);
bool run_set_slot_variable(run_options *options, const char *text);
bool run_set_files(run_options *options, const char *text);
bool run_set_files_nul(run_options *options, const char *text);
bool run_set_tag_text(run_options *options, const char *text);
bool run_set_folder(run_options *options, const char *text);
bool run_set_tmpdir(run_options *options, const char *text);
bool run_set_nice(run_options *options, const char *text);
bool run_set_retry_delay(run_options *options, const char *text);
bool run_set_load(run_options *options, const char *text);
bool run_set_memfree(run_options *options, const char *text);
bool run_set_noswap(run_options *options, const char *text);
bool run_set_usage(run_options *options, const char *text);
bool run_set_depends(run_options *options, const char *text);
bool run_set_changed(run_options *options, const char *text);
bool run_set_cores(run_options *options, const char *text);
bool run_set_memory(run_options *options, const char *text);
bool run_set_gpus(run_options *options, const char *text);
bool run_set_retry_failed(run_options *options, const char *text);

#endif
