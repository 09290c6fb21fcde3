/* What stands around a picture: ticks and their figures along two axes, and text and bars of colour on the right. */
#ifndef SWEEP_FRAME_H
#define SWEEP_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum { FRAME_LEFT = 136, FRAME_TOP = 24, FRAME_RIGHT = 216, FRAME_BOTTOM = 64, FRAME_LEAST = 460, FRAME_MOST = 40 };

typedef struct frame_mark {
    size_t x, y; /* of its upper left corner */
    char text[24];
    size_t width, height; /* of a black line, if there is no text */
} frame_mark;

typedef struct frame {
    size_t width, height; /* of the picture inside */
    frame_mark marks[FRAME_MOST];
    size_t n;
} frame;

/** Of all: the picture inside is at FRAME_LEFT, FRAME_TOP. */
size_t frame_width(const frame *f);
size_t frame_height(const frame *f);
/** Adds a tick, so many pixels right of the picture's left edge, or above its lower one, with its figure. */
void frame_tick_right(frame *f, size_t at, double value);
void frame_tick_up(frame *f, size_t at, double value);
/** Adds text; x, y: its upper left corner. */
void frame_text(frame *f, size_t x, size_t y, const char *text);
/** Draws the row's part of all that was added, and the edges of the picture.
 *  rgb:  the whole row, white or drawn before */
void frame_draw(const frame *f, size_t row, uint8_t *rgb);

#endif
