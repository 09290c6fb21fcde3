/* Text is of letters of five by seven dots, each SCALE pixels wide: those that are needed, so that no font has to be
 * installed. A row is drawn at a time, as pictures are written. */
#include "frame.h"

#include <stdio.h>
#include <string.h>

enum { SCALE = 2, COLUMNS = 5, ROWS = 7, STEP = 6 * SCALE, TICK = 8, GAP = 6 };

static const struct {
    char letter;
    uint8_t rows[ROWS];
} font[] = {
    {'0', {0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e}}, {'1', {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e}},
    {'2', {0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f}}, {'3', {0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e}},
    {'4', {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02}}, {'5', {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e}},
    {'6', {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e}}, {'7', {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}},
    {'8', {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e}}, {'9', {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c}},
    {'.', {0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x0c}}, {'-', {0x00, 0x00, 0x00, 0x1f, 0x00, 0x00, 0x00}},
    {'+', {0x00, 0x04, 0x04, 0x1f, 0x04, 0x04, 0x00}}, {':', {0x00, 0x0c, 0x0c, 0x00, 0x0c, 0x0c, 0x00}},
    {'a', {0x00, 0x00, 0x0e, 0x01, 0x0f, 0x11, 0x0f}}, {'b', {0x10, 0x10, 0x16, 0x19, 0x11, 0x11, 0x1e}},
    {'c', {0x00, 0x00, 0x0e, 0x10, 0x10, 0x11, 0x0e}}, {'d', {0x01, 0x01, 0x0d, 0x13, 0x11, 0x11, 0x0f}},
    {'e', {0x00, 0x00, 0x0e, 0x11, 0x1f, 0x10, 0x0e}}, {'i', {0x04, 0x00, 0x0c, 0x04, 0x04, 0x04, 0x0e}},
    {'l', {0x0c, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e}}, {'m', {0x00, 0x00, 0x1a, 0x15, 0x15, 0x11, 0x11}},
    {'n', {0x00, 0x00, 0x16, 0x19, 0x11, 0x11, 0x11}}, {'o', {0x00, 0x00, 0x0e, 0x11, 0x11, 0x11, 0x0e}},
    {'p', {0x00, 0x00, 0x1e, 0x11, 0x1e, 0x10, 0x10}}, {'r', {0x00, 0x00, 0x16, 0x19, 0x10, 0x10, 0x10}},
    {'s', {0x00, 0x00, 0x0e, 0x10, 0x0e, 0x01, 0x1e}}, {'t', {0x08, 0x08, 0x1c, 0x08, 0x08, 0x09, 0x06}},
    {'y', {0x00, 0x00, 0x11, 0x11, 0x0f, 0x01, 0x0e}},
};

static const uint8_t *rows_of(char letter) {
    static const uint8_t blank[ROWS] = {0};
    for (size_t i = 0; i < sizeof font / sizeof font[0]; i++)
        if (font[i].letter == letter)
            return font[i].rows;
    return blank;
}

size_t frame_width(const frame *f) {
    return FRAME_LEFT + f->width + FRAME_RIGHT;
}

size_t frame_height(const frame *f) {
    return FRAME_TOP + (f->height > FRAME_LEAST ? f->height : FRAME_LEAST) + FRAME_BOTTOM;
}

static void add(frame *f, frame_mark mark) {
    if (f->n < FRAME_MOST)
        f->marks[f->n++] = mark;
}

void frame_text(frame *f, size_t x, size_t y, const char *text) {
    frame_mark mark = {.x = x, .y = y};
    snprintf(mark.text, sizeof mark.text, "%s", text);
    add(f, mark);
}

void frame_tick_right(frame *f, size_t at, double value) {
    char text[24];
    size_t y = FRAME_TOP + f->height;
    size_t half = (size_t)snprintf(text, sizeof text, "%.3g", value) * STEP / 2;
    add(f, (frame_mark){.x = FRAME_LEFT + at, .y = y, .width = SCALE, .height = TICK});
    frame_text(f, FRAME_LEFT + at - half, y + TICK + GAP, text);
}

void frame_tick_up(frame *f, size_t at, double value) {
    char text[24];
    size_t y = FRAME_TOP + f->height - at;
    size_t length = (size_t)snprintf(text, sizeof text, "%.3g", value) * STEP;
    add(f, (frame_mark){.x = FRAME_LEFT - TICK, .y = y, .width = TICK, .height = SCALE});
    size_t room = FRAME_LEFT - TICK - GAP;
    frame_text(f, room > length ? room - length : 0, y - ROWS * SCALE / 2, text);
}

static void blacken(uint8_t *rgb, size_t from, size_t count) {
    memset(rgb + 3 * from, 0, 3 * count);
}

static void draw_text(const frame_mark *mark, size_t row, uint8_t *rgb) {
    for (size_t i = 0; mark->text[i]; i++)
        for (size_t column = 0; column < COLUMNS; column++)
            if (rows_of(mark->text[i])[row / SCALE] >> (COLUMNS - 1 - column) & 1)
                blacken(rgb, mark->x + i * STEP + column * SCALE, SCALE);
}

void frame_draw(const frame *f, size_t row, uint8_t *rgb) {
    for (size_t i = 0; i < f->n; i++) {
        const frame_mark *mark = &f->marks[i];
        size_t height = mark->text[0] ? ROWS * SCALE : mark->height;
        if (row < mark->y || row >= mark->y + height)
            continue;
        if (mark->text[0])
            draw_text(mark, row - mark->y, rgb);
        else
            blacken(rgb, mark->x, mark->width);
    }
    if (row + 1 == FRAME_TOP || row == FRAME_TOP + f->height)
        blacken(rgb, FRAME_LEFT - 1, f->width + 2);
    if (row >= FRAME_TOP && row < FRAME_TOP + f->height) {
        blacken(rgb, FRAME_LEFT - 1, 1);
        blacken(rgb, FRAME_LEFT + f->width, 1);
    }
}
