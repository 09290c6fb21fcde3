/* Files change while they are read, vanish, or cannot be opened: each of these is an answer, none an end. */
#include "hasher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

enum { BUFFER_SIZE = 128 * 1024, NOT_REGULAR = -1 };

struct hasher {
    EVP_MD *sha256;
    EVP_MD_CTX *context;
    unsigned char *buffer;
    answer *answer;
    size_t room;
};

hasher *hasher_create(void) {
    hasher *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL); /* once: looking it up costs more than hashing a small file */
    h->context = EVP_MD_CTX_new();
    h->buffer = malloc(BUFFER_SIZE);
    if (!h->sha256 || !h->context || !h->buffer) {
        hasher_destroy(h);
        return NULL;
    }
    return h;
}

void hasher_destroy(hasher *h) {
    if (!h)
        return;
    EVP_MD_CTX_free(h->context);
    EVP_MD_free(h->sha256);
    free(h->buffer);
    free(h->answer);
    free(h);
}

/* ---- reading ---- */

/* Returns 0, an errno, or NOT_REGULAR. */
static int hash_descriptor(hasher *h, int file, bool regular, unsigned char *sum) {
    struct stat s;
    ssize_t n;
    if (regular && (fstat(file, &s) != 0 || !S_ISREG(s.st_mode)))
        return NOT_REGULAR;
    if (!EVP_DigestInit_ex(h->context, h->sha256, NULL))
        return ENOMEM;
    while ((n = read(file, h->buffer, BUFFER_SIZE)) != 0) {
        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0 && !EVP_DigestUpdate(h->context, h->buffer, (size_t)n))
            return ENOMEM;
    }
    return EVP_DigestFinal_ex(h->context, sum, NULL) ? 0 : ENOMEM;
}

/* What the walk found may have become a pipe or a link meanwhile: neither is waited for or followed. */
static int hash_file(hasher *h, const entry *e, unsigned char *sum) {
    bool found = e->kind == ENTRY_FOUND;
    int file = open(e->name, O_RDONLY | O_CLOEXEC | O_NOCTTY | (found ? O_NOFOLLOW | O_NONBLOCK : 0));
    if (file < 0)
        return found && errno == ELOOP ? NOT_REGULAR : errno;
    int code = hash_descriptor(h, file, found, sum);
    close(file);
    return code;
}

/* ---- saying ---- */

static char *put_hex(char *to, const unsigned char *sum) {
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < SUM_SIZE; i++) {
        *to++ = digits[sum[i] >> 4];
        *to++ = digits[sum[i] & 15];
    }
    return to;
}

static char *put(char *to, const char *text) {
    return stpcpy(to, text);
}

static char *put_escaped(char *to, const char *name) {
    for (; *name; name++) {
        const char *code = *name == '\n' ? "\\n" : *name == '\r' ? "\\r" : *name == '\\' ? "\\\\" : NULL;
        if (code)
            to = put(to, code);
        else
            *to++ = *name;
    }
    return to;
}

/* A name that is not a part of one line gets a backslash before the line, as one with a backslash does. */
static bool is_escaped(const char *name) {
    return strpbrk(name, "\\\n\r") != NULL;
}

static char *put_sum(char *to, const char *name, const unsigned char *sum) {
    if (is_escaped(name))
        *to++ = '\\';
    to = put(put_hex(to, sum), "  ");
    return put(put_escaped(to, name), "\n");
}

/* Of a file in a list. */
static char *put_verdict(char *to, const char *name, const char *said) {
    if (is_escaped(name))
        *to++ = '\\';
    return put(put(put_escaped(to, name), said), "\n");
}

static answer *make_room(hasher *h, size_t name_length) {
    size_t needed = sizeof *h->answer + 4 * name_length + 512; /* the name twice, escaped, and a sentence */
    if (needed > h->room) {
        answer *larger = realloc(h->answer, 2 * needed);
        if (!larger)
            return NULL;
        h->answer = larger;
        h->room = 2 * needed;
    }
    return h->answer;
}

const answer *hasher_answer(hasher *h, const entry *file, size_t *size) {
    unsigned char sum[EVP_MAX_MD_SIZE];
    answer *a = make_room(h, strlen(file->name));
    if (!a)
        return NULL;
    int code = hash_file(h, file, sum);
    bool listed = file->kind == ENTRY_LISTED, differs = listed && !code && memcmp(sum, file->sum, SUM_SIZE) != 0;
    char *end = a->text;
    if (listed)
        end = put_verdict(end, file->name, code ? ": FAILED open or read" : differs ? ": FAILED" : ": OK");
    else if (!code)
        end = put_sum(end, file->name, sum);
    a->out_size = (uint32_t)(end - a->text);
    if (code > 0) {
        char reason[128];
        end = put(put_escaped(put(end, "checksum: "), file->name), ": ");
        end = put(put(end, strerror_r(code, reason, sizeof reason)), "\n");
    }
    a->error_size = (uint32_t)(end - a->text) - a->out_size;
    a->verdict = code > 0 ? VERDICT_UNREADABLE : code ? VERDICT_NONE : differs ? VERDICT_DIFFERS : VERDICT_FINE;
    *size = sizeof *a + a->out_size + a->error_size;
    return a;
}
