/* As RFC 3629 has it: no letter in more bytes than it takes, no surrogates, none above U+10FFFF. */
#include "run/output/utf8.h"

/* Bytes of a letter by its first one, and what its second one may be. */
static int look_up(unsigned char first, unsigned char *least, unsigned char *most) {
    *least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    *most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

int run_utf8_letter(const char *data, size_t size) {
    const unsigned char *bytes = (const unsigned char *)data;
    unsigned char least, most;
    int length = look_up(bytes[0], &least, &most);
    for (int i = 1; i < length; i++) {
        if ((size_t)i == size)
            return RUN_UTF8_CUT;
        if (bytes[i] < least || bytes[i] > most)
            return RUN_UTF8_WRONG;
        least = 0x80;
        most = 0xbf;
    }
    return length;
}
