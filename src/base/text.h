/* Text of bounded size: what is cut off is cut between two characters of UTF-8. */
#ifndef DMAP_BASE_TEXT_H
#define DMAP_BASE_TEXT_H

#include <locale.h>
#include <stdarg.h>
#include <stddef.h>

/** snprintf, but for that. Errno is kept. */
void dmap__text_print(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
void dmap__text_vprint(char *text, size_t size, const char *format, va_list args) __attribute__((format(printf, 3, 0)));

/** A copy, to be given back by dmap__text_free: of a sentence that is kept for a few out of many. If memory is out, it
 *  is a sentence that says no more than that: never NULL. Errno is kept. */
char *dmap__text_keep(const char *text);
/** text may be NULL. */
void dmap__text_free(char *text);

/** Numbers and dates are those of the locale "C" in this thread from here on, whatever the program has set: for text
 *  that programs read. Returns what dmap__text_end_plain is to be given. */
locale_t dmap__text_begin_plain(void);
/** Errno is kept. */
void dmap__text_end_plain(locale_t before);

/** Takes away the beginning of a character that has no end, if the text ends so. */
void dmap__text_trim(char *text);

#endif
