/* The frame of a test program: dmap_run, and CUnit on the master. The watchdog is SIGALRM on the master: a map that
 * hangs is named on stderr and ends the whole run (mpirun ends the other ranks), long before the time limit of ctest
 * would end it without a word. It does not watch over the opening and closing of the pool; the time limit does. */
#include "harness.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 5 /* times as long a busy machine may take */

dmap_pool *harness_pool;
int harness_argc;
char **harness_argv;
uint64_t harness_seed;

static void (*add_tests)(void);
static char watched[1024];

/* ---- watchdog ---- */

static void write_all(const char *text, size_t size) {
    while (size) {
        ssize_t n = write(STDERR_FILENO, text, size);
        if (n <= 0)
            return;
        text += n;
        size -= (size_t)n;
    }
}

static void bark(int signal_number) {
    (void)signal_number;
    static const char head[] = "HUNG: ";
    write_all(head, sizeof head - 1);
    write_all(watched, strlen(watched));
    write_all("\n", 1);
    _exit(3);
}

void harness_watch(const char *what, unsigned seconds) {
    alarm(0);
    snprintf(watched, sizeof watched, "%s", what);
    alarm(seconds * PATIENCE);
}

bool harness_fail(const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    printf("\n    %s\n      in: %s\n", text, watched);
    CU_FAIL("see the sentence above");
    return false;
}

/* ---- numbers, bytes, time ---- */

uint64_t mix(uint64_t x) {
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint64_t draw(uint64_t *state) {
    uint64_t x = *state;
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(x);
}

uint64_t draw_below(uint64_t *state, uint64_t n) {
    return draw(state) % n;
}

void fill(void *bytes, size_t size, uint64_t key) {
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = (key + i) * UINT64_C(0x9e3779b97f4a7c15);
        memcpy((unsigned char *)bytes + i, &word, size - i < 8 ? size - i : 8);
    }
}

uint64_t hash(const void *bytes, size_t size) {
    uint64_t sum = size;
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;
        memcpy(&word, (const unsigned char *)bytes + i, size - i < 8 ? size - i : 8);
        sum = (sum ^ word) * UINT64_C(0xff51afd7ed558ccd);
        sum ^= sum >> 32;
    }
    return sum;
}

double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void burn(double seconds) {
    double end = now_s() + seconds;
    while (now_s() < end)
        continue;
}

/* ---- the run ---- */

bool harness_has(const char *argument) {
    for (int i = 1; i < harness_argc; i++)
        if (!strcmp(harness_argv[i], argument))
            return true;
    return false;
}

bool harness_is_small(void) {
    const char *small = getenv("DMAP_TEST_SMALL");
    return small && *small && *small != '0';
}

bool harness_is_long(void) {
    const char *is_long = getenv("DMAP_TEST_LONG");
    return is_long && *is_long == '1';
}

static void choose_seed(void) {
    const char *given = getenv("DMAP_SEED");
    harness_seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32;
}

static int main_fn(dmap_pool *pool, int argc, char **argv) {
    harness_pool = pool;
    harness_argc = argc;
    harness_argv = argv;
    choose_seed();
    printf("DMAP_SEED=%" PRIu64 ", %d ranks, %d workers\n", harness_seed, dmap_ranks(pool), dmap_workers(pool));
    signal(SIGALRM, bark);
    CU_initialize_registry();
    add_tests();
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    bool good = CU_get_number_of_failures() == 0 && CU_get_number_of_tests_run() > 0;
    CU_cleanup_registry();
    harness_watch("closing the pool", 60);
    return good ? 0 : 1;
}

int harness_run(int argc, char **argv, void (*add)(void)) {
    dmap_options options = {0};
    add_tests = add;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "serial"))
            options.backend = DMAP_SERIAL;
        if (!strcmp(argv[i], "away"))
            options.master_works = -1;
        bool is_threads = !strcmp(argv[i], "threads"), is_processes = !strcmp(argv[i], "processes");
        if ((is_threads || is_processes) && i + 1 < argc) {
            options.backend = is_threads ? DMAP_THREADS : DMAP_PROCESSES;
            options.workers = (int)strtol(argv[i + 1], NULL, 10);
        }
        if (!strcmp(argv[i], "refresh_items") && i + 1 < argc)
            options.refresh_items = strtoull(argv[i + 1], NULL, 10);
        if (!strcmp(argv[i], "refresh_memory") && i + 1 < argc)
            options.refresh_memory = strtoull(argv[i + 1], NULL, 10);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    return dmap_run(argc, argv, main_fn, &options);
}
