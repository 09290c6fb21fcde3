#include "run/base/parse.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

bool run_read_number(const char *text, uint64_t most, uint64_t *value) {
    uint64_t sum = 0;
    if (!*text)
        return false;
    for (const char *c = text; *c; c++) {
        if (*c < '0' || *c > '9')
            return false;
        uint64_t digit = (uint64_t)(*c - '0');
        if (sum > (most - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

/* Reads "12.5" by hand: strtod would take the locale's point, blanks, signs, "inf" and "1e9" too. */
static const char *read_decimal(const char *text, double *value) {
    double sum = 0, weight = 1;
    bool digits = false, fraction = false;
    for (; (*text >= '0' && *text <= '9') || (*text == '.' && !fraction); text++) {
        if (*text == '.') {
            fraction = true;
            continue;
        }
        digits = true;
        sum = sum * 10 + (*text - '0');
        weight *= fraction ? 10 : 1;
    }
    *value = sum / weight;
    return digits && sum < 1e15 ? text : NULL;
}

bool run_read_decimal(const char *text, double *value) {
    const char *end = read_decimal(text, value);
    return end && !*end;
}

bool run_read_percent(const char *text, double *value) {
    const char *end = read_decimal(text, value);
    return end && end[0] == '%' && !end[1];
}

bool run_read_duration(const char *text, double *seconds) {
    static const struct {
        char letter;
        double seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    double sum = 0, part;
    do {
        size_t unit = 0;
        if (!(text = read_decimal(text, &part)))
            return false;
        while (unit < 4 && units[unit].letter != *text)
            unit++;
        if (unit == 4 && *text) /* a bare number counts as seconds, and is the last */
            return false;
        sum += part * (unit < 4 ? units[unit].seconds : 1);
        text += unit < 4;
    } while (*text);
    *seconds = sum;
    return true;
}

bool run_read_size(const char *text, size_t *size) {
    static const char units[] = "kmgt";
    double value, factor = 1;
    const char *end = read_decimal(text, &value), *unit;
    if (!end)
        return false;
    if (*end && (unit = strchr(units, *end | 0x20))) {
        for (const char *c = units; c <= unit; c++)
            factor *= *end & 0x20 ? 1000 : 1024;
        end++;
    }
    if (*end || value * factor > 1e15)
        return false;
    *size = (size_t)(value * factor);
    return true;
}

/* The format matches all of the text, but for the seconds, which may be missing. */
static bool read_clock(const char *text, const char *format, struct tm *tm) {
    const char *end = strptime(text, format, tm);
    if (end && *end == ':')
        end = strptime(end, ":%S", tm);
    return end && !*end;
}

bool run_read_time(const char *text, double now, double *time) {
    double seconds;
    time_t today = (time_t)now;
    struct tm tm;
    if (*text == '+') {
        bool valid = run_read_duration(text + 1, &seconds);
        *time = now + seconds;
        return valid && seconds > 0;
    }
    localtime_r(&today, &tm);
    tm.tm_sec = 0;
    tm.tm_isdst = -1;
    bool day_given = strchr(text, '-') != NULL;
    if (day_given ? !read_clock(text, "%Y-%m-%dT%H:%M", &tm) && !read_clock(text, "%Y-%m-%d %H:%M", &tm)
                  : !read_clock(text, "%H:%M", &tm))
        return false;
    time_t at = mktime(&tm);
    if (!day_given && (double)at <= now) {
        tm.tm_mday++;
        tm.tm_isdst = -1;
        at = mktime(&tm);
    }
    *time = (double)at;
    return at > 0;
}

static int digit_of(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Up to `most` digits of the base. Returns the bytes read. */
static size_t read_digits(const char *text, int base, size_t most, char *to) {
    size_t n = 0;
    int value = 0;
    for (; n < most && digit_of(text[n]) < base; n++)
        value = value * base + digit_of(text[n]);
    *to = (char)value;
    return n;
}

/* What follows a backslash. Returns the bytes read; 0: it is no escape. */
static size_t read_escape(const char *text, char *to) {
    static const char letters[] = "ntrfvab\\", meant[] = "\n\t\r\f\v\a\b\\";
    const char *letter = *text ? strchr(letters, *text) : NULL;
    size_t digits;
    if (letter) {
        *to = meant[letter - letters];
        return 1;
    }
    if (*text == 'x')
        return (digits = read_digits(text + 1, 16, 2, to)) > 0 ? digits + 1 : 0;
    return read_digits(text, 8, 3, to);
}

char *run_unescape(const char *text, size_t *size) {
    char *copy = malloc(strlen(text) + 1);
    size_t n = 0;
    if (!copy)
        return NULL;
    while (*text) {
        size_t escape = *text == '\\' ? read_escape(text + 1, &copy[n]) : 0;
        if (escape == 0)
            copy[n] = *text;
        text += 1 + escape;
        n++;
    }
    copy[n] = '\0';
    *size = n;
    return copy;
}
