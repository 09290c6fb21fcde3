/* JSON's strings: quotes, backslashes and control characters are escaped, other text goes through as it is if it is
 * UTF-8 (host names and paths may be any bytes, JSON may not). */
#include "json.h"

#include <stddef.h>

/* Bytes of the UTF-8 character that text begins with: 0 if it is none. Not the overlong, surrogates, beyond
 * U+10FFFF. */
static size_t character(const unsigned char *text) {
    unsigned char lead = text[0], low = 0x80, high = 0xbf;
    size_t n = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : 4;
    if (n == 4 && (lead < 0xf0 || lead > 0xf4))
        return 0;
    if (lead == 0xe0 || lead == 0xf0)
        low = lead == 0xe0 ? 0xa0 : 0x90;
    if (lead == 0xed || lead == 0xf4)
        high = lead == 0xed ? 0x9f : 0x8f;
    for (size_t i = 1; i < n; i++, low = 0x80, high = 0xbf)
        if (text[i] < low || text[i] > high)
            return 0;
    return n;
}

void json_string(FILE *out, const char *text) {
    const unsigned char *c = (const unsigned char *)text;
    fputc('"', out);
    while (*c) {
        size_t n = character(c);
        if (n == 0)
            fputs("\\ufffd", out);
        else if (*c < 0x20 || *c == 0x7f)
            fprintf(out, "\\u%04x", *c);
        else if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else
            fwrite(c, 1, n, out);
        c += n ? n : 1;
    }
    fputc('"', out);
}

void json_count(FILE *out, int number) {
    if (number < 0)
        fputs("null", out);
    else
        fprintf(out, "%d", number);
}
