/* The command line of `dmap run`: spelled as GNU parallel's, and what is refused gets a sentence. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/base/parse.h"
#include "run/job/slots.h"
#include "run/options/ending.h"
#include "run/options/options.h"
#include "run/options/table.h"
#include "unit.h"

enum { MOST_ARGUMENTS = 32 };

static char copy[512], *arguments[MOST_ARGUMENTS], error[256];

/* Options from words with blanks between; "_" is an empty word. */
static int parse(const char *text, run_options *options) {
    char *next = copy;
    int argc = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word; next && (word = strsep(&next, " "));)
        arguments[argc++] = strcmp(word, "_") == 0 ? word + 1 : word;
    error[0] = '\0';
    return run_options_parse(argc, arguments, options, error, sizeof error);
}

static void accept(const char *text, run_options *options) {
    int status = parse(text, options);
    if (status != 0)
        printf("\n  %s: %s\n", text, error);
    CU_ASSERT_EQUAL_FATAL(status, 0);
}

static void test_defaults(void) {
    run_options o;
    accept("echo -k a", &o);
    CU_ASSERT(o.n_command == 3 && o.n_sources == 0 && !o.unordered && !o.pipe && !o.joblog && o.values == 1);
    CU_ASSERT(o.attempts == 1 && o.block == 1048576 && o.halt.when == RUN_HALT_NEVER && o.output == RUN_GROUP);
    CU_ASSERT(o.delimiter_size == 1 && o.delimiter[0] == '\n' && o.record_end_size == 1 && o.record_end[0] == '\n');
    CU_ASSERT(!o.record_start && o.progress == RUN_PROGRESS_AUTO && o.until == 0 && !o.jobs);
    run_options_free(&o);
}

static void test_spellings(void) {
    run_options o;
    accept("-0kj4 -N2 --tag --nok --lb -a - --joblog=+log --resume-failed --delay 0.5 -- -x ::: a b :::+ c :::: f g",
           &o);
    CU_ASSERT(o.delimiter[0] == '\0' && o.delimiter_size == 1 && strcmp(o.jobs, "4") == 0 && o.values == 2);
    CU_ASSERT(o.tag && o.output == RUN_LINE_BUFFER && o.joblog_append && strcmp(o.joblog, "log") == 0);
    CU_ASSERT(o.resume_failed && !o.resume && o.delay_s == 0.5 && o.n_command == 1 && o.n_sources == 5);
    CU_ASSERT(strcmp(o.sources[0].path, "-") == 0 && !o.sources[1].linked && o.sources[1].n_words == 2);
    CU_ASSERT(o.sources[2].linked && o.sources[2].n_words == 1 && strcmp(o.sources[4].path, "g") == 0);
    run_options_free(&o);
    accept("--jobs=50% --keep-order --line-buffer --retries 3 --timeout 200% --halt soon,fail=2 --shuf --seed 9 x", &o);
    CU_ASSERT(o.attempts == 3 && o.timeout_percent == 200 && o.timeout_s == 0 && o.halt.when == RUN_HALT_SOON);
    CU_ASSERT(o.shuffle && o.seed == 9 && o.seeded && run_options_jobs(&o, 5) == 2);
    run_options_free(&o);
    accept("--pipe --block 10k --recstart > --recend ;\\n -N3 --timeout 1m30 wc", &o);
    CU_ASSERT(o.pipe && o.block == 10000 && o.records == 3 && o.timeout_s == 90 && o.timeout_percent == 0);
    CU_ASSERT(strcmp(o.record_start, ">") == 0 && strcmp(o.record_end, ";\n") == 0 && o.record_end_size == 2);
    run_options_free(&o);
    accept("--pipe --recstart > wc", &o);
    CU_ASSERT(o.record_start_size == 1 && !o.record_end);
    run_options_free(&o);
    accept("-d a -d \\t\\x41\\060 -r --header : --colsep , --dry-run --bar --unordered --until never --help", &o);
    CU_ASSERT(o.delimiter_size == 3 && memcmp(o.delimiter, "\tA0", 3) == 0 && o.skip_empty && o.header && o.dry_run);
    CU_ASSERT(strcmp(o.columns, ",") == 0 && o.progress == RUN_PROGRESS_BAR && o.unordered && o.until < 0 && o.help);
    run_options_free(&o);
    accept("::: a", &o);
    CU_ASSERT(o.n_command == 0 && o.n_sources == 1);
    run_options_free(&o);
    accept("-a f - :::", &o);
    CU_ASSERT(o.n_command == 1 && o.n_sources == 2 && o.sources[1].n_words == 0);
    run_options_free(&o);
}

/* What scripts of GNU parallel say: notices, other spellings, beginnings that are of one option only. */
static void test_habits(void) {
    run_options o;
    accept("--no-notice --will-cite --citation --gnu --bibtex --plain --silent --nn x", &o);
    CU_ASSERT(o.n_command == 1 && !o.quiet && !o.unordered);
    run_options_free(&o);
    accept("-n2 --argfile f --col-sep , --result d --maxprocs 3 x", &o);
    CU_ASSERT(o.values == 2 && !o.grouped && o.n_sources == 1 && strcmp(o.columns, ",") == 0);
    CU_ASSERT(strcmp(o.results, "d") == 0 && strcmp(o.jobs, "3") == 0);
    run_options_free(&o);
    accept("--max-args=4 --blocksize 2k --pipe --nok x", &o);
    CU_ASSERT(o.values == 4 && o.records == 4 && o.block == 2000 && o.unordered);
    run_options_free(&o);
    accept("--retries 2 --retry-delay 1m x", &o);
    CU_ASSERT(o.retry.first_s == 60 && o.retry.most_s == 300);
    run_options_free(&o);
    accept("--retries 2 --retry-delay 10m x", &o);
    CU_ASSERT(o.retry.first_s == 600 && o.retry.most_s == 600);
    run_options_free(&o);
    accept("--retries 2 --retry-delay 0.5,2h x", &o);
    CU_ASSERT(o.retry.first_s == 0.5 && o.retry.most_s == 7200);
    run_options_free(&o);
    accept("--keep --jobl f --resume-f --dry --line-b --haltonerr now,fail=1 --max-r 3 --no-run x", &o);
    CU_ASSERT(o.joblog && o.resume_failed && !o.resume && o.dry_run && o.output == RUN_GROUP && o.values == 3);
    CU_ASSERT(o.halt.when == RUN_HALT_NOW && o.skip_empty && o.grouped);
    run_options_free(&o);
    accept("-l -i --trim l -C , -E end --color --total-jobs 7 --cf x", &o); /* -l and -i have no value here */
    CU_ASSERT(o.lines == 1 && strcmp(o.style.tags[RUN_TAG_VALUE], "{}") == 0 && o.trim == RUN_TRIM_BEGIN);
    CU_ASSERT(strcmp(o.end, "end") == 0 && o.n_command == 1);
    run_options_free(&o);
    accept("-l3 -i% -C , --eof=e --tagstring= x", &o);
    CU_ASSERT(o.lines == 3 && strcmp(o.style.tags[RUN_TAG_VALUE], "%") == 0 && strcmp(o.end, "e") == 0 && !o.tag);
    CU_ASSERT(o.trim == (RUN_TRIM_BEGIN | RUN_TRIM_END));
    run_options_free(&o);
}

static void test_refused(void) {
    static const char *const cases[][2] = {
        {"--keep-oder x", "there is no option '--keep-oder'; did you mean '--keep-order'?"},
        {"--xyzzy-plugh=3 x", "there is no option '--xyzzy-plugh'; dmap run --help lists them"},
        {"-kz x", "there is no option '-z'; dmap run --help lists them"},
        {"--sshlogin a x",
         "there is no option '--sshlogin': the nodes are those of mpirun: mpirun -H a,b dmap run ..."},
        {"--semaphore x", "there is no option '--semaphore': flock(1) does it: flock FILE COMMAND"},
        {"-p x", "there is no option '-p': --dry-run shows the commands beforehand"},
        {"--jobl", "--joblog needs a value: write a line a job to FILE; +FILE: append to it"},
        {"--block", "--block needs a value: bytes of a block, about: 10k, 1M (1M); -N: N blocks a slot"},
        {"--ha=1%% x", "--halt 1%% is not valid: never, or now|soon,fail|success|done=N|N%, as now,fail=1"},
        {"--de x", "--de may be --delimiter, --depends, --delay"},
        {"--joblog", "--joblog needs a value: write a line a job to FILE; +FILE: append to it"},
        {"--tag=yes x", "--tag takes no value"},
        {"-j _ x", "-j '' is not valid: jobs at a time on each node: N, +N, -N or N% of its cores (100%)"},
        {"--retries -1 x", "--retries -1 is not valid: try a job that fails N times in all (1); 0: for ever"},
        {"--halt now x", "--halt now is not valid: never, or now|soon,fail|success|done=N|N%, as now,fail=1"},
        {"--header a x", "--header takes : for values; a number of lines, or an expression, is for --pipe"},
        {"--res _ x", "--res '' is not valid: keep outputs in folder PATH, or in a table: X.csv, X.tsv, X.json"},
        {"--changed x", "--changed needs --resume-failed or --resume: it says that their commands are not those of the "
                        "joblog"},
        {"--resume x", "--resume and --resume-failed need --joblog FILE: it says what is done"},
        {"--pipe", "--pipe needs a command, which reads the blocks"},
        {"--pipe x ::: a", "--pipe takes no values, only standard input or one -a FILE"},
        {"--pipe --shuf x", "--pipe does not go with --shuf or --colsep, which are for values"},
        {"--plus x {uniq}", "of --plus, {uniq} {choose_k} {host} {sshlogin} {hgrp} {slot} {sep} {0%} are not there: "
                            "leave values out beforehand, and take $DMAP_NODE and $DMAP_SLOT"},
        {"--retry-failed", "--retry-failed needs --joblog FILE: the commands that failed are there"},
        {"--joblog f --retry-failed x", "--retry-failed takes its commands from the joblog; with a command and values "
                                        "it is --resume-failed"},
        {"--pipepart x", "--pipepart needs a file: -a FILE"},
        {"--pipe --block -1 x",
         "--block -N, so many blocks a slot, is for --pipepart, which knows how large the file is"},
        {"--group-by 1 x", "there is no option '--group-by': --pipe gives each block to one job, whatever is in it"},
        {"--joblog f --usage f x", "--usage and --joblog are different logs: each needs a file of its own"},
        {"--joblog +f --usage f x", "--usage and --joblog are different logs: each needs a file of its own"},
        {"--slotreplace S --tagstring aS x",
         "--tagstring and --wd cannot have {%}: which slot a job gets is not known yet; {#} is"},
        {"-I @ --pipe --cores @ x",
         "--cores, --mem and --gpus with placeholders do not go with --pipe or --retry-failed: "
         "there are no values"},
        {"--cores @ x", "--cores @ is not valid: a number of cores, 1 or more"},
        {"-I _ x", "-I '' is not valid: TEXT instead of {}"}};
    static const char *const bad[] = {"-d _ x",
                                      "-N x",
                                      "-N -1 x",
                                      "--block 0 x",
                                      "--block 1x x",
                                      "--delay x y",
                                      "--retries 2 --retry-delay 5,4 x",
                                      "--retries 2 --retry-delay , x",
                                      "--timeout 0 x",
                                      "--timeout 1x",
                                      "--timeout -1",
                                      "--until x",
                                      "--until +0 x",
                                      "--seed -1 x",
                                      "--joblog + x",
                                      "--recstart _ x"};
    run_options o;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT_EQUAL(parse(cases[i][0], &o), 255);
        if (strcmp(error, cases[i][1]) != 0)
            printf("\n  got  %s\n  want %s\n", error, cases[i][1]);
        CU_ASSERT_STRING_EQUAL(error, cases[i][1]);
        run_options_free(&o);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CU_ASSERT_EQUAL(parse(bad[i], &o), 255);
        CU_ASSERT_PTR_NOT_NULL(strstr(error, "is not valid"));
        run_options_free(&o);
    }
}

static void test_jobs(void) {
    static const struct {
        const char *jobs;
        int cores, want;
    } cases[] = {{"4", 8, 4},
                 {"+2", 8, 10},
                 {"-2", 8, 6},
                 {"-9", 8, 1},
                 {"50%", 8, 4},
                 {"1%", 8, 1},
                 {"0", 8, 250},
                 {"-0", 8, 8},
                 {"150%", 8, 12},
                 {"x", 8, -1},
                 {"procs", 8, 6},
                 {"4096", 8, 4096},
                 {"4097", 8, 0},
                 {"99999999999999999999", 8, 0},
                 {"+99999", 8, 0},
                 {"-99999", 8, 1},
                 {"99999999%", 8, 4096},
                 {"+", 8, -1},
                 {"4x", 8, -1}};
    FILE *file = fopen("procs", "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(" -2\n", file);
    fclose(file);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_options o = {.jobs = cases[i].jobs};
        CU_ASSERT_EQUAL(run_options_jobs(&o, cases[i].cores), cases[i].want);
    }
    unlink("procs");
    run_options o = {0};
    CU_ASSERT_EQUAL(run_options_jobs(&o, 8), 8);
}

static void test_values(void) {
    static const struct {
        const char *text;
        double seconds;
    } durations[] = {{"90", 90},     {"1.5", 1.5},    {".5s", 0.5}, {"1h30m", 5400},
                     {"2d", 172800}, {"1m1.5", 61.5}, {"0", 0}};
    static const char *const no_durations[] = {"", "s", "1x", "1 ", "-1", "1e3", "inf", "1..5", "5 m", "."};
    static const struct {
        const char *text;
        size_t size;
    } sizes[] = {{"1", 1}, {"1k", 1000}, {"1K", 1024}, {"1.5M", 1572864}, {"2g", 2000000000}, {"1T", 1ull << 40}};
    static const char *const no_sizes[] = {"", "k", "1kb", "-1", "1x", "1e3", "9999T"};
    double seconds;
    size_t size;
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++)
        CU_ASSERT(run_read_duration(durations[i].text, &seconds) && seconds == durations[i].seconds);
    for (size_t i = 0; i < sizeof no_durations / sizeof no_durations[0]; i++)
        CU_ASSERT_FALSE(run_read_duration(no_durations[i], &seconds));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        CU_ASSERT(run_read_size(sizes[i].text, &size) && size == sizes[i].size);
    for (size_t i = 0; i < sizeof no_sizes / sizeof no_sizes[0]; i++)
        CU_ASSERT_FALSE(run_read_size(no_sizes[i], &size));
    char *text = run_unescape("a\\n\\t\\\\\\x4a\\1012\\0\\q\\", &size);
    CU_ASSERT(size == 11 && memcmp(text, "a\n\t\\JA2\0\\q\\", 11) == 0);
    free(text);
}

static void test_ending(void) {
    static const char *const bad[] = {"", "x", "TERM,x", "TERM,1,", "99", "TERM,-1", "0,5"};
    run_ending ending;
    CU_ASSERT(run_ending_parse("SIGHUP,5,2,70,KILL,1", &ending) && ending.n == 3);
    CU_ASSERT(ending.steps[0].signal == SIGHUP && ending.steps[0].wait_ms == 5);
    CU_ASSERT(ending.steps[1].signal == SIGINT && ending.steps[1].wait_ms == 70);
    CU_ASSERT(ending.steps[2].signal == SIGKILL);
    CU_ASSERT(run_ending_parse("TERM", &ending) && ending.n == 2 && ending.steps[1].signal == SIGKILL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_FALSE(run_ending_parse(bad[i], &ending));
}

/* As many slots as there is room for; what is shortest is named. */
static void test_slots(void) {
    const struct {
        run_room room;
        int wanted, fit;
        const char *short_of;
    } cases[] = {{{UINT64_MAX, UINT64_MAX, UINT64_MAX}, 4096, 4096, ""}, {{1024, 9999, UINT64_MAX}, 250, 96, "descr"},
                 {{1024, 216, UINT64_MAX}, 250, 50, "processes"},        {{0, 0, 0}, 250, 1, "descr"},
                 {{65536, 9999, 20 << 20}, 250, 10, "memory"},           {{0, 0, 0}, 1, 1, ""}};
    char short_of[64];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT_EQUAL(run_slots_fit(cases[i].wanted, &cases[i].room, short_of, sizeof short_of), cases[i].fit);
        CU_ASSERT(strncmp(short_of, cases[i].short_of, strlen(cases[i].short_of)) == 0);
        CU_ASSERT_EQUAL(short_of[0] == '\0', cases[i].short_of[0] == '\0');
    }
    run_room here = run_room_here();
    CU_ASSERT(here.files > 0 && here.tasks > 0 && here.memory > 0);
}

/* Each name once, and a value for other spellings of an option with one. */
static void test_table(void) {
    for (int i = 0; i < run_option_count; i++) {
        const run_option *option = &run_option_table[i];
        for (int k = 0; k < i; k++) {
            CU_ASSERT_STRING_NOT_EQUAL(option->name, run_option_table[k].name);
            CU_ASSERT(!option->letter || option->letter != run_option_table[k].letter);
        }
        CU_ASSERT(option->help || !option->value || (option[-1].value && option[-1].set == option->set));
    }
}

int main(void) {
    CU_TestInfo tests[] = {{"defaults", test_defaults}, {"spellings", test_spellings},
                           {"habits", test_habits},     {"refused", test_refused},
                           {"jobs", test_jobs},         {"values", test_values},
                           {"the table", test_table},   {"endings of jobs", test_ending},
                           {"slots", test_slots},       CU_TEST_INFO_NULL};
    char folder[] = "/tmp/dmap-options-XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return 1;
    int status = unit_run("run_options", tests);
    return rmdir(folder) == 0 ? status : 1;
}
