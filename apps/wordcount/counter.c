/* A hash table with open addressing, at most two thirds full. The words' bytes lie one after the other, in `text`, and
 * slots have offsets into it. Memory is kept from one range to the next. */
#include "counter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "table.h"

enum { FIRST_SLOTS = 4096, TAIL = 4096 };

typedef struct slot {
    uint64_t hash, count; /* count 0: empty */
    size_t text, length;
} slot;

struct counter {
    unsigned char folded[256]; /* what a byte counts as; 0: it is between words */
    slot *slots;
    size_t n_slots, n_words; /* n_slots is a power of two */
    unsigned char *text;
    size_t text_size, text_capacity;
    unsigned char *buffer;
    size_t capacity; /* of the buffer */
};

counter *counter_create(bool keep_case) {
    counter *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    for (int i = 0; i < 256; i++) {
        bool small = i >= 'a' && i <= 'z', capital = i >= 'A' && i <= 'Z', digit = i >= '0' && i <= '9';
        if (small || capital || digit || i >= 128)
            c->folded[i] = (unsigned char)(capital && !keep_case ? i - 'A' + 'a' : i);
    }
    c->n_slots = FIRST_SLOTS;
    c->slots = calloc(c->n_slots, sizeof *c->slots);
    if (!c->slots) {
        counter_destroy(c);
        return NULL;
    }
    return c;
}

void counter_destroy(counter *c) {
    if (!c)
        return;
    free(c->slots);
    free(c->text);
    free(c->buffer);
    free(c);
}

/* Room for `size` bytes, by doubling. Returns false if memory is out. */
static bool make_room(unsigned char **bytes, size_t *capacity, size_t size) {
    if (size <= *capacity)
        return true;
    unsigned char *larger = realloc(*bytes, 2 * size);
    if (!larger)
        return false;
    *bytes = larger;
    *capacity = 2 * size;
    return true;
}

static void clear(counter *c) {
    memset(c->slots, 0, c->n_slots * sizeof *c->slots);
    c->n_words = c->text_size = 0;
}

/* ---- words ---- */

static slot *find(const counter *c, uint64_t hash, const unsigned char *text, size_t length) {
    for (size_t i = (size_t)(hash ^ hash >> 32);; i++) {
        slot *s = &c->slots[i & (c->n_slots - 1)];
        if (!s->count || (s->hash == hash && s->length == length && memcmp(c->text + s->text, text, length) == 0))
            return s;
    }
}

static bool double_slots(counter *c) {
    slot *old = c->slots;
    size_t n = c->n_slots;
    c->slots = calloc(2 * n, sizeof *c->slots);
    if (!c->slots) {
        c->slots = old;
        return false;
    }
    c->n_slots = 2 * n;
    for (size_t i = 0; i < n; i++)
        if (old[i].count)
            *find(c, old[i].hash, c->text + old[i].text, old[i].length) = old[i];
    free(old);
    return true;
}

static bool count_word(counter *c, uint64_t hash, const unsigned char *text, size_t length) {
    slot *s = find(c, hash, text, length);
    if (s->count++)
        return true;
    s->count = 0; /* until all is there */
    if (!make_room(&c->text, &c->text_capacity, c->text_size + length))
        return false;
    memcpy(c->text + c->text_size, text, length);
    *s = (slot){hash, 1, c->text_size, length};
    c->text_size += length;
    c->n_words++;
    return 3 * c->n_words < 2 * c->n_slots || double_slots(c);
}

/* Counts the words of the buffer that begin at `at` or behind, and before `limit`; the hash is FNV-1a. */
static bool count_words(counter *c, size_t at, size_t limit, size_t size) {
    unsigned char *b = c->buffer;
    for (;;) {
        while (at < limit && !c->folded[b[at]])
            at++;
        if (at >= limit)
            return true;
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        size_t begin = at;
        for (unsigned char f; at < size && (f = c->folded[b[at]]); at++) {
            b[at] = f;
            hash = (hash ^ f) * UINT64_C(0x100000001b3);
        }
        if (!count_word(c, hash, b + begin, at - begin))
            return false;
    }
}

/* ---- reading ---- */

/* Reads up to `count` bytes behind the `size` that are there. Returns how many, or -1 with errno. */
static ssize_t read_more(counter *c, int file, uint64_t from, size_t size, size_t count) {
    size_t got = 0;
    if (!make_room(&c->buffer, &c->capacity, size + count)) {
        errno = ENOMEM;
        return -1;
    }
    while (got < count) {
        ssize_t n = pread(file, c->buffer + size + got, count - got, (off_t)(from + size + got));
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return -1;
        got += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)got;
}

/* True if the `size` bytes end in a word that begins in the range: not so if even the byte before that is of a word. */
static bool ends_in_own_word(const counter *c, size_t size, bool has_byte_before) {
    size_t at = size;
    while (at > 0 && c->folded[c->buffer[at - 1]])
        at--;
    return at < size && (at > 0 || !has_byte_before);
}

/* Reads the file from `begin` to `end`, with the byte before, and on to the end of the word there, if that is of this
 * range. Returns the bytes read, or -1. */
static ssize_t load(counter *c, int file, uint64_t begin, uint64_t end) {
    uint64_t from = begin ? begin - 1 : 0;
    ssize_t got = read_more(c, file, from, 0, (size_t)(end - from));
    size_t size = got > 0 ? (size_t)got : 0, tail_begin = size;
    bool ends = got < 0 || size < end - from || !ends_in_own_word(c, size, begin > 0);
    while (!ends && (got = read_more(c, file, from, size, TAIL)) > 0) {
        size += (size_t)got;
        for (; tail_begin < size && !ends; tail_begin++)
            ends = !c->folded[c->buffer[tail_begin]];
    }
    return got < 0 ? -1 : (ssize_t)size;
}

int counter_add(counter *c, const char *path, uint64_t begin, uint64_t end) {
    int file = open(path, O_RDONLY | O_CLOEXEC), code = 0;
    if (file < 0)
        return errno;
    ssize_t size = load(c, file, begin, end);
    if (size < 0)
        code = errno;
    close(file);
    if (code || size == 0)
        return code;
    size_t at = 0, limit = (size_t)(end - begin) + (begin > 0);
    limit = limit < (size_t)size ? limit : (size_t)size;
    while (begin && at < (size_t)size && c->folded[c->buffer[at]])
        at++;
    if (count_words(c, at, limit, (size_t)size))
        return 0;
    clear(c);
    return ENOMEM;
}

/* ---- the table ---- */

size_t counter_table_size(const counter *c) {
    return c->n_words * table_word_size(0) + c->text_size;
}

static int by_bytes(const void *a, const void *b) {
    return word_compare(a, b);
}

bool counter_take(counter *c, void *table) {
    word *words = malloc((c->n_words + 1) * sizeof *words);
    size_t n = 0;
    unsigned char *to = table;
    if (!words)
        return false;
    for (size_t i = 0; i < c->n_slots; i++) {
        const slot *s = &c->slots[i];
        if (s->count)
            words[n++] = (word){(const char *)c->text + s->text, s->length, s->count};
    }
    qsort(words, n, sizeof *words, by_bytes);
    for (size_t i = 0; i < n; i++)
        to = table_put(to, &words[i]);
    free(words);
    clear(c);
    return true;
}
