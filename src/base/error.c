#include "base/error.h"

#include <stdarg.h>

#include "base/text.h"

dmap_status dmap__fail(dmap__error *error, dmap_status status, const char *format, ...) {
    if (error) {
        va_list args;
        va_start(args, format);
        error->status = status;
        dmap__text_vprint(error->text, sizeof error->text, format, args);
        va_end(args);
    }
    return status;
}

dmap_status dmap__fail_memory(dmap__error *error, unsigned long long bytes, const char *what) {
    return dmap__fail(error, DMAP_ENOMEM, "out of memory for %llu bytes of %s", bytes, what);
}

void dmap__error_clear(dmap__error *error) {
    error->status = DMAP_OK;
    error->text[0] = '\0';
}
