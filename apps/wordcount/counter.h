/* Counts the words of a range of a file. A word is a run of letters, digits and bytes above 127, that is, of any
 * letters in UTF-8; ASCII capitals count as small letters, unless case is kept.
 *
 * A range may be cut anywhere: it has the words that begin in it, whole. So the ranges that tile a file have each word
 * of it once, and nobody needs to look for borders beforehand. */
#ifndef WORDCOUNT_COUNTER_H
#define WORDCOUNT_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct counter counter;

/** Returns NULL if memory is out. */
counter *counter_create(bool keep_case);
/** c may be NULL. */
void counter_destroy(counter *c);

/** Adds the words that begin in [begin, end) of the file. A file that has become shorter has what it has. Returns 0 or
 *  an errno; if memory is out, all that was added is gone. */
int counter_add(counter *c, const char *path, uint64_t begin, uint64_t end);
/** Bytes of the table of all that was added. */
size_t counter_table_size(const counter *c);
/** Writes it, and begins anew. Returns false if memory is out: nothing is changed then. */
bool counter_take(counter *c, void *table);

#endif
