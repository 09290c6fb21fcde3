#include "supervise_progress.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "journal_file.h"

#define LOCK_STALE_S 60.0 /* after that long a run takes over the lock of another host's process */
#define LOOK_AGAIN_S 0.1

const char *supervise_progress_file(char **argv) {
    static const char *const names[] = {"--journal", "--joblog"};
    for (char **at = argv; *at; at++) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            size_t length = strlen(names[i]);
            if (strncmp(*at, names[i], length) != 0)
                continue;
            if ((*at)[length] == '=' && (*at)[length + 1])
                return *at + length + 1;
            if (!(*at)[length] && at[1])
                return at[1];
        }
    }
    return NULL;
}

uint64_t supervise_progress_stamp(const char *file) {
    struct stat info;
    if (stat(file, &info) != 0)
        return 0;
    return (uint64_t)info.st_mtim.tv_sec * 1000000000 + (uint64_t)info.st_mtim.tv_nsec + (uint64_t)info.st_size;
}

static uint64_t size_of(const char *file) {
    struct stat info;
    return stat(file, &info) == 0 ? (uint64_t)info.st_size : 0;
}

/* Returns false if the file is no journal, or is damaged. */
static bool count_items(const char *name, uint64_t *items) {
    journal_file file;
    journal_ranges list;
    sqlite3_stmt *map = journal_open(&file, name) ? journal_prepare(&file, "SELECT id FROM map") : NULL;
    bool is_read = map != NULL;
    *items = 0;
    while (is_read && sqlite3_step(map) == SQLITE_ROW) {
        is_read = journal_list(&file, sqlite3_column_int64(map, 0), &list);
        *items += is_read ? journal_items(&list) : 0;
        free(list.ranges);
    }
    is_read = sqlite3_finalize(map) == SQLITE_OK && is_read;
    journal_close(&file);
    return is_read;
}

uint64_t supervise_progress_done(const char *file) {
    uint64_t items;
    return count_items(file, &items) ? items : size_of(file);
}

double supervise_progress_held_s(const char *file) {
    char path[4200], host[256], here[256] = "";
    long process = 0;
    struct stat info;
    snprintf(path, sizeof path, "%s.lock", file);
    FILE *lock = fopen(path, "re");
    if (!lock)
        return 0;
    bool is_read = fscanf(lock, "%255s %ld", host, &process) == 2 && fstat(fileno(lock), &info) == 0;
    fclose(lock);
    gethostname(here, sizeof here - 1);
    if (!is_read || process <= 0)
        return 0;
    if (strcmp(host, here) == 0)
        return kill((pid_t)process, 0) == 0 || errno == EPERM ? LOOK_AGAIN_S : 0;
    double age_s = difftime(time(NULL), info.st_mtime);
    return age_s < LOCK_STALE_S ? LOCK_STALE_S - age_s + 1 : 0;
}
