/* The lines that sha256sum -c understands, each of which may end as DOS lines do:
 *
 *     SUM  NAME        of text; with a * for the second space, of binary files
 *     SUM NAME         as BSD has it with -r; a list has lines of this form or of the first, but not of both
 *     SHA256 (NAME) = SUM
 *
 * A backslash before all of it: the name has \n, \r or \\ for a newline, a carriage return, a backslash. */
#include "list.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int digit_of(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_sum(const char *text, unsigned char *sum) {
    for (int i = 0; i < SUM_SIZE; i++) {
        int high = digit_of(text[2 * i]), low = high < 0 ? -1 : digit_of(text[2 * i + 1]);
        if (low < 0)
            return false;
        sum[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

/* In place. Returns false if there is a backslash before anything else than what it may be before. */
static bool unescape(char *name) {
    char *to = name;
    for (const char *from = name; *from; from++) {
        char c = *from;
        if (c == '\\') {
            static const char codes[] = "n\nr\r\\\\";
            const char *code = *++from ? strchr(codes, *from) : NULL;
            if (!code || (code - codes) % 2)
                return false;
            c = code[1];
        }
        *to++ = c;
    }
    *to = '\0';
    return true;
}

static const char *skip_white(const char *text) {
    return text + strspn(text, " \t");
}

/* What is behind "SHA256" in a line, which is cut for that. Returns false if it is of another form. */
static bool split_tagged(char *line, unsigned char *sum, char **name) {
    line += *line == ' ';
    char *end = *line == '(' ? strrchr(line, ')') : NULL;
    const char *digits = end ? skip_white(end + 1) : "";
    if (*digits != '=')
        return false;
    digits = skip_white(digits + 1);
    if (!read_sum(digits, sum) || digits[2 * SUM_SIZE] != '\0')
        return false;
    *end = '\0';
    *name = line + 1;
    return true;
}

/* A line that begins with the sum. */
static bool split_plain(list *l, char *line, unsigned char *sum, char **name) {
    if (!read_sum(line, sum))
        return false;
    char *rest = line + (size_t)2 * SUM_SIZE;
    if ((*rest != ' ' && *rest != '\t') || rest[1] == '\0')
        return false;
    list_form form = (rest[1] == ' ' || rest[1] == '*') && rest[2] ? LIST_TWO_SPACES : LIST_ONE_SPACE;
    if (form == LIST_ONE_SPACE && l->form == LIST_TWO_SPACES)
        return false;
    if (l->form == LIST_UNKNOWN)
        l->form = form;
    *name = rest + (l->form == LIST_TWO_SPACES ? 2 : 1);
    return true;
}

/* Finds sum and name in the line, which is cut for that. Returns false if it is of no known form. */
static bool split(list *l, char *line, unsigned char *sum, char **name) {
    static const char tag[] = "SHA256";
    line += strspn(line, " \t");
    bool escaped = *line == '\\';
    line += escaped;
    bool is_tagged = strncmp(line, tag, strlen(tag)) == 0;
    return (is_tagged ? split_tagged(line + strlen(tag), sum, name) : split_plain(l, line, sum, name)) &&
           (!escaped || unescape(*name));
}

int list_next(list *l, const entry **file, size_t *size) {
    ssize_t length;
    while ((length = getline(&l->line, &l->line_size, l->file)) > 0) {
        unsigned char sum[SUM_SIZE];
        char *name;
        if (l->line[0] == '#')
            continue;
        if (l->line[length - 1] == '\n')
            l->line[--length] = '\0';
        if (length > 0 && l->line[length - 1] == '\r')
            l->line[--length] = '\0';
        if (length == 0)
            continue;
        if (strlen(l->line) != (size_t)length || !split(l, l->line, sum, &name)) { /* no name has a byte of 0 */
            l->malformed++;
            continue;
        }
        l->files++;
        if (entry_make(&l->room, ENTRY_LISTED, name, strlen(name)) != 0)
            return -1;
        memcpy(l->room.entry->sum, sum, sizeof sum);
        *file = l->room.entry;
        *size = entry_size(strlen(name));
        return 1;
    }
    return 0;
}

void list_end(list *l) {
    free(l->line);
    free(l->room.entry);
}
