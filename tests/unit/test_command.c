/* The parts of the dmap command that are no matter of the library: JSON's strings, suggestions, the command line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_print.h"
#include "info_options.h"
#include "json.h"
#include "nearest.h"
#include "unit.h"

static void test_json(void) {
    static const char *const cases[][2] = {
        {"", "\"\""},
        {"node1", "\"node1\""},
        {"a\"b\\c/d", "\"a\\\"b\\\\c/d\""},
        {"\n\t\x01\x7f", "\"\\u000a\\u0009\\u0001\\u007f\""},
        {"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\""},
        {"\xff", "\"\\ufffd\""},
        {"\xc3", "\"\\ufffd\""},                       /* cut off */
        {"\xe2\x82", "\"\\ufffd\\ufffd\""},            /* cut off */
        {"\xc0\xaf", "\"\\ufffd\\ufffd\""},            /* overlong */
        {"\xe0\x9f\xbf", "\"\\ufffd\\ufffd\\ufffd\""}, /* overlong */
        {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""}, /* a surrogate */
        {"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
        {"\x80x", "\"\\ufffdx\""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        json_string(out, cases[i][0]);
        fclose(out);
        if (strcmp(text, cases[i][1]) != 0)
            printf("\n  got  %s\n  want %s\n", text, cases[i][1]);
        CU_ASSERT_STRING_EQUAL(text, cases[i][1]);
        free(text);
    }
}

static void test_nearest(void) {
    static const char *const words[] = {"--workers", "--json", "--bind", NULL, "--backend", "--pipe", "--seed", "core"};
    const size_t n = sizeof words / sizeof words[0];
    static const struct {
        const char *word, *nearest;
    } cases[] = {{"--worker", "--workers"},
                 {"--wrokers", "--workers"},
                 {"--work", "--workers"},
                 {"--jsn", "--json"},
                 {"--bidn", "--bind"},
                 {"--back-end", "--backend"},
                 {"--load", NULL}, /* two or more letters of four are another word; dashes are no letters */
                 {"--nice", NULL},
                 {"--piep", "--pipe"},
                 {"--sed", "--seed"},
                 {"---seed", "--seed"},
                 {"-seed", "--seed"},
                 {"coer", "core"},
                 {"cores", "core"},
                 {"--", NULL},
                 {"--x", NULL},
                 {"-p", NULL},
                 {"x", NULL},
                 {"", NULL},
                 {"--something-else", NULL}};
    char endless[1000];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *found = nearest_word(cases[i].word, words, n, sizeof words[0]);
        bool same = found && cases[i].nearest ? strcmp(found, cases[i].nearest) == 0 : found == cases[i].nearest;
        if (!same)
            printf("\n  %s: %s\n", cases[i].word, found ? found : "none");
        CU_ASSERT(same);
    }
    memset(endless, 'x', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    CU_ASSERT_PTR_NULL(nearest_word(endless, words, n, sizeof words[0]));
}

static bool parse(info_options *o, const char *const *given) {
    char *argv[12] = {(char *)"dmap", (char *)"info"}, error[512];
    int argc = 2;
    for (; given[argc - 2]; argc++)
        argv[argc] = (char *)given[argc - 2];
    return info_options_parse(argc, argv, o, error, sizeof error);
}

static void test_options(void) {
    info_options o;
    CU_ASSERT(parse(&o, (const char *const[]){NULL}));
    CU_ASSERT(!o.topology && !o.ranks && !o.json && !o.help && !o.pool.workers && !o.pool.bind);
    CU_ASSERT(parse(&o, (const char *const[]){"--workers", "3", "--bind=l3", "--spread=scatter", "--topology",
                                              "pack:2(indexes=a=b)", "--ranks=2", "--json", NULL}));
    CU_ASSERT(o.pool.workers == 3 && o.pool.bind == DMAP_BIND_L3 && o.pool.spread == DMAP_SCATTER && o.ranks == 2);
    CU_ASSERT(o.json && !o.help && o.topology && strcmp(o.topology, "pack:2(indexes=a=b)") == 0);
    static const char *const bad[] = {"--workers=0", "--workers=4097", "--workers= 1", "--workers=1x",
                                      "--workers=",  "--bind=",        "--bind=Core",  "--topology=",
                                      "--ranks=-1",  "--json=yes",     "--",           "-",
                                      "=",           "info",           "--workers",    "--ranks=65537"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_FALSE(parse(&o, (const char *const[]){bad[i], NULL}));
}

/* Figures of an idle machine are advised on; of a busy one, on which they may say anything, only that is said. */
static void test_advice(void) {
    bench_pool pools[3] = {{DMAP_THREADS, 1, 2, {0}}, {DMAP_PROCESSES, 1, 2, {0}}, {DMAP_THREADS, 1, 1, {0}}};
    bench_advice advice;
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < BENCH_N_KINDS; k++)
            pools[i].values[k] = 10 + i;
        pools[i].values[BENCH_SHARE] = 99;
    }
    bench_advise(pools, 3, &advice);
    CU_ASSERT(advice.n >= 5 && strncmp(advice.lines[0], "Backend", 7) == 0);
    for (int i = 0; i < 3; i++) {
        pools[i].values[BENCH_SHARE] = 47;
        bench_advise(pools, 3, &advice);
        CU_ASSERT_EQUAL(advice.n, 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(advice.lines[0], "the machine was busy"));
        CU_ASSERT_PTR_NOT_NULL(strstr(advice.lines[0], "47%"));
        pools[i].values[BENCH_SHARE] = 99;
    }
}

int main(void) {
    CU_TestInfo tests[] = {{"JSON", test_json},
                           {"nearest words", test_nearest},
                           {"options", test_options},
                           {"advice", test_advice},
                           CU_TEST_INFO_NULL};
    return unit_run("command", tests);
}
