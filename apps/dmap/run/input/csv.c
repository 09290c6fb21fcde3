#include "run/input/csv.h"

#include <string.h>

/* Reads a column in quotes, from behind the first one. Returns where it ends; NULL: it does not. */
static const char *read_quoted(const char *data, const char *end, run_text *column) {
    for (;;) {
        const char *quote = memchr(data, '"', (size_t)(end - data));
        if (!quote)
            return NULL;
        run_text_add(column, data, (size_t)(quote - data));
        data = quote + 1;
        if (data == end || *data != '"')
            return data;
        run_text_add(column, "\"", 1);
        data++;
    }
}

bool run_csv_split(const char *separator, const char *data, size_t size, run_fields *fields) {
    const char *end = data + size;
    size_t length = strlen(separator);
    run_text column = {0};
    bool good = true, more = true;
    while (more && good) {
        run_text_clear(&column);
        const char *next = NULL;
        if (data < end && *data == '"') {
            next = read_quoted(data + 1, end, &column);
            more = next && next < end;
            good = next && (!more || ((size_t)(end - next) >= length && memcmp(next, separator, length) == 0));
        } else {
            next = memmem(data, (size_t)(end - data), separator, length);
            more = next != NULL;
            next = more ? next : end;
            run_text_add(&column, data, (size_t)(next - data));
            good = !memchr(data, '"', (size_t)(next - data));
        }
        if (good)
            run_fields_add(fields, column.data ? column.data : "", column.size);
        fields->broken = fields->broken || column.broken;
        data = more && good ? next + length : data;
    }
    run_text_free(&column);
    return good;
}
