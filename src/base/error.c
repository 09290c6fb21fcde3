#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

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

dmap_status dmap__fail_task(dmap__error *error, const char *task, const char *why) {
    return dmap__fail(error, DMAP_EINVAL, "task \"%s\": %s", task, why);
}

void dmap__error_clear(dmap__error *error) {
    error->status = DMAP_OK;
    error->text[0] = '\0';
}

void dmap__trouble_set(dmap__trouble *trouble, dmap_status status, const char *format, ...) {
    dmap__error error;
    va_list args;
    if (trouble->status != DMAP_OK)
        return;
    va_start(args, format);
    dmap__text_vprint(error.text, sizeof error.text, format, args);
    va_end(args);
    *trouble = (dmap__trouble){status, dmap__text_keep(error.text)};
}

void dmap__trouble_clear(dmap__trouble *trouble) {
    dmap__text_free(trouble->text);
    *trouble = (dmap__trouble){.status = DMAP_OK};
}

dmap_status dmap__fail_system(dmap__error *error, int number, const char *what) {
    char reason[128];
    dmap_status status = number == ENOMEM ? DMAP_ENOMEM : number == ENOSYS ? DMAP_EUNSUPPORTED : DMAP_EIO;
    const char *limit = number == EMFILE ? " (see ulimit -n)" : number == EFBIG ? " (see ulimit -f)" : "";
    return dmap__fail(error, status, "cannot %s: %s%s", what, strerror_r(number, reason, sizeof reason), limit);
}

bool dmap__error_is_lack(int number) {
    return number == ENOSYS || number == EPERM || number == EACCES;
}
