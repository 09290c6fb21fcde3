/* Kills the whole of a run at random moments, and has it run again until it is done; ranks and back end differ from run
 * to run. The results are those of a run that nobody disturbed; no item that was in the journal when a run was killed
 * is run again; SQLite finds the file whole each time.
 * usage: journal_kill PROGRAM LAUNCHER...; before the number of ranks. Prints its seed; DMAP_SEED sets it */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ITEMS 400
#define MOST  24 /* arguments */

static struct {
    char folder[64], mark[64];
    char journal[96], marks[96], results[96];
    const char *sink;
    char **argv;
    int argc;
    uint64_t random;
    unsigned runs[ITEMS];      /* of each item, as it says */
    unsigned when_kept[ITEMS]; /* so many had it when it was first seen in the journal; 0: it was not yet */
} world;

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static uint64_t draw(uint64_t n) {
    world.random = world.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (world.random >> 33) % n;
}

/* ---- the run ---- */

static void start(unsigned round, const char *marks, const char *journal, const char *results) {
    static const struct {
        const char *ranks, *back_end;
    } ways[] = {{"2", "threads"},   {NULL, "serial"},    {"3", "serial"},    {NULL, "threads"},
                {"1", "processes"}, {NULL, "processes"}, {"2", "processes"}, {"3", "threads"}};
    const char *ranks = ways[round % 8].ranks, *arguments[MOST];
    char items[16];
    int n = 0;
    snprintf(items, sizeof items, "%d", ITEMS);
    for (int i = 2; ranks && i < world.argc; i++)
        arguments[n++] = world.argv[i];
    if (ranks)
        arguments[n++] = ranks;
    const char *own[] = {world.argv[1], world.sink, journal, marks, results, items, ways[round % 8].back_end, NULL};
    memcpy(arguments + n, own, sizeof own);
    setsid();
    putenv(world.mark);
    /* What MPI leaves of a run that was killed: see left_files.sh. */
    setenv("OMPI_MCA_orte_tmpdir_base", world.folder, 1);
    setenv("PRTE_MCA_prte_tmpdir_base", world.folder, 1);
    setenv("OMPI_MCA_btl_vader_backing_directory", world.folder, 1);
    setenv("OMPI_MCA_btl_sm_backing_directory", world.folder, 1);
    execvp(arguments[0], (char **)arguments);
    _exit(127);
}

static pid_t run(unsigned round, const char *marks, const char *journal, const char *results) {
    pid_t child = fork();
    if (child < 0)
        fail("cannot fork");
    if (child == 0)
        start(round, marks, journal, results);
    return child;
}

/* True if the process has our mark in its environment. */
static bool is_ours(const char *pid) {
    char path[300], text[16384];
    snprintf(path, sizeof path, "/proc/%s/environ", pid);
    int file = open(path, O_RDONLY);
    ssize_t n = file < 0 ? 0 : read(file, text, sizeof text);
    if (file >= 0)
        close(file);
    return n > 0 && memmem(text, (size_t)n, world.mark, strlen(world.mark) + 1);
}

/* All at once, as far as that goes: those that one sees before it is killed have others end them. */
static void kill_all(pid_t child) {
    for (bool any = true; any;) {
        DIR *proc = opendir("/proc");
        any = false;
        for (struct dirent *entry; proc && (entry = readdir(proc));)
            if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_ours(entry->d_name)) {
                kill((pid_t)strtol(entry->d_name, NULL, 10), SIGKILL);
                any = true;
            }
        closedir(proc);
    }
    waitpid(child, NULL, 0);
}

static void pause_us(uint64_t us) {
    nanosleep(&(struct timespec){(time_t)(us / 1000000), (long)(us % 1000000) * 1000}, NULL);
}

/* Waits until so many items have begun, or the run is over. True if it is. */
static bool wait_for(pid_t child, uint64_t wanted, int *status) {
    for (;;) {
        struct stat info;
        if (waitpid(child, status, WNOHANG) == child)
            return true;
        if (wanted == 0 || (stat(world.marks, &info) == 0 && (uint64_t)info.st_size / 8 >= wanted))
            return false;
        pause_us(200);
    }
}

/* ---- looking ---- */

static uint64_t read_marks(void) {
    FILE *file = fopen(world.marks, "r");
    uint64_t index, n = 0;
    memset(world.runs, 0, sizeof world.runs);
    for (; file && fread(&index, sizeof index, 1, file) == 1; n++)
        world.runs[index < ITEMS ? index : 0]++;
    if (file)
        fclose(file);
    return n;
}

static void look_at_rows(sqlite3 *db) {
    sqlite3_stmt *row;
    if (sqlite3_prepare_v2(db, "SELECT begin, end FROM segment", -1, &row, NULL) != SQLITE_OK)
        fail(sqlite3_errmsg(db));
    while (sqlite3_step(row) == SQLITE_ROW)
        for (int64_t i = sqlite3_column_int64(row, 0); i < sqlite3_column_int64(row, 1); i++) {
            if (world.when_kept[i] && world.when_kept[i] != world.runs[i])
                fail("an item was run again that the journal had");
            if (!world.runs[i])
                fail("an item is in the journal that was not run");
            world.when_kept[i] = world.runs[i];
        }
    sqlite3_finalize(row);
}

/* What was killed in the midst of a commit is put right by whoever opens the file. */
static uint64_t look(void) {
    sqlite3 *db;
    sqlite3_stmt *check;
    uint64_t begun = read_marks(), kept = 0;
    struct stat info;
    if (stat(world.journal, &info) || !info.st_size)
        return 0; /* it was killed before */
    if (sqlite3_open(world.journal, &db) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &check, NULL) != SQLITE_OK ||
        sqlite3_step(check) != SQLITE_ROW || strcmp((const char *)sqlite3_column_text(check, 0), "ok") != 0)
        fail("SQLite finds the journal damaged");
    sqlite3_finalize(check);
    if (begun)
        look_at_rows(db);
    sqlite3_close(db);
    for (int i = 0; i < ITEMS; i++)
        kept += world.when_kept[i] > 0;
    return kept;
}

static bool same(const char *a, const char *b) {
    FILE *x = fopen(a, "r"), *y = fopen(b, "r");
    int c = 0, d = 0;
    while (x && y && c == d && c != EOF) {
        c = getc(x);
        d = getc(y);
    }
    bool equal = x && y && c == d;
    if (x)
        fclose(x);
    if (y)
        fclose(y);
    return equal;
}

/* ---- the whole ---- */

static char *in_folder(char *path, const char *name) {
    snprintf(path, 96, "%s/%s", world.folder, name);
    return path;
}

static void undisturbed(const char *results) {
    char journal[96], marks[96];
    int status;
    pid_t child = run(3, in_folder(marks, "marks.alone"), in_folder(journal, "alone"), results);
    if (waitpid(child, &status, 0) != child || status)
        fail("the run that nobody disturbed has failed");
}

/* Kills one map until it is done. */
static unsigned kill_until_done(unsigned kills) {
    unsigned killed = 0, round = (unsigned)draw(8);
    int status;
    for (;; round++) {
        uint64_t kept = look(), begun = read_marks();
        pid_t child = run(round, world.marks, world.journal, world.results);
        uint64_t wanted = begun + draw(1 + (ITEMS - kept) / 3);
        if (killed < kills && !wait_for(child, wanted, &status)) {
            pause_us(draw(150000));
            kill_all(child);
            killed++;
            continue;
        }
        if (killed >= kills && waitpid(child, &status, 0) != child)
            fail("the run is gone");
        if (status)
            fail("a run has failed");
        return killed;
    }
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at) {
    (void)info, (void)kind;
    return at->level ? remove(path) : 0;
}

static void remove_all(void) {
    nftw(world.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void clean_up(void) {
    remove_all();
    rmdir(world.folder);
}

int main(int argc, char **argv) {
    static const char *const sinks[] = {"into", "each", "fold"};
    const char *given = getenv("DMAP_SEED"), *asked = getenv("DMAP_TEST_LONG");
    bool is_long = asked && !strcmp(asked, "1");
    unsigned kills = is_long ? 100 : 8;
    char alone[96];
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)getpid() * 7919 + (uint64_t)time(NULL);
    world.random = seed;
    world.argc = argc;
    world.argv = argv;
    printf("DMAP_SEED=%" PRIu64 "\n", seed);
    fflush(stdout);
    snprintf(world.folder, sizeof world.folder, "%s/journal_kill.XXXXXX",
             access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (argc < 3 || argc > MOST - 10 || !mkdtemp(world.folder))
        return 2;
    snprintf(world.mark, sizeof world.mark, "JOURNAL_KILL=%s", strrchr(world.folder, '.'));
    atexit(clean_up);
    in_folder(world.journal, "run.journal");
    in_folder(world.marks, "marks");
    in_folder(world.results, "results");
    for (unsigned killed = 0, map = (unsigned)draw(3); killed < kills; map++) {
        world.sink = sinks[map % 3];
        remove_all();
        memset(world.when_kept, 0, sizeof world.when_kept);
        undisturbed(in_folder(alone, "results.alone"));
        unsigned here = kill_until_done(kills - killed < 8 ? kills - killed : 8);
        if (look() != ITEMS || !same(alone, world.results))
            fail("the results are not those of the run that nobody disturbed");
        printf("%s: killed %u times\n", world.sink, here);
        killed += here ? here : 1;
    }
    return 0;
}
