/* Options stop at the first word that is none: the command begins there, and goes on to the first ":::". One letter
 * may follow another ("-0k"), and a value its option at once ("-j4", "--jobs=4"). */
#include "run/options/options.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "nearest.h"
#include "run/base/parse.h"
#include "run/options/ending.h"
#include "run/options/needs.h"
#include "run/options/sources.h"
#include "run/options/table.h"

enum { BAD_OPTIONS = 255, AS_MANY_AS_POSSIBLE = 250, TOO_MANY_JOBS = -1, SHORTEST_BEGINNING = 3, MOST_BYTES = 130000 };

/* How far the arguments are read, and where a complaint goes. */
typedef struct reader {
    int argc, next;
    char **argv;
    run_options *options;
    char *error;
    size_t size;
} reader;

static bool refuse(reader *r, const char *name) {
    const char *why = run_option_refused(name), *near = NULL;
    if (!why && name[1] == '-')
        near = nearest_word(name, &run_option_table[0].name, (size_t)run_option_count, sizeof run_option_table[0]);
    if (why)
        snprintf(r->error, r->size, "there is no option '%s': %s", name, why);
    else if (near)
        snprintf(r->error, r->size, "there is no option '%s'; did you mean '%s'?", name, near);
    else
        snprintf(r->error, r->size, "there is no option '%s'; dmap run --help lists them", name);
    return false;
}

/* Of another spelling it is the one of the option before. */
static const char *help_of(const run_option *option) {
    while (!option->help && option > run_option_table)
        option--;
    return option->help;
}

/* True if the argument is the option's value, which may be left out. */
static bool is_optional_value(const run_option *option, const char *argument) {
    return strcmp(option->value, "[N]") == 0 ? *argument >= '0' && *argument <= '9' : *argument != '-';
}

/* value: what stands at once behind the option, or NULL. */
static bool apply(reader *r, const run_option *option, const char *name, const char *value) {
    bool optional = option->value && option->value[0] == '[';
    if (option->value && !value && r->next < r->argc && (!optional || is_optional_value(option, r->argv[r->next])))
        value = r->argv[r->next++];
    if (!option->value != !value && !optional) {
        snprintf(r->error, r->size, "%s %s%s", name,
                 value ? "takes no value" : "needs a value: ", value ? "" : help_of(option));
        return false;
    }
    if (option->set(r->options, value))
        return true;
    snprintf(r->error, r->size, "%s %.100s is not valid: %s", name, value && *value ? value : "''", help_of(option));
    return false;
}

/* The option of this name, or of which this is the beginning and of no other; NULL: there is none. Other spellings of
 * one option are one. */
static const run_option *find_long(const char *name, const run_option **other) {
    const run_option *found = NULL;
    size_t length = strlen(name);
    *other = NULL;
    for (int i = 0; i < run_option_count; i++) {
        const run_option *option = &run_option_table[i];
        if (strcmp(option->name, name) == 0) {
            *other = NULL;
            return option;
        }
        if (strncmp(option->name, name, length) != 0 || length < SHORTEST_BEGINNING || run_option_refused(name))
            continue;
        if (!found)
            found = option;
        else if (option->set != found->set)
            *other = option;
    }
    return *other ? NULL : found;
}

static bool refuse_ambiguous(reader *r, const char *name) {
    size_t used = (size_t)snprintf(r->error, r->size, "%s may be", name);
    bool (*last)(run_options *, const char *) = NULL;
    for (int i = 0; i < run_option_count && used < r->size; i++) {
        const run_option *option = &run_option_table[i];
        if (strncmp(option->name, name, strlen(name)) == 0 && option->set != last)
            used += (size_t)snprintf(r->error + used, r->size - used, "%s %s", last ? "," : "", option->name);
        last = strncmp(option->name, name, strlen(name)) == 0 ? option->set : last;
    }
    return false;
}

static bool read_long(reader *r, const char *argument) {
    char name[64];
    const run_option *other;
    size_t length = strcspn(argument, "=");
    snprintf(name, sizeof name, "%.*s", (int)length, argument);
    const run_option *option = find_long(name, &other);
    if (!option && !other)
        option = run_option_ignored(name);
    if (option)
        return apply(r, option, option->name ? option->name : name, argument[length] ? argument + length + 1 : NULL);
    return other ? refuse_ambiguous(r, name) : refuse(r, name);
}

/* "-k", "-0k", "-j4", "-kj", with the 4 as the next argument. */
static bool read_letters(reader *r, const char *letters) {
    for (; *letters; letters++) {
        const char name[] = {'-', *letters, '\0'};
        const run_option *option = run_option_table, *end = run_option_table + run_option_count;
        while (option < end && option->letter != *letters)
            option++;
        if (option == end)
            return refuse(r, name);
        const char *rest = option->value && letters[1] ? letters + 1 : NULL;
        if (!apply(r, option, name, rest))
            return false;
        if (rest)
            break;
    }
    return true;
}

static bool read_options(reader *r) {
    while (r->next < r->argc) {
        const char *argument = r->argv[r->next];
        if (argument[0] != '-' || argument[1] == '\0')
            break;
        r->next++;
        if (strcmp(argument, "--") == 0)
            break;
        if (argument[1] == '-' ? !read_long(r, argument) : !read_letters(r, argument + 1))
            return false;
    }
    return true;
}

static bool read_command(reader *r) {
    r->options->command = r->argv + r->next;
    while (r->next < r->argc && !run_is_separator(r->argv[r->next]))
        r->next++;
    r->options->n_command = (int)(r->argv + r->next - r->options->command);
    if (run_add_sources(r->options, r->argc - r->next, r->argv + r->next))
        return true;
    snprintf(r->error, r->size, "out of memory");
    return false;
}

/* What --plus of GNU parallel has and this one has not. */
static bool has_skips(const run_options *o) {
    static const char *const words[] = {"{uniq}",     "{choose_k}", "{slot}", "{host}",
                                        "{sshlogin}", "{hgrp}",     "{sep}",  "{0%}"};
    for (int i = 0; o->style.plus && i < o->n_command; i++)
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
            if (strstr(o->command[i], words[k]))
                return true;
    return false;
}

/* Jobs that have no values have nothing to put in. */
static bool has_needs_of_values(const run_options *o) {
    for (int i = 0; i < RUN_NEEDS; i++)
        if (run_need_varies(o, (run_need)i) && (o->pipe || o->retry_failed))
            return true;
    return false;
}

bool run_may_vary(const run_options *options, const char *text) {
    bool found = strchr(text, '{') != NULL;
    for (int i = 0; i < RUN_TAGS && !found; i++)
        found = options->style.tags[i] && strstr(text, options->style.tags[i]);
    return found;
}

static bool is_table(const char *name) {
    const char *end = strrchr(name, '.');
    return end && (strcmp(end, ".csv") == 0 || strcmp(end, ".tsv") == 0 || strcmp(end, ".json") == 0);
}

static bool has_slot(const run_options *o, const char *text) {
    return text && strstr(text, o->style.tags[RUN_TAG_SLOT] ? o->style.tags[RUN_TAG_SLOT] : "{%}");
}

static const char *find_tee_conflict(const run_options *o) {
    bool twice = false;
    for (int i = o->pipe_part; i < o->n_sources; i++)
        twice = twice || (o->sources[i].kind == RUN_SOURCE_FILE && strcmp(o->sources[i].path, "-") == 0);
    if (o->n_sources <= o->pipe_part)
        return "--tee needs values, for each of which the command reads all of the input: ::: VALUES";
    if (twice && !o->pipe_part)
        return "--tee gives standard input to the jobs: their values come from elsewhere";
    if (o->cat)
        return "--tee does not go with --cat and --fifo: each job has the input as its own";
    return NULL;
}

/* What does not go together; NULL if all does. */
static const char *find_conflict(const run_options *o) {
    if ((o->resume || o->resume_failed) && !o->joblog)
        return "--resume and --resume-failed need --joblog FILE: it says what is done";
    if ((o->resume || o->resume_failed) && strcmp(o->joblog, "-") == 0)
        return "--resume and --resume-failed need a joblog that can be read: not -";
    if (o->usage && o->joblog && strcmp(o->usage, "-") != 0 && strcmp(o->usage, o->joblog) == 0)
        return "--usage and --joblog are different logs: each needs a file of its own";
    if (o->retry.first_s > 0 && o->attempts == 1)
        return "--retry-delay needs --retries N: how often a job that fails is tried";
    if (o->depends && (o->pipe || o->shuffle || o->pack != RUN_PACK_NONE || o->retry_failed))
        return "--depends, whose barriers stand between values, does not go with --pipe, --shuf, -X, -m, --xargs or "
               "--retry-failed";
    if (o->changed && !(o->resume || o->resume_failed))
        return "--changed needs --resume-failed or --resume: it says that their commands are not those of the joblog";
    if (o->retry_failed && (!o->joblog || strcmp(o->joblog, "-") == 0))
        return "--retry-failed needs --joblog FILE: the commands that failed are there";
    if (o->retry_failed && (o->n_command > 0 || o->n_sources > 0 || o->pipe || o->resume || o->resume_failed))
        return "--retry-failed takes its commands from the joblog; with a command and values it is --resume-failed";
    if (o->pipe && o->n_command == 0)
        return "--pipe needs a command, which reads the blocks";
    if (o->pipe && o->tee && find_tee_conflict(o))
        return find_tee_conflict(o);
    if (o->pipe && !o->tee && (o->n_sources > 1 || (o->n_sources == 1 && o->sources[0].kind == RUN_SOURCE_WORDS)))
        return "--pipe takes no values, only standard input or one -a FILE";
    if (o->pipe_part && o->n_sources == 0)
        return "--pipepart needs a file: -a FILE";
    if (o->blocks_per_slot > 0 && !o->pipe_part)
        return "--block -N, so many blocks a slot, is for --pipepart, which knows how large the file is";
    if (o->header && !o->pipe && o->header_lines != 1)
        return "--header takes : for values; a number of lines, or an expression, is for --pipe";
    if (o->pipe && (o->shuffle || o->columns))
        return "--pipe does not go with --shuf or --colsep, which are for values";
    if (o->files && o->results && is_table(o->results))
        return "--files does not go with a table of --results: it prints the names of files";
    for (int i = 0; o->shell_quotes && i < o->n_command; i++)
        if (has_slot(o, o->command[i]))
            return "--shell-quote prints no {%}: which slot a job gets is not known yet";
    if (has_slot(o, o->tag_text) || has_slot(o, o->folder))
        return "--tagstring and --wd cannot have {%}: which slot a job gets is not known yet; {#} is";
    if (o->has_nice && o->nice < 0 && geteuid() != 0)
        return "--nice below 0 is for root";
    if (has_needs_of_values(o))
        return "--cores, --mem and --gpus with placeholders do not go with --pipe or --retry-failed: there are no "
               "values";
    if (o->pack != RUN_PACK_NONE && (o->pipe || o->shuffle))
        return "-X, -m and --xargs do not go with --pipe or --shuf: the command line is filled as values come";
    if (has_skips(o))
        return "of --plus, {uniq} {choose_k} {host} {sshlogin} {hgrp} {slot} {sep} {0%} are not there: leave values "
               "out beforehand, and take $DMAP_NODE and $DMAP_SLOT";
    return NULL;
}

static void set_defaults(run_options *o) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *o = (run_options){
        .delimiter = "\n", .delimiter_size = 1, .values = 1, .attempts = 1, .block = 1 << 20, .most_bytes = MOST_BYTES};
    run_ending_parse(run_ending_usual, &o->ending);
    o->seed = (uint64_t)now.tv_sec * 1000003 + (uint64_t)now.tv_nsec;
}

/* -L is -N for lines, unless that is given too; with --pipe it says how many lines a record has. */
static void settle_lines(run_options *o) {
    if (o->lines == 0 || o->pipe)
        return;
    o->grouped = o->grouped || o->pack == RUN_PACK_NONE;
    if (!o->values_given)
        o->values = o->lines;
    o->values_given = true;
}

int run_options_parse(int argc, char **argv, run_options *options, char *error, size_t size) {
    reader r = {.argc = argc, .argv = argv, .options = options, .error = error, .size = size};
    set_defaults(options);
    if (!read_options(&r) || (!options->help && !options->version && !read_command(&r)))
        return BAD_OPTIONS;
    options->joblog_append = options->joblog_append || options->retry_failed;
    settle_lines(options);
    if (options->keeps_order && options->output == RUN_LINE_BUFFER)
        options->output = RUN_GROUP;
    if (options->csv && !options->columns)
        options->columns = ",";
    if (options->pipe_part && options->round_robin)
        options->blocks_per_slot = 1; /* which is what it comes to, as GNU parallel has it */
    const char *conflict = options->help || options->version ? NULL : find_conflict(options);
    if (options->header && !options->columns && !options->pipe)
        options->columns = "\t"; /* blanks stay, as GNU parallel has it */
    if (conflict)
        snprintf(error, size, "%s", conflict);
    bool good = !conflict && (options->help || options->version || run_needs_check(options, error, size));
    if (!options->record_start && !options->record_end) {
        options->record_end = "\n";
        options->record_end_size = 1;
    }
    return good ? 0 : BAD_OPTIONS;
}

void run_options_free(run_options *options) {
    free(options->sources);
    run_text_free(&options->exported);
    for (size_t i = 0; i < sizeof options->owned / sizeof options->owned[0]; i++)
        free(options->owned[i]);
    *options = (run_options){0};
}

/* Digits only; more than RUN_MOST_JOBS is one more. */
static bool read_jobs(const char *text, uint64_t *jobs) {
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || text[digits])
        return false;
    if (!run_read_number(text, RUN_MOST_JOBS, jobs))
        *jobs = RUN_MOST_JOBS + 1;
    return true;
}

/* "4", "+1", "-1", "50%". Returns 0 if it is none of these, or TOO_MANY_JOBS. */
static int jobs_of(const char *text, int cores) {
    bool relative = text[0] == '+' || text[0] == '-';
    uint64_t count;
    double percent, jobs;
    if (read_jobs(text + relative, &count)) {
        if (count > RUN_MOST_JOBS && text[0] != '-')
            return TOO_MANY_JOBS;
        jobs = !relative ? (double)count : text[0] == '+' ? cores + (double)count : cores - (double)count;
    } else if (run_read_percent(text, &percent))
        jobs = cores * percent / 100;
    else
        return 0;
    if (jobs == 0 && !relative && text[0] == '0')
        return AS_MANY_AS_POSSIBLE;
    return jobs < 1 ? 1 : jobs > RUN_MOST_JOBS ? RUN_MOST_JOBS : (int)jobs;
}

/* The first word of the file. */
static int jobs_of_file(const char *path, int cores) {
    char text[64] = "", *word = text;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t size = file >= 0 ? read(file, text, sizeof text - 1) : -1;
    if (file >= 0)
        close(file);
    if (size <= 0)
        return 0;
    text[size] = '\0';
    word += strspn(word, " \t\n");
    word[strcspn(word, " \t\r\n")] = '\0';
    return jobs_of(word, cores);
}

int run_options_jobs(const run_options *options, int cores) {
    if (!options->jobs)
        return cores;
    int jobs = jobs_of(options->jobs, cores);
    if (jobs == 0)
        jobs = jobs_of_file(options->jobs, cores);
    return jobs > 0 ? jobs : jobs == TOO_MANY_JOBS ? 0 : -1;
}
