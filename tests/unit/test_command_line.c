/* Command lines of the apps: values of every kind, operands between options, and what is said of a mistake. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_line.h"
#include "unit.h"

typedef struct settings {
    uint64_t paths;
    uint32_t size;
    int n;
    double strike;
    const char *out;
    int colour;
    bool loud;
    double pair[2];
} settings;

static const command_word colours[] = {{"red", 1}, {"green", 2}, {NULL, 0}};

static bool read_pair(const char *text, void *place) {
    double *pair = place;
    text = command_read_real(text, ',', &pair[0]);
    return text && command_read_real(text, '\0', &pair[1]);
}

static const command_option options[] = {
    {"--paths", "N", "paths", COMMAND_WHOLE, COMMAND_AT(settings, paths), .low = 0, .high = 1e15},
    {"--size", "N", "pixels", COMMAND_WHOLE, COMMAND_AT(settings, size), .low = 1, .high = 4294967295.0},
    {"--n", "N", "queens", COMMAND_WHOLE, COMMAND_AT(settings, n), .low = 1, .high = 16},
    {"--strike", "K", "price", COMMAND_REAL, COMMAND_AT(settings, strike), .low = 0.5, .high = 1000},
    {"--out", "FILE", "the file", COMMAND_TEXT, COMMAND_AT(settings, out)},
};
static const command_option more[] = {
    {"--colour", "NAME", "the colour", COMMAND_WORD, COMMAND_AT(settings, colour), .words = colours},
    {"--loud", NULL, "noise", COMMAND_FLAG, COMMAND_AT(settings, loud)},
    {"--pair", "X,Y", "two numbers", COMMAND_OWN, COMMAND_AT(settings, pair), .read = read_pair},
};

enum { MOST_WORDS = 16 };

/* Reads a line of words, ended by NULL; they stay in *argv. */
static int parse(const char *const *words, char **argv, settings *s, char *error, size_t size) {
    const command_part parts[] = {{options, sizeof options / sizeof options[0], s},
                                  {more, sizeof more / sizeof more[0], s}};
    int argc = 1;
    argv[0] = (char *)(uintptr_t) "app";
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    memset(error, 0, size);
    return command_parse(argc, argv, parts, 2, error, size);
}

static void test_values(void) {
    settings s = {0};
    char *argv[MOST_WORDS], error[512];
    static const char *const words[] = {"--paths",
                                        "1000000000000",
                                        "--size=4294967295",
                                        "--n",
                                        "16",
                                        "--strike",
                                        "1e2",
                                        "--out=a=b",
                                        "--colour",
                                        "green",
                                        "--loud",
                                        "--pair",
                                        "-1,2.5",
                                        NULL};
    CU_ASSERT_EQUAL(parse(words, argv, &s, error, sizeof error), 14);
    CU_ASSERT_STRING_EQUAL(error, "");
    CU_ASSERT(s.paths == 1000000000000 && s.size == 4294967295u && s.n == 16 && s.strike == 100.0);
    CU_ASSERT(s.out && strcmp(s.out, "a=b") == 0 && s.colour == 2 && s.loud);
    CU_ASSERT(s.pair[0] == -1.0 && s.pair[1] == 2.5);
}

/* Operands come behind the options, in their order, however often the line is read. */
static void test_operands(void) {
    settings s = {0};
    char *argv[MOST_WORDS], error[512];
    static const char *const words[] = {"a", "--n", "3", "-", "b", "--loud", "--", "--out", "c", NULL};
    static const char *const moved[] = {"--n", "3", "--loud", "--", "a", "-", "b", "--out", "c"};
    CU_ASSERT_EQUAL(parse(words, argv, &s, error, sizeof error), 5);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 9; i++)
            CU_ASSERT_STRING_EQUAL(argv[i + 1], moved[i]);
        const command_part part = {options, sizeof options / sizeof options[0], &s};
        const command_part parts[] = {part, {more, sizeof more / sizeof more[0], &s}};
        CU_ASSERT_EQUAL(command_parse(10, argv, parts, 2, error, sizeof error), 5);
    }
    CU_ASSERT(s.n == 3 && s.loud && !s.out);
    CU_ASSERT_EQUAL(parse((const char *const[]){NULL}, argv, &s, error, sizeof error), 1);
}

static void test_mistakes(void) {
    static const struct {
        const char *words[3], *sentence;
    } cases[] = {
        {{"--paths"}, "--paths needs a value: paths"},
        {{"--loud=yes"}, "--loud takes no value"},
        {{"--strkie", "1"}, "there is no option '--strkie'; did you mean '--strike'?"},
        {{"--colours=1"}, "there is no option '--colours'; did you mean '--colour'?"},
        {{"-x"}, "there is no option '-x'; --help lists them"},
        {{"--n", "17"}, "--n '17' is not valid: it is to be a whole number: 1 to 16"},
        {{"--n", "0"}, "--n '0' is not valid: it is to be a whole number: 1 to 16"},
        {{"--n", "1e1"}, "--n '1e1' is not valid: it is to be a whole number: 1 to 16"},
        {{"--n="}, "--n '' is not valid: it is to be a whole number: 1 to 16"},
        {{"--n", "18446744073709551617"},
         "--n '18446744073709551617' is not valid: it is to be a whole number: 1 to 16"},
        {{"--size", "-1"}, "--size '-1' is not valid: it is to be a whole number: 1 to 4294967295"},
        {{"--size", " 1"}, "--size ' 1' is not valid: it is to be a whole number: 1 to 4294967295"},
        {{"--strike", "nan"}, "--strike 'nan' is not valid: it is to be a number: 0.5 to 1000"},
        {{"--strike", "1001"}, "--strike '1001' is not valid: it is to be a number: 0.5 to 1000"},
        {{"--out", ""}, "--out '' is not valid: it is to be not empty"},
        {{"--colour", "gren"}, "--colour 'gren' is not valid: did you mean 'green'?"},
        {{"--colour", "x"}, "--colour 'x' is not valid: it is to be one of: red, green"},
        {{"--pair", "1,"}, "--pair '1,' is not valid: two numbers"},
        {{"--pair", "1,2,3"}, "--pair '1,2,3' is not valid: two numbers"},
        {{"--pair", "1,inf"}, "--pair '1,inf' is not valid: two numbers"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        settings s = {0};
        char *argv[MOST_WORDS], error[512];
        CU_ASSERT_EQUAL(parse(cases[i].words, argv, &s, error, sizeof error), -1);
        if (strcmp(error, cases[i].sentence) != 0)
            printf("\n  got  %s\n  want %s\n", error, cases[i].sentence);
        CU_ASSERT_STRING_EQUAL(error, cases[i].sentence);
    }
}

int main(void) {
    CU_TestInfo tests[] = {
        {"values", test_values}, {"operands", test_operands}, {"mistakes", test_mistakes}, CU_TEST_INFO_NULL};
    return unit_run("command_line", tests);
}
