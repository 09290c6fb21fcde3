/* The options of `dmap run`, spelled as GNU parallel has them; those that the manual page's table of GNU options does
 * not have are dmap's own.
 * A setter returns false if the value is not what the help says. */
#include "run/options/table.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "run/base/parse.h"
#include "run/options/ending.h"
#include "run/options/halt_rule.h"
#include "run/options/setters.h"
#include "run/options/sources.h"

enum { MOST_VALUES = 1000000 };

static bool set_jobs(run_options *o, const char *text) {
    o->jobs = text;
    return *text != '\0';
}

static bool set_file(run_options *o, const char *text) {
    return run_add_source(o, (run_source){.kind = RUN_SOURCE_FILE, .path = text});
}

/* Undoes the escapes of what is to be kept, in its place among the owned. */
static bool unescape(run_options *o, int place, const char *text, const char **bytes, size_t *size) {
    free(o->owned[place]);
    *bytes = o->owned[place] = run_unescape(text, size);
    return *bytes && *size > 0;
}

static bool set_null(run_options *o, const char *text) {
    (void)text;
    o->delimiter = "";
    o->delimiter_size = 1;
    return true;
}

static bool set_delimiter(run_options *o, const char *text) {
    return unescape(o, 0, text, &o->delimiter, &o->delimiter_size);
}

static bool set_record_start(run_options *o, const char *text) {
    o->record_start_text = text;
    return unescape(o, 1, text, &o->record_start, &o->record_start_size);
}

/* An empty one ends a record at each byte. */
static bool set_record_end(run_options *o, const char *text) {
    o->record_end_text = text;
    unescape(o, 2, text, &o->record_end, &o->record_end_size);
    return o->record_end != NULL;
}

static bool set_columns(run_options *o, const char *text) {
    o->columns = text;
    if (!o->trim_given)
        o->trim = RUN_TRIM_BEGIN | RUN_TRIM_END;
    return true;
}

static bool set_values(run_options *o, const char *text) {
    uint64_t value;
    bool valid = run_read_number(text, MOST_VALUES, &value);
    if (valid) {
        o->values = (int)value;
        o->grouped = true;
        o->values_given = true;
        o->records = value;
    }
    return valid;
}

static bool set_shuffle(run_options *o, const char *text) {
    (void)text;
    return o->shuffle = true;
}

static bool set_seed(run_options *o, const char *text) {
    return o->seeded = run_read_number(text, UINT64_MAX, &o->seed);
}

static bool set_skip_empty(run_options *o, const char *text) {
    (void)text;
    return o->skip_empty = true;
}

static bool set_pipe(run_options *o, const char *text) {
    (void)text;
    return o->pipe = true;
}

static bool set_delay(run_options *o, const char *text) {
    return run_read_duration(text, &o->delay_s);
}

static bool set_retries(run_options *o, const char *text) {
    uint64_t value;
    bool valid = run_read_number(text, INT_MAX, &value);
    o->attempts = valid ? (int)value : 1;
    return valid;
}

static bool set_timeout(run_options *o, const char *text) {
    double percent;
    bool in_percent = run_read_percent(text, &percent);
    o->timeout_s = 0;
    o->timeout_percent = in_percent ? percent : 0;
    return in_percent ? percent > 0 : run_read_duration(text, &o->timeout_s) && o->timeout_s > 0;
}

static bool set_ending(run_options *o, const char *text) {
    return run_ending_parse(text, &o->ending);
}

static bool set_halt(run_options *o, const char *text) {
    return run_halt_parse(text, &o->halt);
}

static bool set_until(run_options *o, const char *text) {
    if (strcmp(text, "never") != 0)
        return run_read_time(text, (double)time(NULL), &o->until);
    o->until = -1;
    return true;
}

static bool set_dry_run(run_options *o, const char *text) {
    (void)text;
    return o->dry_run = true;
}

static bool set_ordered(run_options *o, const char *text) {
    (void)text;
    o->unordered = false;
    return o->keeps_order = true;
}

static bool set_unordered(run_options *o, const char *text) {
    (void)text;
    o->keeps_order = false;
    return o->unordered = true;
}

static bool set_group(run_options *o, const char *text) {
    (void)text;
    o->output = RUN_GROUP;
    return true;
}

static bool set_line_buffer(run_options *o, const char *text) {
    (void)text;
    o->output = RUN_LINE_BUFFER;
    return true;
}

static bool set_tag(run_options *o, const char *text) {
    (void)text;
    return o->tag = true;
}

static bool set_results(run_options *o, const char *text) {
    o->results = text;
    return *text != '\0';
}

static bool set_joblog(run_options *o, const char *text) {
    o->joblog_append = *text == '+';
    o->joblog = text + o->joblog_append;
    return *o->joblog != '\0';
}

static bool set_resume(run_options *o, const char *text) {
    (void)text;
    return o->resume = true;
}

static bool set_resume_failed(run_options *o, const char *text) {
    (void)text;
    return o->resume_failed = true;
}

static bool set_bar(run_options *o, const char *text) {
    (void)text;
    o->progress = RUN_PROGRESS_BAR;
    return true;
}

static bool set_progress(run_options *o, const char *text) {
    (void)text;
    o->progress = RUN_PROGRESS_LINES;
    return true;
}

static bool set_no_progress(run_options *o, const char *text) {
    (void)text;
    o->progress = RUN_PROGRESS_NONE;
    return true;
}

static bool set_quiet(run_options *o, const char *text) {
    (void)text;
    return o->quiet = true;
}

static bool set_help(run_options *o, const char *text) {
    (void)text;
    return o->help = true;
}

const run_option run_option_table[] = {
    {'a', "--arg-file", "FILE", "read values from FILE, - is standard input; as :::: FILE", set_file},
    {0, "--argfile", "FILE", NULL, set_file},
    {'0', "--null", NULL, "values end with NUL, not with a newline", set_null},
    {'d', "--delimiter", "TEXT", "values end with TEXT, as ',' or '\\t' or '\\r\\n'", set_delimiter},
    {'C', "--colsep", "REGEX", "split each value into columns {1} {2} ..., without blanks around", set_columns},
    {0, "--col-sep", "REGEX", NULL, set_columns},
    {0, "--trim", "WHERE", "take blanks off values: n not, l in front, r behind, lr both", run_set_trim},
    {'E', "--eof", "[TEXT]", "a value that is TEXT ends its source", run_set_end},
    {'e', "-e", "[TEXT]", NULL, run_set_end},
    {0, "--csv", NULL, "split values as spreadsheets write them, at commas or --colsep", run_set_csv},
    {0, "--header", ":", "first values name columns: {NAME}; --pipe: N lines, or a REGEX", run_set_header},
    {'N', "--max-replace-args", "N", "give each job N values {1} to {N}; with --pipe: N records", set_values},
    {0, "--maxreplaceargs", "N", NULL, set_values},
    {'n', "--max-args", "N", "the same, but {} is all of them, and no word is repeated", run_set_max_args},
    {0, "--maxargs", "N", NULL, run_set_max_args},
    {0, "--link", NULL, "sources go along with each other, the shorter ones again and again", run_set_link},
    {0, "--xapply", NULL, NULL, run_set_link},
    {'L', "--max-lines", "[N]", "N lines (1) a job; a blank at the end joins a line to the next", run_set_lines},
    {0, "--maxlines", "[N]", NULL, run_set_lines},
    {'l', "-l", "[N]", NULL, run_set_lines},
    {'X', "--pack-words", NULL, "as many values a job as fit, words with {} repeated", run_set_pack_context},
    {'m', "--pack", NULL, "the same, but words are not repeated", run_set_pack},
    {0, "--xargs", NULL, "the same, and slots may stay without some", run_set_xargs},
    {'s', "--max-chars", "SIZE", "for these, the length of a command line (130000)", run_set_most_bytes},
    {0, "--maxchars", "SIZE", NULL, run_set_most_bytes},
    {'x', "--exit", NULL, "nothing: a line that is too long ends the run anyway", run_set_nothing},
    {'q', "--quote", NULL, "quote the words of the command for the shell", run_set_quote},
    {'I', "--replace-str", "TEXT", "TEXT instead of {}", run_set_tag_value},
    {'i', "-i", "[TEXT]", NULL, run_set_tag_value},
    {0, "--replace", "[TEXT]", NULL, run_set_tag_value},
    {0, "--er", "TEXT", "of {.}; --bnr of {/}, --dnr of {//}, --bner of {/.}", run_set_tag_no_extension},
    {0, "--extensionreplace", "TEXT", NULL, run_set_tag_no_extension},
    {0, "--basenamereplace", "TEXT", "of {/}", run_set_tag_base},
    {0, "--bnr", "TEXT", NULL, run_set_tag_base},
    {0, "--dirnamereplace", "TEXT", "of {//}", run_set_tag_dir},
    {0, "--dnr", "TEXT", NULL, run_set_tag_dir},
    {0, "--basenameextensionreplace", "TEXT", "of {/.}", run_set_tag_base_no_extension},
    {0, "--bner", "TEXT", NULL, run_set_tag_base_no_extension},
    {0, "--seqreplace", "TEXT", "of {#}", run_set_tag_seq},
    {0, "--slotreplace", "TEXT", "of {%}", run_set_tag_slot},
    {0, "--plus", NULL, "more placeholders: {..} {+.} {##} {%.gz} {/a/b} {:2:3}", run_set_plus},
    {'r', "--no-run-if-empty", NULL, "leave out blank values", set_skip_empty},
    {0, "--norunifempty", NULL, NULL, set_skip_empty},
    {0, "--skip-first-line", NULL, "leave out the first value of the first source, or line of --pipe",
     run_set_skip_first},
    {0, "--skipfirstline", NULL, NULL, run_set_skip_first},
    {0, "--depends", NULL, "a value --- is a barrier: what follows waits for what is before it", run_set_depends},
    {0, "--shuf", NULL, "jobs in random order", set_shuffle},
    {0, "--seed", "N", "of that order: the same N, the same order", set_seed},
    {0, "--pipe", NULL, "cut standard input into blocks, one for each job's standard input", set_pipe},
    {0, "--spreadstdin", NULL, NULL, set_pipe},
    {0, "--cat", NULL, "with --pipe: the block is in the file {} instead; so it is with --fifo", run_set_cat},
    {0, "--fifo", NULL, NULL, run_set_cat},
    {0, "--pipepart", NULL, "the same of the file of -a, with blocks of at least --block", run_set_pipe_part},
    {0, "--pipe-part", NULL, NULL, run_set_pipe_part},
    {0, "--block", "SIZE", "bytes of a block, about: 10k, 1M (1M); -N: N blocks a slot", run_set_block},
    {0, "--block-size", "SIZE", NULL, run_set_block},
    {0, "--blocksize", "SIZE", NULL, run_set_block},
    {0, "--recstart", "TEXT", "records, which no cut divides, begin with TEXT", set_record_start},
    {0, "--recend", "TEXT", "records end with TEXT (\\n); '': a byte is a record", set_record_end},
    {0, "--regexp", NULL, "these TEXTs are regular expressions", run_set_regexp},
    {0, "--regex", NULL, NULL, run_set_regexp},
    {0, "--rrs", NULL, "take what separates records out of the blocks", run_set_strips},
    {0, "--remove-rec-sep", NULL, NULL, run_set_strips},
    {0, "--removerecsep", NULL, NULL, run_set_strips},
    {0, "--round-robin", NULL, "deal the blocks out over the slots: a job each", run_set_round_robin},
    {0, "--roundrobin", NULL, NULL, run_set_round_robin},
    {0, "--round", NULL, NULL, run_set_round_robin},
    {0, "--tee", NULL, "give all of the input to each job; values are those of :::", run_set_tee},
    {'j', "--jobs", "N", "jobs at a time on each node: N, +N, -N or N% of its cores (100%)", set_jobs},
    {'P', "--max-procs", "N", NULL, set_jobs},
    {0, "--maxprocs", "N", NULL, set_jobs},
    {0, "--cores", "N", "cores that each job needs, and is bound to: 4, or a placeholder: {3}", run_set_cores},
    {0, "--mem", "SIZE", "memory that each needs: no more run on a node than it has room for", run_set_memory},
    {0, "--gpus", "N", "GPUs that each needs, and is told by CUDA_VISIBLE_DEVICES and its like", run_set_gpus},
    {0, "--delay", "TIME", "least time between two starts: 0.5, 1m30s", set_delay},
    {0, "--load", "N", "start no job on a node with N, N%, +N or -N processes running", run_set_load},
    {0, "--memfree", "SIZE", "start no job on a node with less memory free, end the youngest at half of it",
     run_set_memfree},
    {0, "--noswap", NULL, "start no job on a node that swaps", run_set_noswap},
    {0, "--timeout", "TIME", "end jobs that run longer: 90, 1h30m, or 200% of the median", set_timeout},
    {0, "--termseq", "LIST", "how jobs are ended: signals and ms (TERM,200,TERM,100,TERM,50,KILL,25)", set_ending},
    {0, "--term-seq", "LIST", NULL, set_ending},
    {0, "--retries", "N", "try a job that fails N times in all (1); 0: for ever", set_retries},
    {0, "--retry-delay", "TIME",
     "wait before a job is tried again, each time twice as long: 5s, or 5s,10m at most (5m)", run_set_retry_delay},
    {0, "--halt", "WHEN", "never, or now|soon,fail|success|done=N|N%, as now,fail=1", set_halt},
    {0, "--halt-on-error", "WHEN", NULL, set_halt},
    {0, "--haltonerror", "WHEN", NULL, set_halt},
    {0, "--until", "TIME", "start no job that cannot end by then: 18:30, +1h (the allocation's end)", set_until},
    {0, "--wd", "FOLDER", "run jobs in FOLDER, which is made if it is not there: {1}, d/{#}", run_set_folder},
    {0, "--work-dir", "FOLDER", NULL, run_set_folder},
    {0, "--workdir", "FOLDER", NULL, run_set_folder},
    {0, "--tmpdir", "FOLDER", "temporary files are there, and $TMPDIR of jobs says it", run_set_tmpdir},
    {0, "--tempdir", "FOLDER", NULL, run_set_tmpdir},
    {0, "--env", "NAMES", "jobs of all ranks have these variables as the master has them: A,B; _: all",
     run_set_exported},
    {0, "--process-slot-var", "NAME", "a variable in which jobs find their slot, from 0", run_set_slot_variable},
    {0, "--processslotvar", "NAME", NULL, run_set_slot_variable},
    {0, "--nice", "N", "run jobs with this niceness, -20 to 19", run_set_nice},
    {'t', "--verbose", NULL, "write each command line to standard error as it starts", run_set_announce},
    {0, "--dry-run", NULL, "print the command lines, run none", set_dry_run},
    {0, "--dryrun", NULL, NULL, set_dry_run},
    {0, "--dr", NULL, NULL, set_dry_run},
    {0, "--shell-quote", NULL, "print the command lines, quoted for a shell, and run none", run_set_shell_quote},
    {0, "--shellquote", NULL, NULL, run_set_shell_quote},
    {0, "--shell_quote", NULL, NULL, run_set_shell_quote},
    {'k', "--keep-order", NULL, "output in the order of the input (the default)", set_ordered},
    {0, "--keeporder", NULL, NULL, set_ordered},
    {0, "--unordered", NULL, "output as jobs end", set_unordered},
    {0, "--no-keep-order", NULL, NULL, set_unordered},
    {0, "--nokeeporder", NULL, NULL, set_unordered},
    {0, "--nok", NULL, NULL, set_unordered},
    {0, "--no-k", NULL, NULL, set_unordered},
    {0, "--group", NULL, NULL, set_group},
    {0, "--line-buffer", NULL, "output line by line, as it comes (also: --lb)", set_line_buffer},
    {0, "--linebuffer", NULL, NULL, set_line_buffer},
    {0, "--line-buffered", NULL, NULL, set_line_buffer},
    {0, "--linebuffered", NULL, NULL, set_line_buffer},
    {0, "--lb", NULL, NULL, set_line_buffer},
    {0, "--latest-line", NULL, NULL, set_line_buffer},
    {0, "--latestline", NULL, NULL, set_line_buffer},
    {0, "--ll", NULL, NULL, set_line_buffer},
    {'u', "--ungroup", NULL, "output as it comes, lines not kept whole", run_set_ungroup},
    {'v', "--show", NULL, "begin each job's output with its command line", run_set_verbose},
    {0, "--tag", NULL, "begin each line of output with the job's values and a tab", set_tag},
    {0, "--ctag", NULL, NULL, set_tag},
    {0, "--tagstring", "TEXT", "begin it with TEXT instead, which may have placeholders", run_set_tag_text},
    {0, "--tag-string", "TEXT", NULL, run_set_tag_text},
    {0, "--ctagstring", "TEXT", NULL, run_set_tag_text},
    {0, "--ctag-string", "TEXT", NULL, run_set_tag_text},
    {0, "--files", NULL, "print the names of files with the output instead", run_set_files},
    {0, "--output-as-files", NULL, NULL, run_set_files},
    {0, "--outputasfiles", NULL, NULL, run_set_files},
    {0, "--files0", NULL, "the same, with a NUL behind each name", run_set_files_nul},
    {0, "--output-as-files0", NULL, NULL, run_set_files_nul},
    {0, "--outputasfiles0", NULL, NULL, run_set_files_nul},
    {0, "--results", "PATH", "keep outputs in folder PATH, or in a table: X.csv, X.tsv, X.json", set_results},
    {0, "--result", "PATH", NULL, set_results},
    {0, "--res", "PATH", NULL, set_results},
    {0, "--joblog", "FILE", "write a line a job to FILE; +FILE: append to it", set_joblog},
    {0, "--jl", "FILE", NULL, set_joblog},
    {0, "--usage", "FILE", "write what each job took of processors and memory; +FILE as well", run_set_usage},
    {0, "--resume", NULL, "leave out jobs that are in the joblog", set_resume},
    {0, "--resume-failed", NULL, "the same, but run those again that failed", set_resume_failed},
    {0, "--resumefailed", NULL, NULL, set_resume_failed},
    {0, "--changed", NULL, "for these: what succeeded is done, though its command was another", run_set_changed},
    {0, "--retry-failed", NULL, "run what failed, with the commands of the joblog", run_set_retry_failed},
    {0, "--retryfailed", NULL, NULL, run_set_retry_failed},
    {0, "--bar", NULL, "a bar of progress on standard error (also: --eta)", set_bar},
    {0, "--eta", NULL, NULL, set_bar},
    {0, "--progress", NULL, "lines of progress instead; --no-progress: neither", set_progress},
    {0, "--no-progress", NULL, NULL, set_no_progress},
    {0, "--quiet", NULL, "no summary at the end", set_quiet},
    {0, "--gnu", NULL, "nothing, for scripts of GNU parallel; so are --will-cite and its like", run_set_nothing},
    {0, "--will-cite", NULL, NULL, run_set_nothing},
    {0, "--willcite", NULL, NULL, run_set_nothing},
    {0, "--no-notice", NULL, NULL, run_set_nothing},
    {0, "--nonotice", NULL, NULL, run_set_nothing},
    {0, "--nn", NULL, NULL, run_set_nothing},
    {0, "--citation", NULL, NULL, run_set_nothing},
    {0, "--bibtex", NULL, NULL, run_set_nothing},
    {0, "--plain", NULL, NULL, run_set_nothing},
    {0, "--silent", NULL, NULL, run_set_nothing},
    {0, "--compress", NULL, NULL, run_set_nothing},
    {'V', "--version", NULL, NULL, run_set_version},
    {'h', "--help", NULL, NULL, set_help},
};
const int run_option_count = sizeof run_option_table / sizeof run_option_table[0];
