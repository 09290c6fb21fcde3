/* Which bytes are UTF-8: what a table cannot hold otherwise. Pure. */
#ifndef DMAP_APPS_RUN_OUTPUT_UTF8_H
#define DMAP_APPS_RUN_OUTPUT_UTF8_H

#include <stddef.h>

enum { RUN_UTF8_WRONG = 0, RUN_UTF8_CUT = -1 };
/** Bytes of the letter that [data, data + size) begins with, 1 to 4; RUN_UTF8_WRONG: its first byte begins none;
 *  RUN_UTF8_CUT: it may go on behind the end. size: 1 or more */
int run_utf8_letter(const char *data, size_t size);

#endif
