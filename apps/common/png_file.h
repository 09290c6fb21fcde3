/* A PNG written row by row. */
#ifndef APPS_PNG_FILE_H
#define APPS_PNG_FILE_H

#include <stdint.h>

typedef struct png_file png_file;

/** Begins a picture of 8-bit RGB. It appears at `path` only when png_file_finish has returned 0.
 *  Returns: NULL if memory is out; else to be ended with png_file_close, also if png_file_error says that it failed */
png_file *png_file_create(const char *path, uint32_t width, uint32_t height);
/** Writes the next row. Returns 0, or -1: png_file_error. */
int png_file_row(png_file *file, const uint8_t *rgb);
/** Completes the picture and puts it in its place. Returns 0, or -1: png_file_error. */
int png_file_finish(png_file *file);
/** What went wrong first: a sentence; "" if nothing did. */
const char *png_file_error(const png_file *file);
/** Frees; what was not finished is removed. file may be NULL. */
void png_file_close(png_file *file);

#endif
