/* The fork server and its program killed: what is tied to them goes, in time, and what is not stays. The program that
 * is to be killed is this one again, as a command ("victim"): it has a server of its own, starts children of every
 * kind, and prints their pids. */
#include "crew/forkserver.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dmap/process.h>

#include "base/clock.h"
#include "process_look.h"
#include "unit.h"

static const dmap_start starts[] = {DMAP_FORKSERVER, DMAP_FORK, DMAP_SPAWN};
enum { STARTS = 3, GONE_S = 60 };

static int sleep_long(void *argument, size_t size) {
    (void)argument;
    (void)size;
    signal(SIGIO, SIG_IGN);
    for (;;)
        pause();
    return 0;
}
DMAP_PROCESS(sleep_long, sleep_long);

static int sleep_by_two(void *argument, size_t size) {
    return fork() < 0 ? 1 : sleep_long(argument, size);
}
DMAP_PROCESS(sleep_by_two, sleep_by_two);

/* ---- the victim ----------------------------------------------------------------------------------------------- */

enum { KINDS = 10, DAEMONS = 5 }; /* functions by each start, a command, a grandchild; daemons first */
enum { COMMAND = 3, GROUPS = 4 }; /* all but the last have somebody in their group */

static int have_child(void *argument, size_t size) {
    dmap_process *p = NULL;
    dmap_process_options o = {.run = sleep_long, .daemon = *(bool *)argument};
    (void)size;
    if (dmap_process_open(&o, &p) != DMAP_OK || dmap_process_start(p) != DMAP_OK)
        return 1;
    int pid = dmap_process_pid(p);
    if (write(3, &pid, sizeof pid) != (ssize_t)sizeof pid)
        return 1;
    close(3);
    return sleep_long(NULL, 0);
}
DMAP_PROCESS(have_child, have_child);

/* Starts one of every kind; returns its pid, and for the last kind that of the grandchild. */
static int start_kind(int kind, bool is_daemon, int out, dmap_process **p) {
    const char *const argv[] = {"sh", "-c", "sleep 1000 & wait", NULL};
    dmap_process_options o = {.daemon = is_daemon, .output = DMAP_FD_NONE, .error = DMAP_FD_NONE};
    if (kind < STARTS) {
        o.run = sleep_by_two;
        o.start = starts[kind];
    } else if (kind == STARTS) {
        o.argv = argv;
    } else {
        o.run = have_child;
        o.argument = &is_daemon;
        o.argument_size = sizeof is_daemon;
        o.fds = &out;
        o.n_fds = 1;
    }
    if (dmap_process_open(&o, p) != DMAP_OK || dmap_process_start(*p) != DMAP_OK)
        return -1;
    return dmap_process_pid(*p);
}

/* Its server was killed: the next start says so, and so does each join; the daemons have gone, the others are not
 * lost: they still run. */
static int see_lost_server(dmap_process **processes) {
    dmap_process *p = NULL;
    int code;
    if (dmap_process_open(&(dmap_process_options){.run = sleep_long}, &p) != DMAP_OK ||
        dmap_process_start(p) != DMAP_ELOST || !strstr(dmap_error(NULL), "fork server") ||
        dmap_process_start(p) != DMAP_ELOST || dmap_process_close(p) != DMAP_OK || dmap__forkserver_is_open())
        return 1;
    for (int i = 0; i < KINDS; i++) {
        bool is_direct = i % DAEMONS == 1, ends = i < DAEMONS && !is_direct;
        if (dmap_process_is_alive(processes[i]) == ends)
            return 10 + i;
        if (ends &&
            (dmap_process_join(processes[i], 60) != DMAP_ELOST ||
             dmap_process_exit_code(processes[i], &code) != DMAP_ELOST || dmap_process_close(processes[i]) != DMAP_OK))
            return 20 + i;
    }
    return 0;
}

/* A process that the program forks by itself, with copies of all its descriptors. */
static int fork_own(void) {
    pid_t pid = fork();
    return pid ? (int)pid : sleep_long(NULL, 0);
}

/* Prints the pids, the grandchildren's and that of the program's own fork included, then waits to be told that the
 * server is dead, or to be killed. */
static int be_victim(void) {
    dmap_process *processes[KINDS];
    int pids[KINDS + 3], out[2], go;
    pids[KINDS + 2] = fork_own();
    for (int i = 0; i < KINDS; i++) {
        if (pipe2(out, O_CLOEXEC))
            return 1;
        pids[i] = start_kind(i % DAEMONS, i < DAEMONS, out[1], &processes[i]);
        close(out[1]);
        if (pids[i] < 0 || (i % DAEMONS == DAEMONS - 1 &&
                            read(out[0], &pids[KINDS + i / DAEMONS], sizeof(int)) != (ssize_t)sizeof(int)))
            return 2;
        close(out[0]);
    }
    if (write(1, pids, sizeof pids) != (ssize_t)sizeof pids || close(1))
        return 3;
    if (read(0, &go, sizeof go) != (ssize_t)sizeof go)
        return 4;
    return see_lost_server(processes);
}

/* ---- killing --------------------------------------------------------------------------------------------------- */

typedef struct victim {
    dmap_process *process;
    int server, tell;         /* tell: write to it to go on */
    int daemons[DAEMONS + 1]; /* and what is theirs */
    int others[DAEMONS + 2];
} victim;

static bool are_groups_of(const int *leaders, int n, int members, double timeout_s) {
    bool all = true;
    for (int i = 0; i < n; i++)
        all = look_wait_group(leaders[i], members, timeout_s) && all;
    return all;
}

static bool start_victim(victim *v) {
    int in[2], out[2], pids[KINDS + 3];
    const char *const argv[] = {"/proc/self/exe", "victim", NULL};
    CU_ASSERT_FATAL(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    v->process = look_start(&(dmap_process_options){.argv = argv, .input = in[0], .output = out[1]});
    close(in[0]);
    close(out[1]);
    v->tell = in[1];
    ssize_t got = read(out[0], pids, sizeof pids);
    close(out[0]);
    CU_ASSERT_EQUAL(got, (ssize_t)sizeof pids);
    if (got != (ssize_t)sizeof pids || !look_process(pids[0], NULL, &v->server, NULL))
        return false;
    memcpy(v->daemons, pids, DAEMONS * sizeof *pids);
    memcpy(v->others, pids + DAEMONS, DAEMONS * sizeof *pids);
    v->daemons[DAEMONS] = pids[KINDS];
    v->others[DAEMONS] = pids[KINDS + 1];
    v->others[DAEMONS + 1] = pids[KINDS + 2];
    CU_ASSERT(are_groups_of(v->daemons, GROUPS, 2, 10) && are_groups_of(v->others, GROUPS, 2, 10));
    return true;
}

static void end_others(const victim *v) {
    CU_ASSERT(are_groups_of(v->others, GROUPS, 2, 0));
    for (size_t i = 0; i < DAEMONS + 2; i++) {
        CU_ASSERT(!look_gone(v->others[i]));
        kill(i < GROUPS ? -v->others[i] : v->others[i], SIGKILL);
    }
    CU_ASSERT(look_wait_gone(v->others, DAEMONS + 2, GONE_S) && are_groups_of(v->others, GROUPS, 0, GONE_S));
    close(v->tell);
}

static void test_program_killed(void) {
    for (unsigned i = 0; i < unit_rounds(5); i++) {
        victim v;
        if (!start_victim(&v))
            return;
        double begin = dmap__clock_now();
        CU_ASSERT_EQUAL(kill(dmap_process_pid(v.process), SIGKILL), 0);
        CU_ASSERT(look_wait_gone(v.daemons, DAEMONS + 1, GONE_S) && look_wait_gone(&v.server, 1, GONE_S));
        CU_ASSERT(are_groups_of(v.daemons, GROUPS, 0, GONE_S));
        if (i == 0)
            printf("(gone in %.1f ms) ", 1e3 * (dmap__clock_now() - begin));
        CU_ASSERT_EQUAL(look_end(v.process), -SIGKILL);
        end_others(&v);
    }
}

/* What a command has in its group is the server's to end: with that it is lost, so the test does. */
static void test_server_killed(void) {
    for (unsigned i = 0; i < unit_rounds(5); i++) {
        victim v;
        int go = 1, forked;
        if (!start_victim(&v))
            return;
        forked = v.daemons[1];
        v.daemons[1] = v.server;
        CU_ASSERT_EQUAL(kill(v.server, SIGKILL), 0);
        CU_ASSERT(look_wait_gone(&v.daemons[2], DAEMONS - 1, GONE_S) && look_wait_gone(v.daemons, 1, GONE_S));
        CU_ASSERT(look_wait_group(v.daemons[0], 0, GONE_S) && look_wait_group(v.daemons[2], 0, GONE_S));
        CU_ASSERT_EQUAL(write(v.tell, &go, sizeof go), (ssize_t)sizeof go);
        CU_ASSERT_EQUAL(look_end(v.process), 0);
        v.daemons[0] = forked;
        CU_ASSERT(look_wait_gone(v.daemons, 2, GONE_S) && look_wait_group(forked, 0, GONE_S));
        kill(-v.daemons[COMMAND], SIGKILL);
        end_others(&v);
    }
}

static void test_both_killed(void) {
    for (unsigned i = 0; i < unit_rounds(5); i++) {
        victim v;
        if (!start_victim(&v))
            return;
        int pids[] = {v.server, dmap_process_pid(v.process)}, first = (int)unit_below(2);
        CU_ASSERT_EQUAL(kill(pids[first], SIGKILL), 0);
        kill(pids[!first], SIGKILL);
        CU_ASSERT(look_wait_gone(v.daemons, DAEMONS + 1, GONE_S) && look_wait_gone(&v.server, 1, GONE_S));
        CU_ASSERT(are_groups_of(v.daemons, COMMAND, 0, GONE_S));
        CU_ASSERT_EQUAL(look_end(v.process), -SIGKILL);
        kill(-v.daemons[COMMAND], SIGKILL);
        end_others(&v);
    }
}

int main(int argc, char **argv) {
    if (dmap_prefork(&argc, &argv) != 0)
        return 1;
    if (argc > 1 && !strcmp(argv[1], "victim"))
        return be_victim();
    CU_TestInfo tests[] = {{"the program is killed", test_program_killed},
                           {"the server is killed", test_server_killed},
                           {"both are killed", test_both_killed},
                           CU_TEST_INFO_NULL};
    int before = look_descriptors(), status = unit_run("fork server killed", tests), after = look_descriptors();
    printf("descriptors: %d before, %d after; children left: %d (the fork server)\n", before, after, look_children());
    return status || after != before || look_children() != 1;
}
