#include "picture.h"

#include <stdlib.h>

int picture_init(picture *p, const char *path, const view *v) {
    *p = (picture){.width = v->width, .height = v->height};
    p->hashes = malloc(v->height * sizeof *p->hashes);
    p->file = p->hashes ? png_file_create(path, v->width, v->height) : NULL;
    return p->file && png_file_error(p->file)[0] == '\0' ? 0 : -1;
}

void picture_fini(picture *p) {
    png_file_close(p->file);
    free(p->hashes);
}

/* FNV-1a. */
static uint64_t hash(const uint8_t *bytes, size_t size) {
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        h = (h ^ bytes[i]) * 0x100000001b3u;
    return h;
}

int picture_row(picture *p, uint64_t row, const uint8_t *rgb) {
    p->hashes[row] = hash(rgb, 3 * (size_t)p->width);
    return png_file_row(p->file, rgb);
}

int picture_draw(picture *p, const view *v) {
    palette *colours = malloc(sizeof *colours);
    uint8_t *rgb = malloc(3 * (size_t)p->width);
    int status = colours && rgb ? 0 : -1;
    if (status == 0)
        palette_init(colours);
    for (uint64_t row = 0; status == 0 && row < p->height; row++) {
        fractal_row(v, colours, row, rgb);
        status = picture_row(p, row, rgb);
    }
    free(rgb);
    free(colours);
    return status == 0 ? picture_finish(p) : -1;
}

int picture_finish(picture *p) {
    return png_file_finish(p->file);
}

uint64_t picture_compare(const picture *p, const picture *other) {
    uint64_t row = 0;
    while (row < p->height && p->hashes[row] == other->hashes[row])
        row++;
    return row;
}

const char *picture_error(const picture *p) {
    return p->file ? png_file_error(p->file) : "out of memory";
}
