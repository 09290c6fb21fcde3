/* Files of memory, without a name: what processes of a host share. */
#ifndef DMAP_BASE_MEMORY_FILE_H
#define DMAP_BASE_MEMORY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A new, empty file, close-on-exec. *can_seal (may be NULL): it takes seals. -1, with errno, on failure. */
int dmap__memory_file(const char *name, bool *can_seal);
/** Has memory for these bytes of the file, now: memory that is out shows here, not as a SIGBUS later.
 *  Returns:  0, or why not, as errno has it: EFBIG for the limit that the program has on files (ulimit -f), EINTR */
int dmap__memory_file_reserve(int descriptor, uint64_t from, uint64_t size);
/** Appends all bytes. Returns 0, or why not, as dmap__memory_file_reserve. */
int dmap__memory_file_append(int descriptor, const void *data, size_t size);

#endif
