/* Where the values of `dmap run` come from: sources crossed, linked, split, taken N at a time, shuffled; and streams,
 * which are never waited for. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/input/inputs.h"
#include "unit.h"

enum { MOST_ARGUMENTS = 32 };

static char folder[] = "/tmp/dmap-inputs-XXXXXX";

/* Options from words with blanks between; "_" is an empty word. */
static void parse(const char *text, char *copy, size_t size, run_options *options) {
    static char *argv[MOST_ARGUMENTS]; /* the options point into it */
    char *next = copy, error[256] = "";
    int argc = 0;
    snprintf(copy, size, "%s", text);
    for (char *word; (word = strsep(&next, " "));)
        argv[argc++] = strcmp(word, "_") == 0 ? word + 1 : word;
    int status = run_options_parse(argc, argv, options, error, sizeof error);
    if (status != 0)
        printf("\n  %s: %s\n", text, error);
    CU_ASSERT_EQUAL_FATAL(status, 0);
}

/* Adds "[a|b]" for a job of two values. */
static void print_job(char *to, size_t room, const run_values *values) {
    size_t at = strlen(to);
    at += (size_t)snprintf(to + at, room - at, "[");
    for (int i = 0; i < values->count && at < room; i++) {
        CU_ASSERT_EQUAL(values->size[i], strlen(values->value[i]));
        at += (size_t)snprintf(to + at, room - at, "%s%s", i > 0 ? "|" : "", values->value[i]);
    }
    snprintf(to + at, room - at, "]");
}

/* What the options give, job by job, up to the end, an error, or where nothing has come yet. */
static void read_jobs(run_inputs *inputs, char *got, size_t room) {
    char error[256] = "";
    run_values values;
    int status;
    got[0] = '\0';
    while ((status = run_inputs_next(inputs, &values, error, sizeof error)) == RUN_INPUT_JOB ||
           status == RUN_INPUT_BARRIER)
        if (status == RUN_INPUT_JOB)
            print_job(got, room, &values);
        else
            snprintf(got + strlen(got), room - strlen(got), "-");
    if (status == RUN_INPUT_ERROR)
        snprintf(got + strlen(got), room - strlen(got), "%s", error);
    if (status == RUN_INPUT_LATER)
        snprintf(got + strlen(got), room - strlen(got), "later");
}

/* total: -1 if it is not to be known */
static void check(const char *arguments, const char *want, long total) {
    char copy[512], got[1024], error[256];
    run_options options;
    parse(arguments, copy, sizeof copy, &options);
    run_inputs *inputs = run_inputs_open(&options, error, sizeof error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(inputs);
    uint64_t counted = run_inputs_total(inputs);
    CU_ASSERT_EQUAL(counted, total < 0 ? UINT64_MAX : (uint64_t)total);
    read_jobs(inputs, got, sizeof got);
    if (strcmp(got, want) != 0 || counted != (uint64_t)total)
        printf("\n  %s\n  got  %s (%ld)\n  want %s (%ld)\n", arguments, got, (long)counted, want, total);
    CU_ASSERT_STRING_EQUAL(got, want);
    run_inputs_close(inputs);
    run_options_free(&options);
}

/* A barrier is between jobs that there are; a job has no values from both sides of one. */
static void test_barriers(void) {
    check("--depends x ::: a --- b c", "[a]-[b][c]", 3);
    check("--depends x ::: --- --- a --- --- b ---", "[a]-[b]", 2);
    check("--depends x ::: ---", "", 0);
    check("--depends -N2 x ::: a b c --- d e --- f", "[a|b][c]-[d|e]-[f]", -1);
    check("--depends -N2 x ::: a b --- d", "[a|b]-[d]", -1);
    check("--depends x ::: a --- b ::: 1 2", "[a|1][a|2]-[b|1][b|2]", 4);
    check("--depends x ::: a b --- c :::+ 1 2 3", "[a|1][b|2]-[c|3]", 3);
    check("--depends --link x ::: a --- b ::: 1 2 3", "[a|1]-[b|2][a|3]", 3);
    check("--depends --colsep , x ::: a,b --- c,d", "[a|b]-[c|d]", 2);
    check("--depends --header : x ::: n a --- b", "[a]-[b]", 2);
    check("--depends -r x ::: a _ --- _ b", "[a]-[b]", 2);
    check("--depends x ::: a --- -- ---- b", "[a]-[--][----][b]", 4);
    check("x ::: a --- b", "[a][---][b]", 3);
}

static void test_words(void) {
    check("echo ::: a b ::: c d", "[a|c][a|d][b|c][b|d]", 4);
    check("echo ::: a b c :::+ d e ::: f", "[a|d|f][b|e|f]", 2);
    check("echo ::: a b ::: c d :::+ e f g", "[a|c|e][a|d|f][b|c|e][b|d|f]", 4);
    check("echo :::+ a b", "[a][b]", 2);
    check("echo :::", "", 0);
    check("echo ::: :::", "", 0);
    check("echo ::: a b :::", "[a|][b|]", 2);
    check("echo ::: ::: a b", "[|a][|b]", 2);
    check("echo ::: a b :::+", "[a|]", 1);
    check("-r echo ::: a _ b", "[a][b]", 2);
    check("--header : echo ::: x 1 2 ::: y 3", "[1|3][2|3]", 2);
    check("--header : echo ::: x", "", 0);
}

static void test_groups(void) {
    check("-N2 echo ::: a b c", "[a|b][c]", 2);
    check("-N 2 echo ::: a b ::: c d e", "[a|c|a|d][a|e|b|c][b|d|b|e]", 3);
    check("-N0 echo ::: a b", "[][]", 2);
    check("-C , echo ::: a,b c ::: d", "[a|b|d][c|d]", 2);
    check("-C , -N2 echo ::: a,b c d", "[a|b|c][d]", 2);
    check("--colsep=\\s*,\\s* echo ::: a,,b ,", "[a||b][|]", 2);
    check("--colsep (-)|, echo ::: a-b,c", "[a|-|b||c]", 1);
    check("--colsep x* echo ::: ab", "[a|b|]", 1);
    check("--trim n --colsep / echo ::: \ta/b", "[\ta|b]", 1);
    check("--trim l echo ::: \ta\t \tb", "[a\t][b]", 2);
    check("--trim r echo ::: \ta\t", "[\ta]", 1);
    check("-E end echo ::: a end b", "[a]", 1);
    check("-E end echo ::: a end b ::: c d", "[a|c][a|d]", 2);
    check("-E end echo ::: end", "", 0);
}

static void write_file(const char *name, const char *data, size_t size) {
    int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CU_ASSERT_FATAL(file >= 0);
    CU_ASSERT_EQUAL(write(file, data, size), (ssize_t)size);
    close(file);
}

static void test_files(void) {
    write_file("lines", "a\nb\r\n\n  c", 9);
    write_file("nul", "a\nb\0c\n", 6);
    write_file("nuls", "a\nb\0\0c\0", 7);
    write_file("long", "a,,b,,,c", 8);
    write_file("none", "", 0);
    check("-a lines echo", "[a][b\r][][  c]", 4);
    check("-r echo :::: lines", "[a][b\r][  c]", 3);
    check("-a lines echo :::: lines",
          "[a|a][a|b\r][a|][a|  c][b\r|a][b\r|b\r][b\r|][b\r|  c][|a][|b\r][|][|  c]"
          "[  c|a][  c|b\r][  c|][  c|  c]",
          16);
    check("-a nul echo", "[a]value 2 of nul has a NUL byte in it; -0 reads values that end with one", -1);
    check("-0a nuls echo", "[a\nb][][c]", 3);
    check("-d ,, -a long echo", "[a][b][,c]", 3);
    check("-d \\x2c -a long echo", "[a][][b][][][c]", 6);
    check("-a none echo", "", 0);
    check("-a none echo ::: a", "[|a]", 1);
}

static void refuse(const char *arguments, const char *want) {
    char copy[512], error[256] = "";
    run_options options;
    parse(arguments, copy, sizeof copy, &options);
    run_inputs *inputs = run_inputs_open(&options, error, sizeof error);
    CU_ASSERT_PTR_NULL(inputs);
    CU_ASSERT_STRING_EQUAL(error, want);
    run_inputs_close(inputs);
    run_options_free(&options);
}

static void test_refused(void) {
    refuse("-a missing echo", "missing cannot be read: No such file or directory");
    refuse("-a lines -a . echo", ". cannot be read: Is a directory");
    refuse("-a - echo :::: -", "standard input (-) is given as a source 2 times, but can be read only once");
    refuse("--colsep [ echo", "--colsep [ is not valid: missing terminating ] for character class");
}

/* A stream: nothing is waited for, what is whole comes at once, a broken-off line when it ends. */
static void test_stream(void) {
    char copy[64], got[256], error[256];
    run_options options;
    CU_ASSERT_EQUAL_FATAL(mkfifo("stream", 0600), 0);
    parse("-a stream echo", copy, sizeof copy, &options);
    run_inputs *inputs = run_inputs_open(&options, error, sizeof error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(inputs);
    CU_ASSERT_EQUAL(run_inputs_total(inputs), UINT64_MAX);
    read_jobs(inputs, got, sizeof got);
    CU_ASSERT_STRING_EQUAL(got, "later"); /* there is no writer yet */
    int writer = open("stream", O_WRONLY);
    static const char *const steps[][2] = {
        {"", "later"}, {"a\nb", "[a]later"}, {"", "later"}, {"c", "later"}, {"d\n\ne\nf", "[bcd][][e]later"}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        CU_ASSERT_EQUAL(write(writer, steps[i][0], strlen(steps[i][0])), (ssize_t)strlen(steps[i][0]));
        read_jobs(inputs, got, sizeof got);
        CU_ASSERT_STRING_EQUAL(got, steps[i][1]);
    }
    close(writer);
    read_jobs(inputs, got, sizeof got);
    CU_ASSERT_STRING_EQUAL(got, "[f]");
    read_jobs(inputs, got, sizeof got);
    CU_ASSERT_STRING_EQUAL(got, "");
    run_inputs_close(inputs);
    run_options_free(&options);
}

/* A delimiter of two bytes that come one by one. */
static void test_halves(void) {
    char copy[64], got[256], error[256];
    run_options options;
    CU_ASSERT_EQUAL_FATAL(mkfifo("halves", 0600), 0);
    parse("-d ;, -a halves echo", copy, sizeof copy, &options);
    run_inputs *inputs = run_inputs_open(&options, error, sizeof error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(inputs);
    int writer = open("halves", O_WRONLY);
    CU_ASSERT_EQUAL(write(writer, "a;", 2), 2);
    read_jobs(inputs, got, sizeof got);
    CU_ASSERT_STRING_EQUAL(got, "later");
    CU_ASSERT_EQUAL(write(writer, ",b", 2), 2);
    read_jobs(inputs, got, sizeof got);
    CU_ASSERT_STRING_EQUAL(got, "[a]later");
    close(writer);
    run_inputs_close(inputs);
    run_options_free(&options);
}

/* The second source of a product is a stream: it is read once, and what has come is used at once. */
static void test_stream_crossed(void) {
    char copy[64], got[256], error[256];
    run_options options;
    CU_ASSERT_EQUAL_FATAL(mkfifo("second", 0600), 0);
    parse("--header : echo ::: x 1 2 :::: second", copy, sizeof copy, &options);
    run_inputs *inputs = run_inputs_open(&options, error, sizeof error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(inputs);
    int writer = open("second", O_WRONLY);
    CU_ASSERT_EQUAL(write(writer, "y", 1), 1);
    read_jobs(inputs, got, sizeof got);
    CU_ASSERT_STRING_EQUAL(got, "later");
    CU_ASSERT_EQUAL(write(writer, "\na\nb", 4), 4);
    read_jobs(inputs, got, sizeof got);
    CU_ASSERT_STRING_EQUAL(got, "[1|a]later");
    const char *const *names = run_inputs_names(inputs);
    CU_ASSERT(names && strcmp(names[0], "x") == 0 && strcmp(names[1], "y") == 0 && !names[2]);
    close(writer);
    read_jobs(inputs, got, sizeof got);
    CU_ASSERT_STRING_EQUAL(got, "[1|b][2|a][2|b]");
    run_inputs_close(inputs);
    run_options_free(&options);
}

static long peak_kb(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* Writes numbered lines, in another process. */
static pid_t start_writer(const char *path, long lines) {
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    FILE *file = fopen(path, "w");
    for (long i = 0; file && i < lines; i++)
        fprintf(file, "line number %ld\n", i);
    _exit(!file || fclose(file) != 0);
}

/* Two million lines, which are some 40 MB, need no more memory than a few. */
static void test_memory(void) {
    char copy[64], error[256];
    long lines = unit_rounds(2000000), count = 0, before = 0;
    run_options options;
    run_values values;
    int got, status;
    CU_ASSERT_EQUAL_FATAL(mkfifo("endless", 0600), 0);
    pid_t writer = start_writer("endless", lines);
    parse("-a endless echo", copy, sizeof copy, &options);
    run_inputs *inputs = run_inputs_open(&options, error, sizeof error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(inputs);
    while ((got = run_inputs_next(inputs, &values, error, sizeof error)) > RUN_INPUT_END)
        if (got == RUN_INPUT_LATER)
            sched_yield();
        else if (++count == 1000)
            before = peak_kb();
    CU_ASSERT_EQUAL(got, RUN_INPUT_END);
    CU_ASSERT_EQUAL(count, lines);
    CU_ASSERT(peak_kb() - before < (unit_rounds(4) < 4 ? 8000 : 1000)); /* a sanitizer has memory of its own */
    CU_ASSERT(waitpid(writer, &status, 0) == writer && status == 0);
    run_inputs_close(inputs);
    run_options_free(&options);
}

/* O_NONBLOCK is not set on what others may share. */
static void test_standard_input(void) {
    char copy[64], got[256], error[256];
    run_options options;
    int ends[2], before = dup(STDIN_FILENO);
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    dup2(ends[0], STDIN_FILENO);
    parse("echo", copy, sizeof copy, &options);
    run_inputs *inputs = run_inputs_open(&options, error, sizeof error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(inputs);
    read_jobs(inputs, got, sizeof got);
    CU_ASSERT_STRING_EQUAL(got, "later");
    CU_ASSERT_EQUAL(fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK, 0);
    close(ends[1]);
    read_jobs(inputs, got, sizeof got);
    CU_ASSERT_STRING_EQUAL(got, "");
    run_inputs_close(inputs);
    run_options_free(&options);
    dup2(before, STDIN_FILENO);
    close(before);
    close(ends[0]);
}

/* Records of all lengths around the reader's blocks come through whole. */
static void test_blocks(void) {
    enum { RECORDS = 60, LONGEST = 700000 };
    char copy[64], error[256];
    run_options options;
    run_values values;
    size_t sizes[RECORDS];
    FILE *file = fopen("large", "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (int i = 0; i < RECORDS; i++) {
        sizes[i] = unit_below(unit_chance(3) ? LONGEST : 100000);
        for (size_t k = 0; k < sizes[i]; k++)
            putc(k % 7 == 0 ? ';' : 'a' + i % 26, file);
        fputs(";\n", file);
    }
    fclose(file);
    parse("-d ;\\n -a large echo", copy, sizeof copy, &options);
    run_inputs *inputs = run_inputs_open(&options, error, sizeof error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(inputs);
    for (int i = 0; i < RECORDS; i++) {
        CU_ASSERT_EQUAL_FATAL(run_inputs_next(inputs, &values, error, sizeof error), RUN_INPUT_JOB);
        CU_ASSERT_EQUAL(values.size[0], sizes[i]);
        CU_ASSERT(sizes[i] < 2 || (values.value[0][0] == ';' && values.value[0][1] == 'a' + i % 26));
    }
    CU_ASSERT_EQUAL(run_inputs_next(inputs, &values, error, sizeof error), RUN_INPUT_END);
    run_inputs_close(inputs);
    run_options_free(&options);
}

static void shuffle(const char *arguments, char *got, size_t room) {
    char copy[512], error[256];
    run_options options;
    parse(arguments, copy, sizeof copy, &options);
    run_inputs *inputs = run_inputs_open(&options, error, sizeof error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(inputs);
    read_jobs(inputs, got, room);
    run_inputs_close(inputs);
    run_options_free(&options);
}

static void test_shuffle(void) {
    char first[256], second[256];
    shuffle("--shuf --seed 1 echo ::: a b c d e f g h ::: 1 2", first, sizeof first);
    shuffle("--shuf --seed 1 echo ::: a b c d e f g h ::: 1 2", second, sizeof second);
    CU_ASSERT_STRING_EQUAL(first, second);
    CU_ASSERT_EQUAL(strlen(first), 16 * strlen("[a|1]"));
    CU_ASSERT_PTR_NOT_NULL(strstr(first, "[h|2]"));
    shuffle("--shuf --seed 2 echo ::: a b c d e f g h ::: 1 2", second, sizeof second);
    CU_ASSERT_STRING_NOT_EQUAL(first, second);
    shuffle("--shuf -N2 -r echo ::: a _ b c", first, sizeof first);
    CU_ASSERT(strcmp(first, "[a|b][c]") == 0 || strcmp(first, "[c][a|b]") == 0);
    shuffle("--shuf echo :::", first, sizeof first);
    CU_ASSERT_STRING_EQUAL(first, "");
}

int main(void) {
    CU_TestInfo tests[] = {{"barriers", test_barriers},
                           {"words", test_words},
                           {"groups and columns", test_groups},
                           {"files", test_files},
                           {"refused", test_refused},
                           {"a stream", test_stream},
                           {"a stream, crossed", test_stream_crossed},
                           {"halves", test_halves},
                           {"memory", test_memory},
                           {"standard input", test_standard_input},
                           {"blocks", test_blocks},
                           {"shuffled", test_shuffle},
                           CU_TEST_INFO_NULL};
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return 1;
    int status = unit_run("run_inputs", tests);
    static const char *const files[] = {"lines",  "nul",    "nuls",  "long",    "none",
                                        "stream", "second", "large", "endless", "halves"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        unlink(files[i]);
    return rmdir(folder) == 0 ? status : 1;
}
