#include "run/input/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void run_file_refuse(const run_file *file, char *error, size_t size) {
    snprintf(error, size, "%s cannot be read: %s", file->name, strerror(errno));
}

bool run_file_open(run_file *file, const char *path, char *error, size_t size) {
    bool standard = strcmp(path, "-") == 0;
    struct stat status;
    *file = (run_file){.name = standard ? "standard input" : path, .fd = STDIN_FILENO, .own_fd = !standard};
    if (!standard)
        file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file->fd < 0 || fstat(file->fd, &status) != 0 || (S_ISDIR(status.st_mode) && (errno = EISDIR))) {
        run_file_refuse(file, error, size);
        run_file_close(file);
        return false;
    }
    file->regular = S_ISREG(status.st_mode);
    return true;
}

void run_file_close(run_file *file) {
    if (file->own_fd && file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}
