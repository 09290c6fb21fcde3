#include "text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "out_file.h"

/* SplitMix64. */
static uint64_t mix(uint64_t z) {
    z += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The word of a number: syllables, more of them for larger numbers. Returns its length. */
static int spell(uint64_t number, char *word) {
    static const char first[] = "bdfghklmnprstvwz", second[] = "aeiou";
    int length = 0;
    for (uint64_t left = number + 1; left; left /= 80) {
        word[length++] = first[left % 16];
        word[length++] = second[left / 16 % 5];
    }
    return length;
}

/* A number below 2^15, each power of two of them as likely as any other: so a word is about as frequent as one over its
 * rank, which is Zipf's law. */
static uint64_t draw(uint64_t random) {
    uint64_t bits = random % 16;
    return (random >> 8) & ((UINT64_C(1) << bits) - 1);
}

/* Writes the i-th word, and what is behind it. Returns their length. */
static size_t make_word(uint64_t i, char word[40]) {
    uint64_t random = mix(i);
    int length = spell(draw(random), word);
    if (random >> 60 == 0)
        word[0] = (char)(word[0] - 'a' + 'A');
    word[length++] = random >> 55 & 15 ? ' ' : '\n';
    return (size_t)length;
}

/* True if there is a file that does not begin as the text does. */
static bool is_other(const char *path) {
    FILE *file = fopen(path, "r");
    bool same = true, more = file != NULL;
    for (uint64_t i = 0; same && more; i++) {
        char word[40], found[40];
        size_t length = make_word(i, word), n = fread(found, 1, length, file);
        same = memcmp(word, found, n) == 0;
        more = n == length;
    }
    if (file)
        fclose(file);
    return !same;
}

int text_make(const char *path, uint64_t size, char *error, size_t error_size) {
    if (is_other(path)) {
        snprintf(error, error_size, "%s: there is another file of that name: remove it, or give it as FILE", path);
        return -1;
    }
    out_file *out = out_file_open(path);
    bool good = out != NULL;
    for (uint64_t i = 0, written = 0; good && written < size; i++) {
        char word[40];
        size_t length = make_word(i, word);
        good = fwrite(word, 1, length, out_file_stream(out)) == length;
        written += length;
    }
    good = good && out_file_finish(out) == 0;
    if (!good)
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
    out_file_close(out);
    return good ? 0 : -1;
}
