/* Letters, digits and _ + - . / stand as they are; all else goes in single quotes, in which only the single quote
 * itself is special: it closes them, stands in double quotes, and opens them again. */
#include "run/command/quote.h"

#include <string.h>

static bool is_plain(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("_+-./", c));
}

static bool needs_quotes(const char *value, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (!is_plain((unsigned char)value[i]))
            return true;
    return size == 0;
}

void run_quote(run_text *text, const char *value, size_t size) {
    if (!needs_quotes(value, size)) {
        run_text_add(text, value, size);
        return;
    }
    if (size == 0)
        run_text_add(text, "''", 2);
    for (size_t i = 0; i < size;) {
        const char *quote = memchr(value + i, '\'', size - i);
        size_t plain = quote ? (size_t)(quote - value) - i : size - i;
        bool outer = i == 0 || !quote; /* at either end, '' is left out */
        if (plain > 0 || !outer) {
            run_text_add(text, "'", 1);
            run_text_add(text, value + i, plain);
            run_text_add(text, "'", 1);
        }
        if (quote)
            run_text_add(text, "\"'\"", 3);
        i += plain + (quote != NULL);
    }
}
