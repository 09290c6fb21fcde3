/* A slot is a thread of its rank, a spawner, and a job of two processes: the shell and what it runs. What a job takes
 * beyond that is its own affair. */
#include "run/job/slots.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "run/job/cgroups.h"

enum {
    FILES_A_SLOT = 10, /* 7 at rest, 3 while a job starts */
    FILES_FOR_REST = 60,
    TASKS_A_SLOT = 4,
    TASKS_FOR_REST = 16,
    MEMORY_A_SLOT = 2 << 20
};

static uint64_t less(uint64_t limit, uint64_t used) {
    return limit > used ? limit - used : 0;
}

static uint64_t count_entries(const char *path) {
    DIR *folder = opendir(path);
    uint64_t count = 0;
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count > 2 ? count - 2 : 0;
}

static uint64_t files_left(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    return less(files.rlim_cur, count_entries("/proc/self/fd"));
}

/* Threads of all processes of this user, which RLIMIT_NPROC counts. */
static uint64_t tasks_of_user(void) {
    DIR *folder = opendir("/proc");
    uint64_t count = 0;
    char path[64];
    struct stat info;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        snprintf(path, sizeof path, "/proc/%.20s/task", entry->d_name);
        if (stat(path, &info) == 0 && info.st_uid == getuid())
            count += count_entries(path);
    }
    if (folder)
        closedir(folder);
    return count;
}

/* Root is not bound by it. */
static uint64_t tasks_left_of_user(void) {
    struct rlimit tasks;
    if (getuid() == 0 || getrlimit(RLIMIT_NPROC, &tasks) != 0 || tasks.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    return less(tasks.rlim_cur, tasks_of_user());
}

/* Keeps the least that a cgroup has left. */
static void note_tasks(void *arg, const char *folder) {
    uint64_t *left = arg, most = run_number_in(folder, "pids.max"), now = run_number_in(folder, "pids.current");
    if (most != UINT64_MAX && now != UINT64_MAX && less(most, now) < *left)
        *left = less(most, now);
}

run_room run_room_here(void) {
    struct sysinfo machine;
    run_room room = {.files = files_left(), .tasks = tasks_left_of_user(), .memory = UINT64_MAX};
    uint64_t most = run_number_in("/proc/sys/kernel", "threads-max");
    run_cgroups_visit("", "pids", note_tasks, &room.tasks);
    if (sysinfo(&machine) != 0)
        return room;
    if (most != UINT64_MAX && less(most, machine.procs) < room.tasks)
        room.tasks = less(most, machine.procs);
    room.memory = (machine.freeram + machine.bufferram + machine.freeswap) * (uint64_t)machine.mem_unit;
    return room;
}

int run_slots_fit(int slots, const run_room *room, char *short_of, size_t size) {
    const struct {
        uint64_t left, each;
        const char *what;
    } bounds[] = {{less(room->files, FILES_FOR_REST), FILES_A_SLOT, "descriptors (ulimit -n)"},
                  {less(room->tasks, TASKS_FOR_REST), TASKS_A_SLOT, "processes (ulimit -u, pids.max)"},
                  {room->memory, MEMORY_A_SLOT, "memory"}};
    *short_of = '\0';
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        uint64_t most = bounds[i].left / bounds[i].each;
        if (most >= (uint64_t)slots || slots == 1)
            continue;
        slots = most > 1 ? (int)most : 1;
        snprintf(short_of, size, "%s", bounds[i].what);
    }
    return slots;
}
