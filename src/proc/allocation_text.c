/* What the commands of batch systems print, read. Whatever cannot be understood counts as not known: then nothing is
 * held back. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "proc/allocation.h"

bool dmap__allocation_read_number(const char *text, uint64_t most, uint64_t *value) {
    uint64_t sum = 0;
    if (!*text || text[strspn(text, "0123456789")])
        return false;
    for (const char *c = text; *c; c++) {
        uint64_t digit = (uint64_t)(*c - '0');
        if (sum > (most - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

/* "[days-][[hours:]minutes:]seconds". */
static bool read_length(const char *text, size_t size, double *seconds) {
    char copy[64], *at = copy, *part;
    uint64_t number, days = 0, sum = 0;
    snprintf(copy, sizeof copy, "%.*s", (int)size, text);
    char *dash = strchr(copy, '-');
    if (dash) {
        *dash = '\0';
        if (!dmap__allocation_read_number(copy, 100000, &days))
            return false;
        at = dash + 1;
    }
    while ((part = strsep(&at, ":"))) {
        if (!dmap__allocation_read_number(part, 100000000, &number))
            return false;
        sum = sum * 60 + number;
    }
    *seconds = (double)(days * 86400 + sum);
    return true;
}

bool dmap__allocation_read_squeue(const char *text, double now, double *end) {
    double left;
    text += strspn(text, " \t\n");
    if (!read_length(text, strcspn(text, " \t\n"), &left))
        return false;
    *end = now + left;
    return true;
}

/* Behind the last "key" in the text; NULL if it is not there. */
static const char *find_value(const char *text, const char *key) {
    const char *at = strstr(text, key);
    return at ? at + strlen(key) : NULL;
}

static bool read_date(const char *text, const char *format, double *seconds) {
    struct tm tm = {.tm_isdst = -1};
    locale_t before = dmap__text_begin_plain();
    bool is_read = text && strptime(text, format, &tm);
    dmap__text_end_plain(before);
    if (!is_read)
        return false;
    time_t at = mktime(&tm);
    *seconds = (double)at;
    return at > 0;
}

bool dmap__allocation_read_scontrol(const char *text, double *end) {
    return read_date(find_value(text, " EndTime="), "%Y-%m-%dT%H:%M:%S", end);
}

/* "    Resource_List.walltime = 01:00:00" */
static bool read_walltime(const char *text, const char *key, double *seconds) {
    const char *value = find_value(text, key);
    return value && read_length(value, strcspn(value, " \t\r\n"), seconds);
}

bool dmap__allocation_read_qstat(const char *text, double now, double *end) {
    double length, start, left;
    if (read_walltime(text, "Walltime.Remaining = ", &left)) {
        *end = now + left;
        return true;
    }
    if (!read_walltime(text, "Resource_List.walltime = ", &length))
        return false;
    const char *started = find_value(text, "\n    stime = ");
    if (!started)
        started = find_value(text, "\n    start_time = ");
    if (read_date(started, "%a %b %d %H:%M:%S %Y", &start)) {
        *end = start + length;
        return true;
    }
    double used;
    if (!read_walltime(text, "resources_used.walltime = ", &used))
        return false;
    *end = now + length - used;
    return true;
}
