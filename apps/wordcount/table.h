/* Tables of words: bytes that travel and are merged. Words lie one after the other, in the order of their bytes, each
 * once: so a table is the same bytes however it came about. */
#ifndef WORDCOUNT_TABLE_H
#define WORDCOUNT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct word {
    const char *text; /* length bytes, no 0 behind */
    size_t length;
    uint64_t count;
} word;

/** Order of words: by their bytes. */
int word_compare(const word *a, const word *b);

/** Bytes of a word in a table. */
size_t table_word_size(size_t length);
/** Writes a word behind those that are there. Returns the new end. */
unsigned char *table_put(unsigned char *to, const word *w);
/** Reads the word at *at, which moves on. Returns false at the end. */
bool table_next(const unsigned char **at, const unsigned char *end, word *w);

/** Writes one table of two, of left_size + right_size bytes at most. Returns its size. */
size_t table_merge(const void *left, size_t left_size, const void *right, size_t right_size, void *both);

/** Counts words: all, and different ones. */
void table_count(const void *table, size_t size, uint64_t *words, uint64_t *different);
/** Prints the `top` most frequent words (0: all) as `uniq -c` does, equally frequent ones in the order of their bytes.
 *  Returns 0, or -1 if memory is out. */
int table_print(const void *table, size_t size, uint64_t top);

#endif
