/* Writing to standard output and standard error, whole, whoever reads them and however slowly. */
#ifndef DMAP_APPS_RUN_OUTPUT_PRINT_H
#define DMAP_APPS_RUN_OUTPUT_PRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "run/base/text.h"

typedef enum run_print_state {
    RUN_PRINT_GOOD,
    RUN_PRINT_CLOSED,     /* nobody reads any more: the run ends quietly */
    RUN_PRINT_FAILED,     /* error has a sentence */
    RUN_PRINT_INTERRUPTED /* the run is to stop, and nobody reads: what was to be written is lost */
} run_print_state;

typedef struct run_printer {
    run_print_state state;
    run_text pending[2]; /* not written yet, of descriptors 1 and 2 */
    char error[300];
    bool is_terminal[2]; /* descriptors 1 and 2 */
    bool is_inside_line; /* of the terminal: what was written last does not end its line */
    bool (*stop)(void);  /* true: the run is to stop, so a reader is waited for a second at most */
} run_printer;

void run_printer_init(run_printer *printer, bool (*stop)(void));
void run_printer_fini(run_printer *printer);

/** Adds bytes to what goes to descriptor 1 or 2. tag: begins each line; NULL: none. *inside: true if the last line has
 *  not ended; kept by the caller from call to call, false at first. Returns false if nothing can be written any
 *  more. */
bool run_print(run_printer *printer, int fd, const void *data, size_t size, const char *tag, bool *inside);
/** Writes what is pending. */
bool run_print_flush(run_printer *printer);

#endif
