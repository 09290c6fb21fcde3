/* Workers' places, as a table for people and as JSON for programs. */
#ifndef DMAP_APPS_INFO_PRINT_H
#define DMAP_APPS_INFO_PRINT_H

#include <stddef.h>

#include <dmap/place.h>

/** places: in order; a worker of -1 stands for a rank that has none, host "" for a machine without a name */
void info_print_table(const dmap_place *places, size_t count);
void info_print_json(const dmap_place *places, size_t count);

#endif
