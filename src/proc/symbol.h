/* The name of a place in this process's code. */
#ifndef DMAP_PROC_SYMBOL_H
#define DMAP_PROC_SYMBOL_H

#include <stddef.h>
#include <stdint.h>

/** Where the code at an address is from. */
typedef struct dmap__symbol {
    char name[128];   /* of the function; of its file if that is not known; "" if nothing is */
    uintptr_t offset; /* from its beginning */
} dmap__symbol;

/** Finds the function that holds `address`, a static one too if its file was not stripped. Allocates nothing: a signal
 *  handler may call it (it may block for ever if another thread holds the loader's lock). */
void dmap__symbol_find(uintptr_t address, dmap__symbol *symbol);

#endif
