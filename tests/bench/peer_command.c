/* Peers that are programs of their own: Python's pools and mpi4py's (peers.py), MR-MPI (mapreduce.cc). Each is told
 * what to do, warms up, measures itself and prints seconds, so that its start costs it nothing. It is started as a
 * process of dmap's layer below, which keeps the launcher's environment from it: it may be an mpirun. */
#include <dmap/process.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peers.h"

enum { MOST_WORDS = 24, WORD = 24 };

#define TIMEOUT_S 60.0
#define PYTHON    "/usr/bin/python3" /* Debian's, as its packages are what the peers are from */
#define SCRIPT    BENCH_SOURCE_DIR "/peers.py"
#define MAPREDUCE BENCH_BINARY_DIR "/bench_mapreduce"

typedef struct command {
    const char *words[MOST_WORDS];
    int n;
    char numbers[3][WORD];
} command;

static void add(command *c, const char *word) {
    c->words[c->n++] = word;
    c->words[c->n] = NULL;
}

static void add_number(command *c, int place, uint64_t number) {
    snprintf(c->numbers[place], WORD, "%llu", (unsigned long long)number);
    add(c, c->numbers[place]);
}

/* ---- running one ---- */

static bool read_all(int fd, char *text, size_t size) {
    size_t n = 0;
    ssize_t got = 0;
    while (n + 1 < size && (got = read(fd, text + n, size - 1 - n)) > 0)
        n += (size_t)got;
    text[n] = '\0';
    return got >= 0;
}

/* Its exit code; text is what it prints. */
static int run_words(const char *const *words, char *text, size_t size) {
    int ends[2], code = -1;
    dmap_process *process;
    *text = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    dmap_process_options options = {.argv = words, .daemon = true, .output = ends[1], .error = DMAP_FD_NONE};
    if (dmap_process_open(&options, &process) == DMAP_OK) {
        bool started = dmap_process_start(process) == DMAP_OK;
        close(ends[1]);
        ends[1] = -1;
        if (started && read_all(ends[0], text, size) && dmap_process_join(process, TIMEOUT_S) == DMAP_OK)
            dmap_process_exit_code(process, &code);
        if (started && dmap_process_is_alive(process)) {
            dmap_process_kill(process);
            dmap_process_join(process, -1);
        }
        dmap_process_close(process);
    }
    if (ends[1] >= 0)
        close(ends[1]);
    close(ends[0]);
    return code;
}

static double run_command(void *arg, const bench_task *task) {
    static const char *const shapes[BENCH_SHAPES] = {[BENCH_NULL] = "null",
                                                     [BENCH_FIRST] = "first",
                                                     [BENCH_OPEN] = "open",
                                                     [BENCH_CLOSE] = "close",
                                                     [BENCH_SUBMIT] = "submit"};
    command *c = arg, whole = *c;
    char text[256], *end;
    for (int i = 0; i < 3; i++) /* the copy's own */
        memcpy(whole.numbers[i], c->numbers[i], WORD);
    add(&whole, shapes[task->work.shape]);
    add_number(&whole, 1, task->work.tasks);
    bool has_time = task->work.shape == BENCH_FIRST || task->work.shape == BENCH_SUBMIT;
    add_number(&whole, 2, has_time ? task->work.mean_ns : (uint64_t)task->cores);
    int code = run_words(whole.words, text, sizeof text);
    double seconds = strtod(text, &end);
    /* The results were looked at there. */
    for (uint64_t i = 0; i < task->work.tasks; i++)
        bench_one(&(bench_work){.shape = BENCH_NULL}, i, (const uint64_t *)task->items + i,
                  (uint64_t *)task->results + i);
    return code == 0 && end > text ? seconds : -1;
}

static uint64_t close_command(void *arg) {
    free(arg);
    return 0;
}

/* ---- which ---- */

static void *open_python(const char *which) {
    command *c = calloc(1, sizeof *c);
    add(c, PYTHON);
    add(c, SCRIPT);
    add(c, which);
    return c;
}

static void *open_imap(const bench_task *task) {
    (void)task;
    return open_python("imap");
}

static void *open_map(const bench_task *task) {
    (void)task;
    return open_python("map");
}

static void *open_executor(const bench_task *task) {
    (void)task;
    return open_python("executor");
}

static command *open_launcher(int ranks) {
    command *c = calloc(1, sizeof *c);
    static const char *const words[] = {BENCH_LAUNCH, NULL};
    for (int i = 0; words[i]; i++)
        add(c, words[i]);
    add(c, "-n");
    snprintf(c->numbers[0], WORD, "%d", ranks);
    add(c, c->numbers[0]);
    return c;
}

static void *open_futures(int ranks, const char *which) {
    command *c = open_launcher(ranks);
    add(c, PYTHON);
    add(c, "-m");
    add(c, "mpi4py.futures");
    add(c, SCRIPT);
    add(c, which);
    return c;
}

static void *open_futures_1(const bench_task *task) {
    return open_futures(task->cores, "futures-1");
}

static void *open_futures_100(const bench_task *task) {
    return open_futures(task->cores, "futures-100");
}

static void *open_mapreduce(const bench_task *task) {
    command *c = open_launcher(task->cores);
    add(c, MAPREDUCE);
    return c;
}

/* ---- whether it is here ---- */

static const char *no_python(void) {
    return access(PYTHON, X_OK) == 0 ? NULL : "python3 is not installed";
}

static const char *no_futures(void) {
    static const char *const words[] = {PYTHON, "-c", "import mpi4py.futures", NULL};
    char text[64];
    return run_words(words, text, sizeof text) == 0 ? NULL : "python3-mpi4py is not installed";
}

static const char *no_mapreduce(void) {
    return access(MAPREDUCE, X_OK) == 0 ? NULL : "libmrmpi-dev is not installed, or was not when this was built";
}

#define COMMAND_PEER(text, where, kinds, part, absent, opened)                                                         \
    {                                                                                                                  \
        .name = text, .place = where, .role = BENCH_OTHER, .command = true, .shapes = kinds, .divisor = part,          \
        .missing = absent, .open = opened, .run = run_command, .close = close_command                                  \
    }
#define NULLS BENCH_BIT(BENCH_NULL)
#define ALL   (NULLS | BENCH_BIT(BENCH_FIRST) | BENCH_BIT(BENCH_OPEN) | BENCH_BIT(BENCH_CLOSE))

const bench_peer bench_pool_imap =
    COMMAND_PEER("Python Pool.imap, 1", BENCH_PROCESSES, ALL, 1000, no_python, open_imap);
const bench_peer bench_pool_map = COMMAND_PEER("Python Pool.map", BENCH_PROCESSES, NULLS, 100, no_python, open_map);
const bench_peer bench_futures_1 =
    COMMAND_PEER("mpi4py.futures, 1", BENCH_RANKS, ALL, 10000, no_futures, open_futures_1);
const bench_peer bench_futures_100 =
    COMMAND_PEER("mpi4py.futures, 100", BENCH_RANKS, NULLS, 100, no_futures, open_futures_100);
const bench_peer bench_executor =
    COMMAND_PEER("Python concurrent.futures", BENCH_PROCESSES, BENCH_BIT(BENCH_SUBMIT), 200, no_python, open_executor);
const bench_peer bench_futures =
    COMMAND_PEER("mpi4py.futures", BENCH_RANKS, BENCH_BIT(BENCH_SUBMIT), 200, no_futures, open_futures_1);
const bench_peer bench_mapreduce = COMMAND_PEER("MR-MPI", BENCH_RANKS, NULLS, 100, no_mapreduce, open_mapreduce);
