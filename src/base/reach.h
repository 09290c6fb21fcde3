/* Writing into the memory of another process of this host, and reading from it, which need not do anything for it: one
 * copy, made by whoever has the data in its cache, or wants them there. Linux allows it where it would allow a debugger
 * (process_vm_writev, process_vm_readv).
 *
 * A gate is how the other process keeps its memory its own in the end: each writer goes through a gate of its own, and
 * once that is closed nothing more is written. */
#ifndef DMAP_BASE_REACH_H
#define DMAP_BASE_REACH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** In memory that both processes map. Zero bytes: open, and nobody writes. */
typedef struct dmap__gate {
    _Atomic uint32_t inside; /* writes under way */
    _Atomic uint32_t is_closed;
    _Atomic int64_t writer; /* the process that writes; 0: none yet */
    char line[48];          /* side by side, gates share no line of a cache */
} dmap__gate;

_Static_assert(sizeof(dmap__gate) == 64, "a gate fills a line of a cache");

typedef struct dmap__reach {
    int64_t process;  /* whose memory it is */
    dmap__gate *gate; /* of this writer */
} dmap__reach;

/** Writes to an address of that process. Any thread; blocks for the copy. Returns 0, or an errno: ECANCELED if the gate
 *  is closed, EPERM, EFAULT, ESRCH, …; part of the bytes may have been written then. */
int dmap__reach_write(const dmap__reach *reach, uint64_t address, const void *bytes, size_t size);
/** Reads from an address of that process; no gate is asked. Any thread; blocks for the copy. Returns 0, or an errno;
 *  part of it may have been read then. */
int dmap__reach_read(const dmap__reach *reach, uint64_t address, void *bytes, size_t size);
/** Opens what another process has under that descriptor, if it is a file of that size. flags: O_RDONLY or O_RDWR.
 *  Looked at before it is opened: to open what is there in its place may block, or do something. Returns a descriptor,
 *  closed on exec, or -1. */
int dmap__reach_file(int64_t process, int descriptor, size_t size, int flags);
/** Nothing is written through the gate when this has returned true. False: after timeout_s something still was. */
bool dmap__gate_close(dmap__gate *gate, double timeout_s);

#endif
