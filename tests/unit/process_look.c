/* Looks at /proc and waits for conditions, never for a time. Children of the dead are reaped by whoever inherits them,
 * which is not the library's affair: a zombie whose parent is not of this run is gone. */
#include "process_look.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "base/clock.h"

int look_descriptors_of(int pid) {
    char path[64];
    int n = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *all = opendir(path);
    for (struct dirent *entry; all && (entry = readdir(all));)
        n += entry->d_name[0] != '.';
    if (all)
        closedir(all);
    return n;
}

int look_descriptors(void) {
    return look_descriptors_of((int)getpid()) - 1; /* the directory's own */
}

bool look_process(int pid, char *state, int *parent, int *group) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[n] = '\0';
    char *after = strrchr(text, ')'), s;
    int p, g;
    if (!after || sscanf(after, ") %c %d %d", &s, &p, &g) != 3)
        return false;
    if (state)
        *state = s;
    if (parent)
        *parent = p;
    if (group)
        *group = g;
    return true;
}

bool look_gone(int pid) {
    return !look_process(pid, NULL, NULL, NULL);
}

bool look_stop(int pid) {
    char state = '?';
    if (kill(pid, SIGSTOP))
        return false;
    for (double end = dmap__clock_now() + 60; dmap__clock_now() < end && state != 'T'; dmap__clock_sleep(0.001))
        if (!look_process(pid, &state, NULL, NULL))
            return false;
    return state == 'T';
}

/* Processes of a parent, zombies too; or, if group is not 0, those of the group that live. */
static int count_processes(int parent, int group) {
    int n = 0;
    DIR *all = opendir("/proc");
    for (struct dirent *entry; all && (entry = readdir(all));) {
        int pid = atoi(entry->d_name), p, g;
        char state;
        if (pid > 0 && look_process(pid, &state, &p, &g))
            n += group ? g == group && state != 'Z' : p == parent;
    }
    if (all)
        closedir(all);
    return n;
}

int look_children(void) {
    return count_processes((int)getpid(), 0);
}

bool look_wait_group(int group, int count, double timeout_s) {
    double end = dmap__clock_now() + timeout_s;
    while (count_processes(0, group) != count) {
        if (dmap__clock_now() > end)
            return false;
        dmap__clock_sleep(0.002);
    }
    return true;
}

static bool is_over(int pid) {
    char state;
    int parent;
    return !look_process(pid, &state, &parent, NULL) || (state == 'Z' && parent == 1);
}

bool look_wait_gone(const int *pids, size_t count, double timeout_s) {
    double end = dmap__clock_now() + timeout_s;
    for (;;) {
        size_t left = 0;
        for (size_t i = 0; i < count; i++)
            left += !is_over(pids[i]);
        if (!left || dmap__clock_now() > end)
            return !left;
        dmap__clock_sleep(0.002);
    }
}

dmap_process *look_start(const dmap_process_options *options) {
    dmap_process *process = NULL;
    dmap_status status = dmap_process_open(options, &process);
    if (status == DMAP_OK)
        status = dmap_process_start(process);
    CU_ASSERT_EQUAL(status, DMAP_OK);
    if (status == DMAP_OK)
        return process;
    printf("\n  %s: %s\n", dmap_status_name(status), dmap_error(NULL));
    dmap_process_close(process);
    return NULL;
}

int look_end(dmap_process *process) {
    int code = -1000;
    if (!process)
        return code;
    if (dmap_process_join(process, 60) != DMAP_OK || dmap_process_exit_code(process, &code) != DMAP_OK)
        printf("\n  %s\n", dmap_error(NULL));
    CU_ASSERT_EQUAL(dmap_process_close(process), DMAP_OK);
    return code;
}

void look_read(int descriptor, char *text, size_t size) {
    size_t n = 0;
    for (ssize_t got; n < size - 1 && (got = read(descriptor, text + n, size - 1 - n)) > 0;)
        n += (size_t)got;
    text[n] = '\0';
}

dmap_process *look_start_with(dmap_process_fn *run, dmap_start how, int number, const int *fds, int n) {
    return look_start(&(dmap_process_options){.run = run,
                                              .argument = &number,
                                              .argument_size = sizeof number,
                                              .start = how,
                                              .daemon = true,
                                              .fds = fds,
                                              .n_fds = n});
}

void look_refused(dmap_status status, const char *word) {
    CU_ASSERT_EQUAL(status, DMAP_EINVAL);
    CU_ASSERT(strstr(dmap_error(NULL), word) != NULL);
}
