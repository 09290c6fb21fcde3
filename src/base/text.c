#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 4 /* bytes of a character */

/* Bytes of the character that begins so; 1 for what begins none. */
static size_t length_of(unsigned char lead) {
    return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
}

void dmap__text_trim(char *text) {
    size_t n = strlen(text), back = 1;
    while (back < LONGEST && back <= n && ((unsigned char)text[n - back] & 0xc0) == 0x80)
        back++;
    if (back <= n && length_of((unsigned char)text[n - back]) > back)
        text[n - back] = '\0';
}

void dmap__text_vprint(char *text, size_t size, const char *format, va_list args) {
    int saved = errno;
    int n = vsnprintf(text, size, format, args);
    if (size && n >= 0 && (size_t)n >= size)
        dmap__text_trim(text);
    errno = saved;
}

void dmap__text_print(char *text, size_t size, const char *format, ...) {
    va_list args;
    va_start(args, format);
    dmap__text_vprint(text, size, format, args);
    va_end(args);
}

static char nothing_kept[] = "there is no memory left to say why";

char *dmap__text_keep(const char *text) {
    int saved = errno;
    char *copy = strdup(text);
    errno = saved;
    return copy ? copy : nothing_kept;
}

void dmap__text_free(char *text) {
    if (text != nothing_kept)
        free(text);
}

/* The C library has this locale at hand, whole: it takes no memory. */
locale_t dmap__text_begin_plain(void) {
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return uselocale(plain);
}

void dmap__text_end_plain(locale_t before) {
    int saved = errno;
    locale_t plain = uselocale(before);
    if (plain != before && plain != LC_GLOBAL_LOCALE)
        freelocale(plain);
    errno = saved;
}
