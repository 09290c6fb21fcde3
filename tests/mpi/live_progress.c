/* What a user sees of a call that runs: numbers that never go back and never pass their total, by a watch function and
 * on the bar, for which standard error is a terminal here. */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "live.h"

enum { ITEMS = 300, FAILS = 3 };

/* Fails so often (shared), each attempt of a millisecond. */
static int fail_at_first(dmap_context *ctx, const void *item, void *result) {
    const int *fails = dmap_shared(ctx, NULL);
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    memcpy(result, item, 8);
    return dmap_attempt(ctx) <= *fails && dmap_index(ctx) % 10 != 7;
}
DMAP_TASK(live_fail_at_first, .run = fail_at_first, .item_size = 8, .result_size = 8);

typedef struct look {
    int saved, terminal;
    uint64_t ended, calls, wrong; /* of the watch function */
    uint64_t shown, lines;        /* of the bar */
    char rest[400];               /* of the bar's text, not read yet */
    size_t n_rest;
} look;

static void read_line(look *l, const char *line) {
    const char *slash = strstr(line, "/300");
    unsigned long long shown = 0;
    if (!slash)
        return;
    while (slash > line && isdigit((unsigned char)slash[-1]))
        slash--;
    sscanf(slash, "%llu", &shown);
    if (shown < l->shown || shown > ITEMS || (strstr(line, "100%") && shown < ITEMS))
        harness_fail("after %llu the bar shows: %s", (unsigned long long)l->shown, line);
    l->shown = shown;
    l->lines++;
}

/* Each drawing begins with a carriage return. */
static void read_bar(look *l, bool all) {
    for (ssize_t n; (n = read(l->terminal, l->rest + l->n_rest, sizeof l->rest - 1 - l->n_rest)) > 0;) {
        l->n_rest += (size_t)n;
        l->rest[l->n_rest] = '\0';
        for (char *end; (end = strchr(l->rest + 1, '\r'));
             l->n_rest -= (size_t)(end - l->rest), memmove(l->rest, end, l->n_rest + 1)) {
            *end = '\0';
            read_line(l, l->rest);
            *end = '\r';
        }
    }
    if (all)
        read_line(l, l->rest);
}

static int look_on(void *arg, const dmap_progress *p) {
    look *l = arg;
    l->calls++;
    l->wrong += p->total != ITEMS || p->ended < l->ended || p->ended > p->total || p->failed > p->ended;
    l->ended = p->ended;
    read_bar(l, false);
    return 0;
}

static void begin_look(look *l) {
    struct winsize size = {.ws_row = 24, .ws_col = 100};
    *l = (look){.saved = dup(STDERR_FILENO), .terminal = posix_openpt(O_RDWR | O_NOCTTY)};
    grantpt(l->terminal);
    unlockpt(l->terminal);
    int slave = open(ptsname(l->terminal), O_RDWR | O_NOCTTY);
    ioctl(slave, TIOCSWINSZ, &size);
    fcntl(l->terminal, F_SETFL, O_NONBLOCK);
    dup2(slave, STDERR_FILENO);
    close(slave);
}

static void end_look(look *l) {
    read_bar(l, true);
    dup2(l->saved, STDERR_FILENO);
    close(l->saved);
    close(l->terminal);
}

static double cost_of(void *arg, uint64_t index) {
    (void)arg;
    return (double)(index % 50);
}

static void watch_call(int fails, const dmap_map_options *given, dmap_status wanted, bool whole) {
    look l;
    uint64_t results[ITEMS];
    dmap_map_options options = *given;
    options.on_watch = look_on;
    options.on_watch_arg = &l;
    options.progress = 1;
    harness_watch("the numbers of a call that runs", 90);
    CU_ASSERT_EQUAL(dmap_share(harness_pool, &fails, sizeof fails), DMAP_OK);
    begin_look(&l);
    dmap_status status =
        dmap_map(harness_pool, &live_fail_at_first, dmap_range(0, ITEMS), dmap_into(results), &options);
    end_look(&l);
    CU_ASSERT_EQUAL(status, wanted);
    CU_ASSERT_EQUAL(l.wrong, 0);
    CU_ASSERT(l.calls > 0 && l.lines > 0);
    CU_ASSERT(whole ? l.shown == ITEMS : l.shown < ITEMS);
}

static void test_numbers(void) {
    static const dmap_schedule schedules[] = {DMAP_AUTO, DMAP_STATIC, DMAP_DYNAMIC};
    for (int i = 0; i < 3; i++) {
        dmap_map_options options = {.schedule = schedules[i], .retries = FAILS, .cost = i == 1 ? cost_of : NULL};
        watch_call(FAILS, &options, DMAP_OK, true);
        options.on_error = DMAP_KEEP_GOING;
        watch_call(FAILS + 1, &options, DMAP_EITEM, true);
    }
    watch_call(FAILS + 1, &(dmap_map_options){.retries = FAILS}, DMAP_EITEM, false);
}

void live_add_progress(CU_pSuite suite) {
    CU_ADD_TEST(suite, test_numbers);
}
