/* Values as JSON (RFC 8259) has them. */
#ifndef DMAP_APPS_JSON_H
#define DMAP_APPS_JSON_H

#include <stdio.h>

/** A string, in quotes. What is no UTF-8 becomes U+FFFD, byte by byte. */
void json_string(FILE *out, const char *text);
/** A number; null if it is below 0. */
void json_count(FILE *out, int number);

#endif
