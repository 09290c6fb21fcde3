/* A slot is a thread of its rank, a spawner, and a job of two processes: the shell and what it runs. What a job takes
 * beyond that is its own affair. */
#include "run/job/slots.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

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

/* The number in a file of one line; UINT64_MAX if there is none ("max"). */
static uint64_t read_number(const char *path, const char *file) {
    char name[PATH_MAX];
    unsigned long long number = 0;
    if (snprintf(name, sizeof name, "%s/%s", path, file) >= (int)sizeof name)
        return UINT64_MAX;
    FILE *from = fopen(name, "re");
    int got = from ? fscanf(from, "%llu", &number) : 0;
    if (from)
        fclose(from);
    return got == 1 ? number : UINT64_MAX;
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

/* Of this process's cgroup and those above it, of either version. */
static uint64_t tasks_left_of_cgroups(void) {
    char line[PATH_MAX], path[PATH_MAX + 64];
    uint64_t left = UINT64_MAX;
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file)) {
        char *where = strrchr(line, ':'), *kind = strchr(line, ':');
        line[strcspn(line, "\n")] = '\0';
        if (!where || !kind || (where != kind + 1 && strncmp(kind, ":pids:", 6) != 0))
            continue;
        snprintf(path, sizeof path, "/sys/fs/cgroup%s%s", where == kind + 1 ? "" : "/pids", where + 1);
        for (char *slash = path + strlen(path); slash && strlen(path) >= strlen("/sys/fs/cgroup");
             slash = strrchr(path, '/')) {
            *slash = '\0';
            uint64_t most = read_number(path, "pids.max"), now = read_number(path, "pids.current");
            if (most != UINT64_MAX && now != UINT64_MAX && less(most, now) < left)
                left = less(most, now);
        }
    }
    if (file)
        fclose(file);
    return left;
}

run_room run_room_here(void) {
    struct sysinfo machine;
    run_room room = {.files = files_left(), .tasks = tasks_left_of_user(), .memory = UINT64_MAX};
    uint64_t of_cgroups = tasks_left_of_cgroups(), most = read_number("/proc/sys/kernel", "threads-max");
    room.tasks = of_cgroups < room.tasks ? of_cgroups : room.tasks;
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
