/* A file that values or blocks are read from, or standard input.
 *
 * Of what is not a regular file nothing is to be read before poll() says that there is something: so standard input,
 * which others may share, needs no O_NONBLOCK. A FIFO is opened so, as its opening would wait for a writer; until the
 * first one comes, poll() says no. */
#ifndef DMAP_APPS_RUN_INPUT_INPUT_FILE_H
#define DMAP_APPS_RUN_INPUT_INPUT_FILE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct run_file {
    const char *name; /* for sentences */
    int fd;
    bool own_fd, regular;
} run_file;

/** path: "-" is standard input; borrowed until run_file_close. Returns false with a sentence. */
bool run_file_open(run_file *file, const char *path, char *error, size_t size);
void run_file_close(run_file *file);
/** Sets the sentence for a reading that failed with errno. */
void run_file_refuse(const run_file *file, char *error, size_t size);

#endif
