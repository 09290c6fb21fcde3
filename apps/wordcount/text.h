/* A made-up text, the same everywhere. */
#ifndef WORDCOUNT_TEXT_H
#define WORDCOUNT_TEXT_H

#include <stdint.h>

/** Writes about `size` bytes of words and lines to a file: few words are frequent, most are rare, as in any language.
 *  Returns 0 or an errno. */
int text_make(const char *path, uint64_t size);

#endif
