/* What an MPI library calls itself, cut down to its name and version. */
#ifndef DMAP_NET_LIBRARY_H
#define DMAP_NET_LIBRARY_H

#include <stddef.h>

/** From the text of MPI_Get_library_version to "Open MPI v4.1.4" or "MPICH 4.0.2": one line without a comma, cut where
 *  `size` ends. size > 0. */
void dmap__library_name(const char *text, char *name, size_t size);

#endif
