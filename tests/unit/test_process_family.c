/* Processes and what is around them: command lines and their environment, groups, children of children, threads that
 * start at the same time, and processes that must not use what is their parent's. */
#include <dmap/process.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew/process_body.h"
#include "crew/process_environment.h"
#include "process_look.h"
#include "unit.h"

static const dmap_start starts[] = {DMAP_FORKSERVER, DMAP_FORK, DMAP_SPAWN};
enum { STARTS = 3 };

/* ---- command lines -------------------------------------------------------------------------------------------- */

/* Runs a shell command, with its standard output in text; returns its exit code. */
static int shell(const char *command, dmap_process_options o, char *text, size_t size) {
    int out[2];
    const char *const argv[] = {"sh", "-c", command, NULL};
    CU_ASSERT_EQUAL_FATAL(pipe(out), 0);
    o.argv = argv;
    o.output = out[1];
    dmap_process *p = look_start(&o);
    close(out[1]);
    look_read(out[0], text, size);
    close(out[0]);
    return look_end(p);
}

static void test_commands(void) {
    static const char more_fds[] = "for i in 3 4 5 6 7 8 9; do test -e /proc/$$/fd/$i && echo $i; done; true";
    char text[4096];
    const char *const environment[] = {"PATH=/usr/bin:/bin", "A=1", "B=two words", NULL};
    dmap_process_options plain = {.daemon = unit_chance(2)}, own = {.environment = environment};
    int in[2];
    CU_ASSERT_EQUAL(shell("exit 3", plain, text, sizeof text), 3);
    CU_ASSERT_EQUAL(shell("kill -9 $$", plain, text, sizeof text), -9);
    CU_ASSERT(shell("echo \"$A,$B,$HOME\"", own, text, sizeof text) == 0 && !strcmp(text, "1,two words,\n"));
    CU_ASSERT(shell("cat", plain, text, sizeof text) == 0 && !text[0]);
    CU_ASSERT(shell(more_fds, plain, text, sizeof text) == 0 && !text[0]);
    CU_ASSERT(pipe(in) == 0 && write(in[1], "line", 4) == 4);
    close(in[1]);
    CU_ASSERT(shell("cat", (dmap_process_options){.input = in[0]}, text, sizeof text) == 0 && !strcmp(text, "line"));
    close(in[0]);
    plain.error = DMAP_FD_NONE;
    CU_ASSERT(shell("readlink /proc/$$/fd/2", plain, text, sizeof text) == 0 && !strcmp(text, "/dev/null\n"));
    plain.fds = (int[]){2};
    plain.n_fds = 1;
    CU_ASSERT(shell(more_fds, plain, text, sizeof text) == 0 && !strcmp(text, "3\n"));
}

static dmap_status try_command(const char *path, dmap_process **process) {
    const char *const argv[] = {path, NULL};
    CU_ASSERT_EQUAL_FATAL(dmap_process_open(&(dmap_process_options){.argv = argv}, process), DMAP_OK);
    CU_ASSERT_STRING_EQUAL(dmap_process_name(*process), path);
    return dmap_process_start(*process);
}

static void test_command_not_run(void) {
    char path[] = "/tmp/dmap-command-XXXXXX";
    dmap_process *p = NULL;
    CU_ASSERT_EQUAL(try_command("dmap-no-such-command", &p), DMAP_EIO);
    CU_ASSERT(strstr(dmap_error(NULL), "\"dmap-no-such-command\" could not run: No such file") != NULL);
    CU_ASSERT(dmap_process_pid(p) == -1 && !dmap_process_is_alive(p));
    CU_ASSERT_EQUAL(dmap_process_join(p, -1), DMAP_EINVAL);
    CU_ASSERT_EQUAL(dmap_process_close(p), DMAP_OK);
    int file = mkstemp(path);
    CU_ASSERT(file >= 0 && write(file, "#!/bin/sh\nexit 8\n", 17) == 17);
    close(file);
    CU_ASSERT_EQUAL(try_command(path, &p), DMAP_EIO);
    CU_ASSERT(strstr(dmap_error(NULL), "Permission denied") != NULL);
    CU_ASSERT(chmod(path, 0700) == 0 && dmap_process_start(p) == DMAP_OK);
    CU_ASSERT_EQUAL(look_end(p), 8);
    unlink(path);
}

static void test_environment(void) {
    const char *const ranks[] = {"A=1",
                                 "OMPI_COMM_WORLD_SIZE=2",
                                 "OMPI_MCA_x=y",
                                 "PMIX_RANK=1",
                                 "SLURM_STEP_ID=0",
                                 "SLURM_JOB_ID=7",
                                 "OMPI_ALLOW_RUN_AS_ROOT=1",
                                 "PRTE_X=",
                                 "OPAL_Y=",
                                 "ORTE_Z=",
                                 "PMI_FD=3",
                                 "SLURM_PROCID=1",
                                 "HYDI_CONTROL_FD=4",
                                 "PATH=/bin",
                                 NULL};
    const char *const hydras[] = {"PMI_RANK=1",        "PMI_SIZE=2",        "PMI_FD=8",
                                  "MPI_LOCALRANKID=1", "MPI_LOCALNRANKS=2", "MPIR_CVAR_CH3_INTERFACE_HOSTNAME=vm",
                                  "HYDI_CONTROL_FD=7", "MPICH_OWN=1",       NULL};
    const char *const steps[] = {"SLURM_STEP_NUM_TASKS=3", "SLURM_PROCID=2", "SLURM_JOB_ID=7",
                                 "OMPI_MCA_x=y",           "SLURM_NTASKS=3", NULL}; /* srun --mpi=none */
    const char *const users[] = {"OMPI_MCA_btl=self", "PMIX_DEBUG=1", NULL};
    const char *kept[20];
    CU_ASSERT_EQUAL(dmap__environment_for_child(ranks, kept), 4);
    CU_ASSERT(!strcmp(kept[0], "A=1") && !strcmp(kept[1], "SLURM_JOB_ID=7") && !strcmp(kept[3], "PATH=/bin"));
    CU_ASSERT(!strcmp(kept[2], "OMPI_ALLOW_RUN_AS_ROOT=1") && !kept[4]);
    CU_ASSERT_EQUAL(dmap__environment_for_child(hydras, kept), 1);
    CU_ASSERT_STRING_EQUAL(kept[0], "MPICH_OWN=1");
    CU_ASSERT_EQUAL(dmap__environment_for_child(steps, kept), 3);
    CU_ASSERT(kept[0] == steps[2] && kept[1] == steps[3] && kept[2] == steps[4]);
    CU_ASSERT_EQUAL(dmap__environment_for_child(users, kept), 2);
    CU_ASSERT(kept[1] == users[1] && !kept[2]);
}

/* Any change of a body's head or length is refused, and never crashes. */
static void test_damaged_body(void) {
    dmap_process_options o = {.argument = "0123456789", .argument_size = 10};
    const char *const environment[] = {"A=1", NULL};
    dmap__process_body body;
    dmap__error error;
    for (unsigned i = 0; i < unit_rounds(200); i++) {
        int fd = -1;
        CU_ASSERT_EQUAL_FATAL(dmap__process_body_write(&o, "name", "code", environment, &fd, &error), DMAP_OK);
        off_t size = lseek(fd, 0, SEEK_END), place = (off_t)unit_below(40);
        unsigned char byte = 0;
        CU_ASSERT_EQUAL(pread(fd, &byte, 1, place), 1);
        byte = (unsigned char)(byte ^ (1 + unit_below(255)));
        CU_ASSERT(i % 2 ? pwrite(fd, &byte, 1, place) == 1 : ftruncate(fd, (off_t)unit_below((uint64_t)size)) == 0);
        CU_ASSERT(!dmap__process_body_read(fd, &body));
        close(fd);
    }
}

/* ---- groups --------------------------------------------------------------------------------------------------- */

/* A shell that leaves a sleeper in its group: both pids. */
static dmap_process *start_group(const char *then, bool is_daemon, int pids[2]) {
    char command[200], text[64];
    int out[2];
    snprintf(command, sizeof command, "trap '' TERM; sleep 1000 >&- & echo $!; %s", then);
    const char *const argv[] = {"sh", "-c", command, NULL};
    CU_ASSERT_EQUAL_FATAL(pipe(out), 0);
    dmap_process *p = look_start(&(dmap_process_options){.argv = argv, .daemon = is_daemon, .output = out[1]});
    close(out[1]);
    look_read(out[0], text, sizeof text);
    close(out[0]);
    pids[0] = dmap_process_pid(p);
    pids[1] = atoi(text);
    CU_ASSERT(pids[0] > 0 && pids[1] > 0);
    return p;
}

static void test_kill_group(void) {
    for (int is_daemon = 0; is_daemon < 2; is_daemon++) {
        int pids[2], group;
        dmap_process *p = start_group("exec >&-; wait", is_daemon, pids);
        CU_ASSERT(look_process(pids[1], NULL, NULL, &group) && group == pids[0]);
        CU_ASSERT_EQUAL(dmap_process_terminate(p), DMAP_OK);
        CU_ASSERT_EQUAL(dmap_process_join(p, 0.02), DMAP_ETIMEOUT);
        CU_ASSERT_EQUAL(dmap_process_kill(p), DMAP_OK);
        CU_ASSERT_EQUAL(look_end(p), -SIGKILL);
        CU_ASSERT(look_wait_gone(pids, 2, 60));
    }
}

/* The same from a function: its process leaves a fork of itself in its group. */
static int leave_fork(void *argument, size_t size) {
    int pid = fork();
    (void)argument;
    (void)size;
    if (pid == 0)
        sleep(1000);
    return write(3, &pid, sizeof pid) == (ssize_t)sizeof pid ? 4 : 5;
}
DMAP_PROCESS(leave_fork, leave_fork);

static dmap_process *start_leaver(dmap_start start, bool is_daemon, int *left) {
    int out[2];
    CU_ASSERT_EQUAL_FATAL(pipe(out), 0);
    dmap_process *p = look_start(
        &(dmap_process_options){.run = leave_fork, .start = start, .daemon = is_daemon, .fds = &out[1], .n_fds = 1});
    CU_ASSERT_EQUAL(read(out[0], left, sizeof *left), (ssize_t)sizeof *left);
    close(out[0]);
    close(out[1]);
    return p;
}

static void test_left_behind(void) {
    for (int i = 0; i < 2 * (STARTS + 1); i++) {
        bool is_daemon = i % 2;
        int pids[2];
        dmap_process *p =
            i / 2 < STARTS ? start_leaver(starts[i / 2], is_daemon, &pids[1]) : start_group("exit 4", is_daemon, pids);
        CU_ASSERT_EQUAL(look_end(p), 4);
        CU_ASSERT_EQUAL(look_wait_gone(&pids[1], 1, is_daemon ? 5 : 0.05), is_daemon);
        if (!is_daemon)
            CU_ASSERT_EQUAL(kill(pids[1], SIGKILL), 0);
    }
}

/* ---- children of children ------------------------------------------------------------------------------------- */

/* argument: the ways in which further generations are to be started, ended by 255. */
static int beget(void *argument, size_t size) {
    const unsigned char *ways = argument;
    dmap_process *p = NULL;
    int code = 200;
    if (ways[0] == 255)
        return 1;
    dmap_process_options o = {.argument = ways + 1, .argument_size = size - 1, .daemon = ways[0] & 4};
    o.run = beget;
    o.start = starts[ways[0] % 4];
    if (dmap_process_open(&o, &p) != DMAP_OK || dmap_process_start(p) != DMAP_OK ||
        dmap_process_join(p, 60) != DMAP_OK || dmap_process_exit_code(p, &code) != DMAP_OK ||
        dmap_process_close(p) != DMAP_OK)
        return 201;
    return code < 200 ? code + 1 : code;
}
DMAP_PROCESS(beget, beget);

static void test_generations(void) {
    for (unsigned round = 0; round < unit_rounds(24); round++) {
        unsigned char ways[5] = {0, 0, 0, 0, 255};
        for (int i = 0; i < 4; i++)
            ways[i] = (unsigned char)(unit_below(STARTS) | unit_below(2) << 2);
        dmap_process_options o = {.run = beget, .argument = ways, .argument_size = sizeof ways};
        o.start = starts[unit_below(STARTS)];
        CU_ASSERT_EQUAL(look_end(look_start(&o)), 5);
    }
}

static dmap_process *parents;

/* Returns 1 for every function that lets a child use its parent's process. */
static int use_parents(void *argument, size_t size) {
    int code;
    (void)argument;
    (void)size;
    return (dmap_process_join(parents, 0) != DMAP_EINVAL) + (dmap_process_kill(parents) != DMAP_EINVAL) +
           (dmap_process_exit_code(parents, &code) != DMAP_EINVAL) + (dmap_process_close(parents) != DMAP_EINVAL) +
           dmap_process_is_alive(parents);
}

static void test_parents_process(void) {
    const char *const argv[] = {"sleep", "1000", NULL};
    parents = look_start(&(dmap_process_options){.argv = argv, .daemon = true});
    CU_ASSERT_EQUAL(look_end(look_start(&(dmap_process_options){.run = use_parents, .start = DMAP_FORK})), 0);
    CU_ASSERT(dmap_process_is_alive(parents));
    CU_ASSERT_EQUAL(dmap_process_kill(parents), DMAP_OK);
    CU_ASSERT_EQUAL(look_end(parents), -SIGKILL);
}

/* A process that the program forked by itself has no server, and is told what to do. */
static void test_own_fork(void) {
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        dmap_process *p = NULL;
        bool good = dmap_process_open(&(dmap_process_options){.run = beget}, &p) == DMAP_OK &&
                    dmap_process_start(p) == DMAP_EINVAL && strstr(dmap_error(NULL), "call dmap_prefork");
        _exit(good ? 0 : 1);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
}

/* ---- threads -------------------------------------------------------------------------------------------------- */

typedef struct thread_case {
    pthread_t thread;
    uint64_t stream;
    unsigned rounds, failures;

} thread_case;

static int tell_pid(void *argument, size_t size) {
    (void)size;
    return (getpid() ^ *(unsigned char *)argument) & 0xff;
}
DMAP_PROCESS(tell_pid, tell_pid);

static void *start_many(void *argument) {
    thread_case *c = argument;
    for (unsigned i = 0; i < c->rounds; i++) {
        dmap_process *p = NULL;
        unsigned char value = (unsigned char)unit_next(&c->stream);
        int code = -1;
        dmap_process_options o = {.run = tell_pid, .argument = &value, .argument_size = 1, .daemon = value & 1};
        o.start = starts[value % STARTS];
        bool good = dmap_process_open(&o, &p) == DMAP_OK && dmap_process_start(p) == DMAP_OK &&
                    dmap_process_join(p, 60) == DMAP_OK && dmap_process_exit_code(p, &code) == DMAP_OK &&
                    code == ((dmap_process_pid(p) ^ value) & 0xff);
        good = dmap_process_close(p) == DMAP_OK && good;
        c->failures += !good;
    }
    return NULL;
}

static void test_threads(void) {
    thread_case cases[6];
    for (int i = 0; i < 6; i++) {
        cases[i] = (thread_case){.stream = unit_random(), .rounds = unit_rounds(40)};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&cases[i].thread, NULL, start_many, &cases[i]), 0);
    }
    for (int i = 0; i < 6; i++) {
        pthread_join(cases[i].thread, NULL);
        CU_ASSERT_EQUAL(cases[i].failures, 0);
    }
}

/* A daemon's life hangs on the program, not on the thread that started it. */
static void *start_sleeper(void *argument) {
    dmap_process **p = argument;
    const char *const argv[] = {"sleep", "1000", NULL};
    dmap_process_options command = {.argv = argv, .daemon = true};
    if (dmap_process_open(&command, p) != DMAP_OK || dmap_process_start(*p) != DMAP_OK)
        *p = NULL;
    return NULL;
}

static int sleep_long(void *argument, size_t size) {
    (void)argument;
    return (int)sleep((unsigned)size + 1000);
}

static void *fork_sleeper(void *argument) {
    dmap_process **p = argument;
    dmap_process_options direct = {.run = sleep_long, .daemon = true, .start = DMAP_FORK};
    if (dmap_process_open(&direct, p) != DMAP_OK || dmap_process_start(*p) != DMAP_OK)
        *p = NULL;
    return NULL;
}

static void test_thread_ends(void) {
    void *(*const starters[])(void *) = {start_sleeper, fork_sleeper};
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        dmap_process *p = NULL;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, starters[i], &p), 0);
        pthread_join(thread, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        CU_ASSERT_EQUAL(dmap_process_join(p, 0.05), DMAP_ETIMEOUT);
        CU_ASSERT_EQUAL(dmap_process_terminate(p), DMAP_OK);
        CU_ASSERT_EQUAL(look_end(p), -SIGTERM);
    }
}

int main(int argc, char **argv) {
    if (dmap_prefork(&argc, &argv) != 0)
        return 1;
    CU_TestInfo tests[] = {{"commands", test_commands},
                           {"commands that cannot be run", test_command_not_run},
                           {"launchers' variables", test_environment},
                           {"damaged bodies", test_damaged_body},
                           {"kill reaches the group", test_kill_group},
                           {"what a process leaves behind", test_left_behind},
                           {"children of children", test_generations},
                           {"a parent's process", test_parents_process},
                           {"a process of the program's own fork", test_own_fork},
                           {"threads", test_threads},
                           {"the thread that started it ends", test_thread_ends},
                           CU_TEST_INFO_NULL};
    int before = look_descriptors(), status = unit_run("process family", tests), after = look_descriptors();
    printf("descriptors: %d before, %d after; children left: %d (the fork server)\n", before, after, look_children());
    return status || after != before || look_children() != 1;
}
