/* How it is opened. A commit writes what is new once, and once only: the rollback journal of SQLite has no copy of
 * pages that are appended, while its write-ahead log would write each of them twice. Nor is there memory shared through
 * a file, which network file systems do not have. Where locks fail, or lie, SQLite is to take none ("unix-none"), and
 * to be alone: the lock file sees to that (lock_file.h). Elsewhere others may read while a run writes. */
#include "keep/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BUSY_MS 60000 /* that somebody may read, and so keep us from a commit */

/* ---- file systems ---- */

static bool is_network(const char *path) {
    static const uint32_t types[] = {0x6969,     0x0BD00BD0, 0x47504653, 0xFF534D42, 0xFE534D42, 0x517B,
                                     0x19830326, 0x00C36400, 0x5346414F, 0xAAD7AAEA, 0x01021997, 0x65735546,
                                     0x564C,     0x73757245, 0x6B414653, 0x20030528}; /* nfs lustre gpfs cifs smb2 smb
        beegfs ceph afs panfs 9p fuse ncp coda kafs pvfs */
    struct statfs info;
    if (statfs(path, &info))
        return false;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if ((uint32_t)info.f_type == types[i])
            return true;
    return false;
}

/* Before SQLite has the file: closing a descriptor of it drops all locks of the process. */
static bool has_locks(const char *path) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000000, .l_len = 1};
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return true; /* why not, SQLite will say */
    bool failed = fcntl(fd, F_SETLK, &lock) != 0 && errno != EAGAIN && errno != EACCES;
    close(fd);
    return !failed;
}

/* ---- opening ---- */

/* Neither ":memory:", nor "" nor "file:…" is to be read as SQLite reads them. */
static char *name_of(const char *path) {
    size_t size = strlen(path) + 3;
    char *name = malloc(size);
    if (name)
        snprintf(name, size, "%s%s", path[0] == '/' ? "" : "./", path);
    return name;
}

static bool set_up(const dmap__file *file, int page_size) {
    char sql[300];
    sqlite3_extended_result_codes(file->db, 1);
    sqlite3_busy_timeout(file->db, BUSY_MS);
    sqlite3_limit(file->db, SQLITE_LIMIT_LENGTH, 1000000000);
    sqlite3_limit(file->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_db_config(file->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(file->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(file->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    snprintf(
        sql, sizeof sql,
        "PRAGMA locking_mode = %s; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; "
        "PRAGMA temp_store = MEMORY; PRAGMA page_size = %d; PRAGMA synchronous = FULL",
        file->is_lockless ? "EXCLUSIVE" : "NORMAL", page_size);
    return dmap__file_run(file, sql);
}

/* Reads the tables, or makes them. A file that SQLite has put into another mode (a user may) is put back. */
static dmap_status look_inside(dmap__file *file, bool *is_damaged, dmap__error *error) {
    dmap__tables tables = dmap__file_look_at_tables(file);
    if (tables == DMAP__TABLES_OTHER)
        return dmap__fail(error, DMAP_EIO, "\"%s\" is no journal of dmap of this version: it has other tables",
                          file->path);
    if (tables == DMAP__TABLES_UNREADABLE) {
        *is_damaged = dmap__file_is_damaged(file);
        return dmap__file_fail(file, "read", error);
    }
    bool is_ready = dmap__file_run(file, "PRAGMA journal_mode = TRUNCATE") &&
                    (tables == DMAP__TABLES_OURS || dmap__file_make_tables(file));
    return is_ready ? DMAP_OK : dmap__file_fail(file, "write", error);
}

/* What is no SQLite file, or of no bytes that a crash could have left, is not ours to touch. */
static dmap_status look_at_head(const dmap__file *file, dmap__error *error) {
    static const char magic[16] = "SQLite format 3";
    char head[16];
    struct stat info;
    int fd = open(file->name, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
    if (fd < 0 || fstat(fd, &info)) {
        int number = errno;
        if (fd >= 0)
            close(fd);
        return dmap__fail(error, DMAP_EIO, "cannot open the journal \"%s\" for writing: %s", file->path,
                          strerror(number));
    }
    ssize_t n = S_ISREG(info.st_mode) ? read(fd, head, sizeof head) : -1;
    close(fd);
    if (!S_ISREG(info.st_mode))
        return dmap__fail(error, DMAP_EIO, "\"%s\" is no journal: it is no file", file->path);
    if (n == 0 || (n == (ssize_t)sizeof magic && !memcmp(head, magic, sizeof magic)))
        return DMAP_OK;
    return dmap__fail(error, DMAP_EIO, "\"%s\" is no journal of dmap: it does not begin as one", file->path);
}

dmap_status dmap__file_open(dmap__file *file, const char *path, int page_size, bool *is_damaged, dmap__error *error) {
    *file = (dmap__file){.path = path, .name = name_of(path), .fd = -1};
    *is_damaged = false;
    if (!file->name)
        return dmap__fail_memory(error, strlen(path), "a journal's name");
    dmap_status status = look_at_head(file, error);
    if (status != DMAP_OK)
        return status;
    file->is_lockless = is_network(file->name) || !has_locks(file->name);
    file->fd = open(file->name, O_RDONLY | O_CLOEXEC);
    int code = sqlite3_open_v2(file->name, &file->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                               file->is_lockless ? "unix-none" : NULL);
    if (!file->db)
        return dmap__fail_memory(error, 1, "a journal");
    if (code != SQLITE_OK || !set_up(file, page_size)) {
        *is_damaged = dmap__file_is_damaged(file);
        return dmap__file_fail(file, "open", error);
    }
    return look_inside(file, is_damaged, error);
}

void dmap__file_close(dmap__file *file) {
    sqlite3_stmt *statements[] = {file->begin,  file->commit,         file->rollback,
                                  file->insert, file->insert_failure, file->load};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        sqlite3_finalize(statements[i]);
    sqlite3_close(file->db);
    if (file->name && file->fd >= 0)
        close(file->fd);
    free(file->name);
    *file = (dmap__file){.path = file->path, .fd = -1};
}
