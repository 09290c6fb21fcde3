/* What went wrong: a status for the program, a sentence for the person. */
#ifndef DMAP_BASE_ERROR_H
#define DMAP_BASE_ERROR_H

#include <stdbool.h>

#include <dmap/status.h>

typedef struct dmap__error {
    dmap_status status;
    char text[1280];
} dmap__error;

/** An error kept where hardly ever there is one: its sentence has memory of its own. All zeros: none. */
typedef struct dmap__trouble {
    dmap_status status; /* DMAP_OK: none */
    char *text;         /* of dmap__text_keep; NULL: none */
} dmap__trouble;

/** Sets *error (may be NULL) and returns status: `return dmap__fail(error, DMAP_EINVAL, "…")`. Errno is kept. */
dmap_status dmap__fail(dmap__error *error, dmap_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** "out of memory for 10 bytes of what" */
dmap_status dmap__fail_memory(dmap__error *error, unsigned long long bytes, const char *what);
/** A task is not fit for what is asked of it: "task "name": why". Returns DMAP_EINVAL. */
dmap_status dmap__fail_task(dmap__error *error, const char *task, const char *why);
/** True if a system call failed with this errno because the kernel has none of the name, or a sandbox forbids it: other
 *  ways are worth a try. */
bool dmap__error_is_lack(int number);
/** The status for a failed system call: "cannot WHAT: reason of number", and where to look if that is a limit
 *  of the program's. Returns DMAP_ENOMEM, DMAP_EUNSUPPORTED (the kernel has no such call) or DMAP_EIO. */
dmap_status dmap__fail_system(dmap__error *error, int number, const char *what);

void dmap__error_clear(dmap__error *error);

/** Does nothing if there is one: the first counts. Errno is kept. */
void dmap__trouble_set(dmap__trouble *trouble, dmap_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** Frees its sentence: there is none any more. */
void dmap__trouble_clear(dmap__trouble *trouble);

#endif
