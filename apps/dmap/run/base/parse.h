/* Reading what stands behind options: numbers, durations, times, sizes, escapes. */
#ifndef DMAP_APPS_RUN_BASE_PARSE_H
#define DMAP_APPS_RUN_BASE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Digits only, up to most. */
bool run_read_number(const char *text, uint64_t most, uint64_t *value);
/** "0.5": digits with a point somewhere, nothing else. */
bool run_read_decimal(const char *text, double *value);
/** "12%" */
bool run_read_percent(const char *text, double *value);
/** "90", "1.5s", "1h30m", "2d" in seconds. */
bool run_read_duration(const char *text, double *seconds);
/** "+90", "+1h30m", "2026-11-23T18:00", "2026-11-23 18:00:30", "18:00" (today, or tomorrow if it is over) in seconds
 *  since the epoch. */
bool run_read_time(const char *text, double now, double *time);
/** "100", "10k" (1000), "10K" (1024) and so on with m, g, t: lower case decimal, upper case binary. */
bool run_read_size(const char *text, size_t *size);
/** A copy with its escapes (\n \t \r \f \v \a \b \\ \0 \101 \x41) undone, to be freed; other backslashes stay.
 *  Returns NULL if memory is out. */
char *run_unescape(const char *text, size_t *size);

#endif
