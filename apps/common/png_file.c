/* PNG by libpng, streaming: nothing of the picture is held but a row.
 *
 * libpng reports errors by longjmp. Each function that calls it sets its own landing place, and nothing that it changes
 * lives in local variables. After the first error no libpng function is called but the one that frees. */
#include "png_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "out_file.h"

struct png_file {
    png_structp png;
    png_infop info;
    out_file *out;
    char *path;
    char error[512];
};

__attribute__((format(printf, 2, 3))) static int fail(png_file *f, const char *format, ...) {
    if (!f->error[0]) {
        va_list args;
        va_start(args, format);
        vsnprintf(f->error, sizeof f->error, format, args);
        va_end(args);
    }
    return -1;
}

static void on_error(png_structp png, png_const_charp text) {
    png_file *f = png_get_error_ptr(png);
    if (errno)
        fail(f, "%s: %s", f->path, strerror(errno));
    else
        fail(f, "%s: libpng: %s", f->path, text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static int begin(png_file *f, uint32_t width, uint32_t height) {
    f->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, f, on_error, on_warning);
    f->info = f->png ? png_create_info_struct(f->png) : NULL;
    if (!f->info)
        return fail(f, "%s: out of memory", f->path);
    if (setjmp(png_jmpbuf(f->png)))
        return -1;
    errno = 0;
    png_init_io(f->png, out_file_stream(f->out));
    png_set_user_limits(f->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(f->png, f->info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
                 PNG_FILTER_TYPE_BASE);
    png_set_compression_level(f->png, 3); /* a higher one takes longer than drawing, for a few percent */
    png_write_info(f->png, f->info);
    return 0;
}

png_file *png_file_create(const char *path, uint32_t width, uint32_t height) {
    png_file *f = calloc(1, sizeof *f);
    if (!f || !(f->path = strdup(path))) {
        free(f);
        return NULL;
    }
    f->out = out_file_open(path);
    if (f->out)
        begin(f, width, height);
    else
        fail(f, "%s: %s", path, strerror(errno));
    return f;
}

int png_file_row(png_file *file, const uint8_t *rgb) {
    if (file->error[0] || setjmp(png_jmpbuf(file->png)))
        return -1;
    errno = 0;
    png_write_row(file->png, rgb);
    return 0;
}

static int end(png_file *f) {
    if (f->error[0] || setjmp(png_jmpbuf(f->png)))
        return -1;
    errno = 0;
    png_write_end(f->png, NULL);
    return 0;
}

int png_file_finish(png_file *file) {
    if (end(file) != 0)
        return -1;
    return out_file_finish(file->out) == 0 ? 0 : fail(file, "%s: %s", file->path, strerror(errno));
}

const char *png_file_error(const png_file *file) {
    return file->error;
}

void png_file_close(png_file *file) {
    if (!file)
        return;
    png_destroy_write_struct(&file->png, &file->info);
    out_file_close(file->out);
    free(file->path);
    free(file);
}
