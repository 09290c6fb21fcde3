/* How `dmap run` makes command lines: quoting, placeholders, and which commands need no shell. What is expected is what
 * GNU parallel 20221122 prints with --dry-run; tests/cli/run_front compares more of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/command/no_shell.h"
#include "run/command/quote.h"
#include "run/command/template.h"
#include "unit.h"

static bool same(const char *got, const char *want) {
    if (strcmp(got, want) == 0)
        return true;
    printf("\n  got  %s\n  want %s\n", got, want);
    return false;
}

static void test_quote(void) {
    static const char *const cases[][2] = {{"", "''"},
                                           {"a", "a"},
                                           {"A_-./+9", "A_-./+9"},
                                           {"a b", "'a b'"},
                                           {"'", "\"'\""},
                                           {"''", "\"'\"''\"'\""},
                                           {"it's", "'it'\"'\"'s'"},
                                           {"'a'", "\"'\"'a'\"'\""},
                                           {"a\nb", "'a\nb'"},
                                           {"~", "'~'"},
                                           {"!", "'!'"},
                                           {"a=b", "'a=b'"},
                                           {"\\", "'\\'"},
                                           {"\xc3\xa9", "'\xc3\xa9'"},
                                           {"\xff", "'\xff'"},
                                           {"-n", "-n"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_text text = {0};
        run_quote(&text, cases[i][0], strlen(cases[i][0]));
        CU_ASSERT(same(text.data, cases[i][1]));
        run_text_free(&text);
    }
}

static const run_style plain = {0};

/* The command of a template and values, both with blanks between words. "." is an empty value. */
static void check(const char *template_text, const char *values_text, const char *const *names, bool repeat,
                  const char *want) {
    char copy[256], *value[16], *next = copy;
    size_t size[16];
    run_values values = {.value = value, .size = size, .repeat = repeat};
    snprintf(copy, sizeof copy, "%s", values_text);
    for (char *word; (word = strsep(&next, " "));) {
        value[values.count] = strcmp(word, ".") == 0 ? word + 1 : word;
        size[values.count] = strlen(value[values.count]);
        values.count++;
    }
    char *words[] = {(char *)template_text};
    run_template *template = run_template_parse(words, *template_text ? 1 : 0, true, &plain);
    run_text text = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(template);
    run_template_compose(template, &values, names, 7, 3, &text);
    CU_ASSERT(same(text.data, want));
    run_text_free(&text);
    run_template_free(template);
}

static void test_placeholders(void) {
    static const char *const paths[][2] = {{"/a/b/c.tar.gz", "/a/b/c.tar c.tar.gz /a/b c.tar"},
                                           {"sub.dir/bar", "sub.dir/bar bar sub.dir bar"},
                                           {"foo", "foo foo . foo"},
                                           {".bashrc", "'' .bashrc . ''"},
                                           {"/x", "/x x / x"},
                                           {"a/", "a/ '' . ''"},
                                           {"a/b/", "a/b/ '' a ''"},
                                           {"//", "// '' / ''"},
                                           {"..", ". .. . ."},
                                           {"a//b.c", "a//b b.c a b"},
                                           {".", "'' '' . ''"}};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char want[64];
        snprintf(want, sizeof want, "p %s", paths[i][1]);
        check("p {.} {/} {//} {/.}", paths[i][0], NULL, false, want);
        check("p {1.} {-1/} {1//} {-1/.}", paths[i][0], NULL, false, want);
    }
    check("echo", "a b", NULL, false, "echo a b");
    check("", "a 'b'", NULL, false, "a 'b'");
    check("echo {#} {%}", "a", NULL, false, "echo 7 3");
    check("{2}{1}-{3}{-1}{-3}", "a b", NULL, false, "ba-b");
    check("p {2}{1}", "a .", NULL, false, "p ''a");
    check("x{}y", "a b", NULL, false, "xa by");
    check("x{}y {/} z", "a b/c", NULL, true, "xay xb/cy a c z");
    check("{{}} {1 {x} ${1} {}} {+1} {01}", "a", NULL, false, "{a} {1 {x} $a a} {+1} a");
    check("p {1}{1}{1}", "* ", NULL, false, "p '*''*''*'");
    check("a/{1} {1}", "* ", NULL, false, "a/* *");
    check("a={1} {1}", "* ", NULL, false, "a='*' '*'");
    check("{#} {1}", "* ", NULL, false, "7 *");
}

static void test_names(void) {
    static const char *const names[] = {"x", "a b", "2", "y/", NULL};
    check("{x} {a b} {a b/} {2} {4}", "1 p/q 3 4", names, false, "1 p/q q 3 4");
    check("{y/}", "1 2 3 p/q", names, false, "p/q");
    check("echo {X}", "1 2", names, false, "echo {X} 1 2");
    check("{x}", "1 2", names, false, "1");
}

static void test_slot(void) {
    char *words[] = {(char *)"a {%}{1}", (char *)"b{%}"};
    char *value[] = {(char *)"it's"};
    size_t size[] = {4}, marks[2] = {0};
    run_values values = {.value = value, .size = size, .count = 1};
    run_template *template = run_template_parse(words, 2, true, &plain);
    run_text text = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(template);
    run_template_compose(template, &values, NULL, 1, 0, &text);
    CU_ASSERT(same(text.data, "a {%}'it'\"'\"'s' b{%}"));
    CU_ASSERT(run_template_uses_slot(template));
    CU_ASSERT_EQUAL(run_template_slot_marks(template, &values, NULL, 1, marks, 1), 2);
    CU_ASSERT_EQUAL(run_template_slot_marks(template, &values, NULL, 1, marks, 2), 2);
    CU_ASSERT_EQUAL(marks[0], 2);
    CU_ASSERT_EQUAL(marks[1], text.size - 3);
    run_text_clear(&text);
    run_template_compose_plain(template, &values, NULL, 1, 12, &text);
    CU_ASSERT(same(text.data, "a 12it's b12"));
    run_text_free(&text);
    run_template_free(template);
}

static void test_simple(void) {
    static const char *const simple[] = {"ls",        " ls  -l ",      "/bin/ls 'a b'", "sim --x=1 y=2 -z:3",
                                         "a '' \"\"", "a x",           "gzip 'a*'",     "echo a 'b c'",
                                         "true 1",    "echo it\"'\"s", "a 'x\ny'",      "./run @f,g%"};
    static const char *const hard[] = {"",
                                       " ",
                                       "a|b",
                                       "a;b",
                                       "a&",
                                       "a>b",
                                       "a $b",
                                       "a `b`",
                                       "a *",
                                       "a ?",
                                       "a [b]",
                                       "~/a",
                                       "a ~",
                                       "a #b",
                                       "x=1 a",
                                       "! a",
                                       "{ a; }",
                                       "a {b,c}",
                                       "(a)",
                                       "a\nb",
                                       "cd /",
                                       "exit 3",
                                       "exec a",
                                       ". f",
                                       ": a",
                                       "export a",
                                       "ulimit -a",
                                       "trap",
                                       "umask",
                                       "wait",
                                       "if a",
                                       "time a",
                                       "printf %b x",
                                       "test a",
                                       "[ a ]",
                                       "pwd",
                                       "kill 1",
                                       "echo -n",
                                       "echo 'a\\b'",
                                       "true --help",
                                       "false --version",
                                       "'a' b",
                                       "\"a\"",
                                       "a 'b",
                                       "a \"b",
                                       "a \"$b\"",
                                       "a \"\\\"\"",
                                       "a \\\nb",
                                       "a\\",
                                       "a !",
                                       "a =b",
                                       "a\rb",
                                       "a\vb",
                                       "a \xc3\xa9",
                                       "a ^b",
                                       "a\tb\n",
                                       "eval a",
                                       "source f",
                                       "set -e",
                                       "type a",
                                       "\\ls"};
    for (size_t i = 0; i < sizeof simple / sizeof simple[0]; i++) {
        if (!run_needs_no_shell(simple[i]))
            printf("\n  not simple: %s\n", simple[i]);
        CU_ASSERT(run_needs_no_shell(simple[i]));
    }
    for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++) {
        if (run_needs_no_shell(hard[i]))
            printf("\n  simple: %s\n", hard[i]);
        CU_ASSERT_FALSE(run_needs_no_shell(hard[i]));
    }
}

static void test_functions_of_shells(void) {
    CU_ASSERT(run_needs_no_shell("work 1"));
    setenv("BASH_FUNC_work%%", "() { :; }", 1);
    CU_ASSERT_FALSE(run_needs_no_shell("work 1"));
    unsetenv("BASH_FUNC_work%%");
    unsetenv("BASH_ENV");
    CU_ASSERT(run_shell_is_usual("/bin/sh") && run_shell_is_usual("dash") && run_shell_is_usual("/usr/bin/bash"));
    CU_ASSERT(!run_shell_is_usual("/bin/zsh") && !run_shell_is_usual("fish") && !run_shell_is_usual(""));
    setenv("BASH_ENV", "definitions", 1);
    CU_ASSERT_FALSE(run_shell_is_usual("/bin/bash"));
    unsetenv("BASH_ENV");
}

/* What is called simple has the words that /bin/sh finds in it. */
static void compare_with_shell(const char *arguments) {
    char command[256], asked[256], got[512] = "", want[512] = "";
    snprintf(command, sizeof command, "program %s", arguments);
    if (!run_needs_no_shell(command))
        return;
    char **words = run_command_split(command);
    CU_ASSERT_PTR_NOT_NULL_FATAL(words);
    CU_ASSERT_STRING_EQUAL(words[0], "program");
    for (int i = 0; words[i]; i++)
        snprintf(want + strlen(want), sizeof want - strlen(want), "%s|", words[i]);
    free(words);
    snprintf(asked, sizeof asked, "printf '%%s|' program %s", arguments);
    FILE *shell = popen(asked, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(shell);
    got[fread(got, 1, sizeof got - 1, shell)] = '\0';
    pclose(shell);
    CU_ASSERT(same(want, got));
}

static void test_like_the_shell(void) {
    static const char letters[] = "ab=%:'''\"\"\\\\  \t.@,x";
    for (unsigned round = unit_rounds(400); round > 0; round--) {
        char arguments[16] = "";
        for (size_t i = 0, size = unit_below(sizeof arguments); i < size; i++)
            arguments[i] = letters[unit_below(sizeof letters - 1)];
        compare_with_shell(arguments);
    }
}

/* A quoted value is one word, of the very same bytes, for the shell and for the splitter. */
static void test_quoted_round_trip(void) {
    for (unsigned round = unit_rounds(2000); round > 0; round--) {
        char value[12] = "";
        run_text text = {0};
        /* The second bound is the first's, for compilers that cannot see it. */
        for (size_t i = 0, size = unit_below(sizeof value); i < size && i < sizeof value - 1; i++)
            value[i] = (char)(1 + unit_below(255));
        run_text_add_string(&text, "program ");
        run_quote(&text, value, strlen(value));
        CU_ASSERT(run_needs_no_shell(text.data));
        char **words = run_command_split(text.data);
        CU_ASSERT_PTR_NOT_NULL_FATAL(words);
        CU_ASSERT(words[0] && words[1] && !words[2] && same(words[1], value));
        free(words);
        run_text_free(&text);
    }
}

static void test_perl(void) {
    static const char *const cases[][3] = {{"p {= s/o/0/g; s/^/x-/ =}", "foo it's", "p x-f00 'x-it'\"'\"'s'"},
                                           {"p {=2 s:\\.gz$:: =} {=-1 $_ = uc =}", "a b.gz", "p b B.GZ"},
                                           {"p {= s/(.)(.)/\\2$1<$&>/ =}", "ab", "p 'ba<ab>'"},
                                           {"p {= s/B/x/i =}{=s,\\,,_,=}", "ab", "p axab"},
                                           {"p {= s/o{2}/0/ =} {=", "foo", "p f0 {="},
                                           {"p {= s/(o)/\\1\\1\\u$&\\x41\\-\\$5\\\\101/ =}", "o", "p 'ooOA-$5\\101'"},
                                           {"p {= s/(o)/\\ux\\n\\t/ =}", "o", "p 'X\n\t'"}};
    static const char *const refused[] = {"{= $_++ =}",
                                          "{= s/a/b/e =}",
                                          "{= s/$x/b/ =}",
                                          "{= s/a/@b/ =}",
                                          "{==}",
                                          "{= s(a)(b) =}",
                                          "{= s/a/b =}",
                                          "{= s/a/b/ x =}",
                                          "{= s/(/b/ =}",
                                          "{= s/a/\\z/ =}",
                                          "{= s/a/\\y/ =}",
                                          "{= s/a/\\d/ =}",
                                          "{= s/(?<n>a)/\\k<n>/ =}",
                                          "{= s/a/\\101/ =}",
                                          "{= s/(a)/\\g1/ =}",
                                          "{= s/a/\\Q$&.\\E/ =}",
                                          "{= s/(a)/$1[0]/ =}",
                                          "{= s/(a)/$1{x}/ =}",
                                          "{= s/a/\\u\\L$&/ =}",
                                          "{= s/a/\\N{U+41}/ =}"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(cases[i][0], cases[i][1], NULL, false, cases[i][2]);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        char *words[] = {(char *)refused[i]};
        run_template *template = run_template_parse(words, 1, true, &plain);
        CU_ASSERT_PTR_NOT_NULL_FATAL(template);
        const char *error = run_template_error(template);
        CU_ASSERT(error && (strstr(error, "of Perl only") || strstr(error, "is not valid")));
        run_template_free(template);
    }
}

int main(void) {
    CU_TestInfo tests[] = {{"quoting", test_quote},
                           {"placeholders", test_placeholders},
                           {"names of columns", test_names},
                           {"what is known of Perl", test_perl},
                           {"slots", test_slot},
                           {"simple commands", test_simple},
                           {"functions of shells", test_functions_of_shells},
                           {"words as the shell's", test_like_the_shell},
                           {"quoted and split", test_quoted_round_trip},
                           CU_TEST_INFO_NULL};
    return unit_run("run_command", tests);
}
