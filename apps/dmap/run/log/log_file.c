/* One write a line, to a file opened for appending. */
#include "run/log/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void run_log_file_init(run_log_file *file, const char *what, const char *path, run_printer *printer) {
    *file = (run_log_file){.what = what, .path = path, .fd = -1};
    if (strcmp(path, "-") == 0)
        file->printer = printer;
}

bool run_log_file_refuse(const run_log_file *file, const char *why, char *error, size_t size) {
    snprintf(error, size, "the %s %s %s", file->what, file->path, why);
    return false;
}

bool run_log_file_refuse_errno(const run_log_file *file, const char *how, char *error, size_t size) {
    snprintf(error, size, "the %s %s cannot be %s: %s", file->what, file->path, how, strerror(errno));
    return false;
}

static bool write_all(const run_log_file *file, const char *data, size_t data_size, char *error, size_t size) {
    bool inside = false;
    if (file->printer)
        return run_print(file->printer, 1, data, data_size, NULL, &inside) ||
               run_log_file_refuse(file, "is lost", error, size);
    while (data_size > 0) {
        ssize_t done = write(file->fd, data, data_size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return run_log_file_refuse_errno(file, "written", error, size);
        data += done;
        data_size -= (size_t)done;
    }
    return true;
}

bool run_log_file_open(run_log_file *file, const char *header, bool keep, char *error, size_t size) {
    char last = '\n';
    struct stat status;
    if (file->printer)
        return write_all(file, header, strlen(header), error, size);
    file->fd = open(file->path, (keep ? O_RDWR : O_WRONLY | O_TRUNC) | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file->fd < 0 || fstat(file->fd, &status) != 0)
        return run_log_file_refuse_errno(file, "written", error, size);
    if (!keep || status.st_size == 0)
        return write_all(file, header, strlen(header), error, size);
    return pread(file->fd, &last, 1, status.st_size - 1) < 0 || last == '\n' || write_all(file, "\n", 1, error, size);
}

bool run_log_file_add(run_log_file *file, const char *columns, const char *command, size_t command_size, char *error,
                      size_t size) {
    size_t length = strlen(columns);
    run_text_clear(&file->line);
    run_text_add(&file->line, columns, length);
    run_text_add(&file->line, command, command_size);
    run_text_add(&file->line, "\n", 1);
    if (file->line.broken)
        return run_log_file_refuse(file, "cannot be written: out of memory", error, size);
    const char *end = file->line.data + file->line.size - 1;
    for (char *c = file->line.data + length; (c = memchr(c, '\n', (size_t)(end - c)));)
        *c++ = '\0';
    return write_all(file, file->line.data, file->line.size, error, size);
}

bool run_log_file_close(run_log_file *file, char *error, size_t size) {
    bool closed = file->fd < 0 || close(file->fd) == 0 || run_log_file_refuse_errno(file, "written", error, size);
    run_text_free(&file->line);
    file->fd = -1;
    return closed;
}
