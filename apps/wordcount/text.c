#include "text.h"

#include <errno.h>
#include <stdio.h>

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

int text_make(const char *path, uint64_t size) {
    FILE *file = fopen(path, "w");
    if (!file)
        return errno;
    uint64_t written = 0;
    errno = 0;
    for (uint64_t i = 0; written < size && !ferror(file); i++) {
        char word[40];
        uint64_t random = mix(i);
        int length = spell(draw(random), word);
        if (random >> 60 == 0)
            word[0] = (char)(word[0] - 'a' + 'A');
        word[length++] = random >> 55 & 15 ? ' ' : '\n';
        written += fwrite(word, 1, (size_t)length, file);
    }
    int code = ferror(file) ? errno : 0;
    return fclose(file) == 0 ? code : errno;
}
