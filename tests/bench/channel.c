/* Messages from one process to another: a channel of dmap's, a POSIX pipe, a POSIX message queue, Python's
 * multiprocessing.Queue, in turns: of 8 bytes, of 1 MiB, and there and back, beside two processes that only wake each
 * other (futex). A message that arrives is looked at. Each sender is a process of its own, made by fork().
 * usage: bench_channel [--quick|--tiny] [--out FILE]: rows go to stdout, or are added to the file */
#include <fcntl.h>
#include <linux/futex.h>
#include <math.h>
#include <mqueue.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <dmap/channel.h>

#include "row.h"

enum { MOST_REPEATS = 9, SMALL = 8, LARGE = 1 << 20, ROUND = 3 };

/* One way for messages: two of them make a way there and back. */
typedef struct way {
    dmap_channel *in, *out;
    int pipe[2];
    mqd_t queue;
    _Atomic uint32_t *word;
    uint32_t seen;
} way;

typedef struct peer {
    const char *name, *role;
    bool (*open)(way *, size_t size);
    bool (*send)(way *, const void *data, size_t size);
    bool (*receive)(way *, void *data, size_t size);
    size_t most; /* the largest message */
} peer;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the peers ---- */

static bool open_channel(way *w, size_t size) {
    return dmap_channel_open(size == SMALL ? 65536 : 4 * size, &w->in, &w->out) == DMAP_OK;
}

static bool send_channel(way *w, const void *data, size_t size) {
    return dmap_channel_send(w->out, data, size, -1) == DMAP_OK;
}

static bool receive_channel(way *w, void *data, size_t size) {
    return dmap_channel_receive(w->in, data, size, -1, NULL) == DMAP_OK;
}

static bool open_pipe(way *w, size_t size) {
    (void)size;
    return pipe2(w->pipe, O_CLOEXEC) == 0;
}

static bool send_pipe(way *w, const void *data, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t n = write(w->pipe[1], (const char *)data + done, size - done);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static bool receive_pipe(way *w, void *data, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t n = read(w->pipe[0], (char *)data + done, size - done);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static bool open_queue(way *w, size_t size) {
    char name[64];
    struct mq_attr attr = {.mq_maxmsg = 10, .mq_msgsize = (long)size};
    snprintf(name, sizeof name, "/dmap-bench-%d", (int)getpid());
    w->queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attr);
    mq_unlink(name);
    return w->queue != (mqd_t)-1;
}

static bool send_queue(way *w, const void *data, size_t size) {
    return mq_send(w->queue, data, size, 0) == 0;
}

static bool receive_queue(way *w, void *data, size_t size) {
    return mq_receive(w->queue, data, size, NULL) == (ssize_t)size;
}

static bool open_word(way *w, size_t size) {
    (void)size;
    w->word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return w->word != MAP_FAILED;
}

static bool send_word(way *w, const void *data, size_t size) {
    (void)data, (void)size;
    atomic_fetch_add(w->word, 1);
    syscall(SYS_futex, w->word, FUTEX_WAKE, 1, NULL, NULL, 0);
    return true;
}

static bool receive_word(way *w, void *data, size_t size) {
    (void)data, (void)size;
    while (atomic_load(w->word) == w->seen)
        syscall(SYS_futex, w->word, FUTEX_WAIT, w->seen, NULL, NULL, 0);
    w->seen++;
    return true;
}

static const peer peers[] = {{"dmap", "dmap", open_channel, send_channel, receive_channel, LARGE},
                             {"pipe", "peer", open_pipe, send_pipe, receive_pipe, LARGE},
                             {"message queue", "peer", open_queue, send_queue, receive_queue, 8192},
                             {"futex", "limit", open_word, send_word, receive_word, 0}};
enum { PEERS = sizeof peers / sizeof *peers, PYTHON = PEERS };

static void close_way(way *w) {
    dmap_channel_close(w->in);
    dmap_channel_close(w->out);
    for (int i = 0; i < 2; i++)
        if (w->pipe[i] > 0)
            close(w->pipe[i]);
    if (w->queue > 0)
        mq_close(w->queue);
    if (w->word && w->word != MAP_FAILED)
        munmap((void *)w->word, 4096);
}

/* ---- a run ---- */

static bool send_all(const peer *p, way *w, unsigned char *data, size_t size, long n) {
    bool good = true;
    for (long i = 0; i < n && good; i++) {
        memcpy(data, &i, sizeof i);
        good = p->send(w, data, size);
    }
    return good;
}

static bool receive_all(const peer *p, way *w, unsigned char *data, size_t size, long n) {
    long number = 0;
    bool good = true;
    for (long i = 0; i < n && good; i++) {
        good = p->receive(w, data, size);
        memcpy(&number, data, sizeof number);
        good = good && (!p->most || number == i);
    }
    return good;
}

static bool answer_all(const peer *p, way *w, unsigned char *data, long n) {
    bool good = true;
    for (long i = 0; i < n && good; i++)
        good = p->receive(&w[0], data, SMALL) && p->send(&w[1], data, SMALL);
    return good;
}

static bool ask_all(const peer *p, way *w, unsigned char *data, long n) {
    bool good = true;
    for (long i = 0; i < n && good; i++)
        good = p->send(&w[0], data, SMALL) && p->receive(&w[1], data, SMALL);
    return good;
}

/* Seconds for n messages of a size, or, of size ROUND, for n that go there and back; NAN if that does not work. */
static double run(const peer *p, size_t size, long n) {
    size_t bytes = size == ROUND ? SMALL : size;
    unsigned char *data = calloc(1, bytes);
    way w[2] = {0};
    int status = 1;
    bool good = data && p->open(&w[0], bytes) && p->open(&w[1], bytes);
    double began = now();
    pid_t child = good ? fork() : -1;
    if (child == 0)
        _exit(!(size == ROUND ? answer_all(p, w, data, n) : send_all(p, &w[0], data, bytes, n)));
    good = child > 0 && (size == ROUND ? ask_all(p, w, data, n) : receive_all(p, &w[0], data, bytes, n));
    double seconds = now() - began;
    if (child > 0)
        good = waitpid(child, &status, 0) == child && status == 0 && good;
    close_way(&w[0]);
    close_way(&w[1]);
    free(data);
    return good ? seconds : NAN;
}

static double run_python(size_t size, long n) {
    char command[512];
    double seconds = NAN;
    snprintf(command, sizeof command, "python3 %s/queue_peer.py %zu %ld", BENCH_SOURCE_DIR, size, n);
    FILE *python = popen(command, "r");
    if (python && fscanf(python, "%lf", &seconds) != 1)
        seconds = NAN;
    return python && pclose(python) == 0 ? seconds : NAN;
}

/* ---- rows ---- */

typedef struct figure {
    const char *name, *title, *unit;
    size_t size;
    long messages;
    double scale; /* 0: microseconds for each; else messages by seconds, times this */
} figure;

static const figure figures[] = {
    {"channel-small", "messages of 8 bytes between two processes", "/s", SMALL, 1000000, 1},
    {"channel-large", "messages of 1 MiB between two processes", "GB/s", LARGE, 2000, LARGE / 1e9},
    {"channel-latency", "message there and back between two processes", "us", ROUND, 50000, 0},
};

static bool takes_part(const figure *f, int p) {
    return p == PYTHON || (f->size == ROUND || peers[p].most >= f->size);
}

static double value_of(const figure *f, int p, long messages) {
    long n = p == PYTHON && f->size != LARGE ? (messages + 19) / 20 : messages;
    double seconds = p == PYTHON ? run_python(f->size, n) : run(&peers[p], f->size, n);
    return f->scale > 0 ? f->scale * (double)n / seconds : seconds * 1e6 / (double)n;
}

static bool write_row(const figure *f, int p, long messages, const double *values, int n, FILE *out) {
    bench_row row = {.figure = f->name,
                     .title = f->title,
                     .unit = f->unit,
                     .more_is_better = f->scale > 0,
                     .where = "processes",
                     .system = p == PYTHON ? "Python multiprocessing.Queue" : peers[p].name,
                     .role = p == PYTHON ? "peer" : peers[p].role,
                     .items = (uint64_t)messages,
                     .values = values,
                     .n_values = n};
    if (isnan(values[0]))
        row.refused = "not here";
    return bench_row_write(&row, out);
}

/* In turns, so that what else the machine does falls on all. */
static bool measure(const figure *f, long divisor, int repeats, FILE *out) {
    double values[PEERS + 1][MOST_REPEATS];
    long messages = f->messages / divisor > 10 ? f->messages / divisor : 10;
    bool good = true;
    for (int i = 0; i < repeats; i++)
        for (int p = 0; p <= PYTHON; p++)
            if (takes_part(f, p))
                values[p][i] = i && isnan(values[p][0]) ? NAN : value_of(f, p, messages);
    for (int p = 0; p <= PYTHON; p++)
        if (takes_part(f, p))
            good = write_row(f, p, messages, values[p], repeats, out) && good;
    return good;
}

int main(int argc, char **argv) {
    const char *path = NULL;
    long divisor = 1;
    int repeats = 7;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--quick") == 0)
            divisor = 4, repeats = 3;
        else if (strcmp(argv[i], "--tiny") == 0)
            divisor = 1000, repeats = 1;
        else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc)
            path = argv[++i];
    FILE *out = path ? fopen(path, "a") : stdout;
    bool good = out;
    for (size_t i = 0; good && i < sizeof figures / sizeof *figures; i++)
        good = measure(&figures[i], divisor, repeats, out);
    if (!out || fclose(out) != 0 || !good)
        return fprintf(stderr, "bench_channel: the rows cannot be written\n"), 1;
    return 0;
}
