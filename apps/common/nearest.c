/* The nearest word, by edit distance (letters put in, left out, replaced, or two side by side exchanged). A word that
 * begins like the one that was typed ("work" for "workers") is near as well. The dashes before an option are no
 * letters. Long words are not looked at: no option is longer than a few dozen letters. */
#include "nearest.h"

#include <stdint.h>
#include <string.h>

enum { MOST_LETTERS = 63 };

static size_t least(size_t a, size_t b, size_t c) {
    size_t low = a < b ? a : b;
    return low < c ? low : c;
}

/* The table's rows in turns: each needs the two above it. */
static size_t distance(const char *from, const char *to) {
    size_t rows[3][MOST_LETTERS + 1], n = strlen(to), i;
    for (size_t j = 0; j <= n; j++)
        rows[0][j] = j;
    for (i = 0; from[i]; i++) {
        const size_t *above = rows[i % 3], *second = rows[(i + 2) % 3];
        size_t *row = rows[(i + 1) % 3];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            row[j + 1] = least(above[j + 1] + 1, row[j] + 1, above[j] + (from[i] != to[j]));
            if (i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j])
                row[j + 1] = least(row[j + 1], second[j - 1] + 1, SIZE_MAX);
        }
    }
    return rows[i % 3][n];
}

static const char *letters_of(const char *word) {
    return word + strspn(word, "-");
}

static size_t distance_of_word(const char *word, const char *candidate) {
    const char *letters = letters_of(word), *others = letters_of(candidate);
    size_t typed = strlen(letters);
    if (typed > MOST_LETTERS || strlen(others) > MOST_LETTERS)
        return SIZE_MAX;
    if (typed > 2 && strncmp(letters, others, typed) == 0)
        return letters[typed] != others[typed];
    return distance(letters, others);
}

const char *nearest_word(const char *word, const char *const *first, size_t count, size_t step) {
    const char *best = NULL;
    size_t best_distance = strlen(letters_of(word)) / 3 + 1; /* from here on it was another word */
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
