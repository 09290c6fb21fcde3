/* Text of bounded size: what is cut off is cut between two characters of UTF-8. */
#ifndef DMAP_BASE_TEXT_H
#define DMAP_BASE_TEXT_H

#include <stdarg.h>
#include <stddef.h>

/** snprintf, but for that. Errno is kept. */
void dmap__text_print(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
void dmap__text_vprint(char *text, size_t size, const char *format, va_list args) __attribute__((format(printf, 3, 0)));

/** Takes away the beginning of a character that has no end, if the text ends so. */
void dmap__text_trim(char *text);

#endif
