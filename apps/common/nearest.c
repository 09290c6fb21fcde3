/* The nearest word, by edit distance (letters put in, left out or replaced), one row of the table at a time. A word
 * that begins like the one that was typed ("work" for "workers") is near as well. Long words are not looked at: no
 * option is longer than a few dozen letters. */
#include "nearest.h"

#include <stdint.h>
#include <string.h>

enum { MOST_LETTERS = 63 };

static size_t least(size_t a, size_t b, size_t c) {
    size_t low = a < b ? a : b;
    return low < c ? low : c;
}

static size_t distance(const char *from, const char *to) {
    size_t row[MOST_LETTERS + 1], n = strlen(to);
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 0; from[i]; i++) {
        size_t corner = row[0]++;
        for (size_t j = 0; j < n; j++) {
            size_t cost = corner + (from[i] != to[j]);
            corner = row[j + 1];
            row[j + 1] = least(row[j + 1] + 1, row[j] + 1, cost);
        }
    }
    return row[n];
}

static size_t distance_of_word(const char *word, const char *candidate) {
    size_t typed = strlen(word);
    if (typed > MOST_LETTERS || strlen(candidate) > MOST_LETTERS)
        return SIZE_MAX;
    if (typed > 2 && strncmp(word, candidate, typed) == 0)
        return 1;
    return distance(word, candidate);
}

const char *nearest_word(const char *word, const char *const *first, size_t count, size_t step) {
    const char *best = NULL;
    size_t best_distance = strlen(word) / 3 + 2; /* from here on it was another word */
    for (size_t i = 0; i < count; i++) {
        const char *candidate = *(const char *const *)((const char *)first + i * step);
        size_t d = candidate ? distance_of_word(word, candidate) : best_distance;
        if (d < best_distance) {
            best_distance = d;
            best = candidate;
        }
    }
    return best;
}
