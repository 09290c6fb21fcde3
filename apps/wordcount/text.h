/* A made-up text, the same everywhere. */
#ifndef WORDCOUNT_TEXT_H
#define WORDCOUNT_TEXT_H

#include <stddef.h>
#include <stdint.h>

/** Writes about `size` bytes of words and lines to a file: few words are frequent, most are rare, as in any language.
 *  Another text that is there is left alone. Returns 0; -1 with a sentence in error. */
int text_make(const char *path, uint64_t size, char *error, size_t error_size);

#endif
