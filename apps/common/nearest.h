/* Suggestions for a word that was misspelt. */
#ifndef APPS_NEAREST_H
#define APPS_NEAREST_H

#include <stddef.h>

/** The word of the list (its strings lie `step` bytes apart, from *first on; NULL: left out) that `word` was most
 *  likely meant to be: the one that it takes the fewest changes of letters to reach, if these are few for its length
 *  (one, and one more for every three letters beyond two). NULL if there is none. */
const char *nearest_word(const char *word, const char *const *first, size_t count, size_t step);

#endif
