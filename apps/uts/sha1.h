/* SHA-1 of messages that fit in one block (FIPS 180-4, section 6.1): all that the trees of UTS ask for. */
#ifndef APPS_UTS_SHA1_H
#define APPS_UTS_SHA1_H

#include <stddef.h>
#include <stdint.h>

enum { SHA1_SIZE = 20, SHA1_MOST = 55 };

/** size: at most SHA1_MOST bytes. digest may be where the message is. */
void sha1_short(const uint8_t *message, size_t size, uint8_t digest[SHA1_SIZE]);

#endif
