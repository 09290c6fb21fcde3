/* A file that appears when it is complete. */
#ifndef APPS_OUT_FILE_H
#define APPS_OUT_FILE_H

#include <stdio.h>

typedef struct out_file out_file;

/** Begins the file at `path`. What is there stays as it is until out_file_finish; what is something else than a plain
 *  file (a pipe, a device) is written to directly, and never removed.
 *  Returns: NULL with errno; else to be ended with out_file_close */
out_file *out_file_open(const char *path);
/** Where to write. */
FILE *out_file_stream(const out_file *file);
/** Puts the file in its place. Returns 0, or -1 with errno if it could not be done, or something could not be
 *  written. */
int out_file_finish(out_file *file);
/** Frees; of what was not finished nothing is left. file may be NULL. */
void out_file_close(out_file *file);

#endif
