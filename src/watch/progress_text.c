/* The line of the progress bar: name, bar, percentage, count, failures, rate, time.
 *
 * Each part is made as text with a known number of columns; parts are dropped by importance until the rest fits, and
 * the bar takes the columns left over. So the line never wraps: that is the invariant, and for it a character outside
 * ASCII in a name is counted as two columns, which is the most it can have.
 *
 * Nothing is claimed too early: counts and percentages are cut off, not rounded, so 100% means all.
 *
 * It does not look at the clock, the environment or the terminal. */
#include "watch/progress_text.h"

#include <stdio.h>
#include <string.h>

enum { MOST_BAR = 40, LEAST_BAR = 8, MOST_NAME = 24, PART_ROOM = 160, COUNT_ROOM = 32, GAP = 2 };
enum { NAME, BAR, PERCENT, COUNT, FAILED, RATE, TIME, N_PARTS };

typedef struct part {
    char text[PART_ROOM];
    int columns; /* 0: left out */
} part;

/* Three digits and a unit from 10,000 on, cut off: as `of` is written, which is the count itself or its total. */
static void write_count(uint64_t count, uint64_t of, char *text, size_t size) {
    static const char units[] = "kMGTPE";
    uint64_t unit = 1000;
    int u = 0;
    if (of < 10000) {
        snprintf(text, size, "%llu", (unsigned long long)count);
        return;
    }
    for (; u < 5 && of / unit >= 1000; u++)
        unit *= 1000;
    unsigned long long whole = count / unit;
    int rest = (int)(count % unit / (unit / 100));
    if (of / unit < 10)
        snprintf(text, size, "%llu.%02d%c", whole, rest, units[u]);
    else if (of / unit < 100)
        snprintf(text, size, "%llu.%d%c", whole, rest / 10, units[u]);
    else
        snprintf(text, size, "%llu%c", whole, units[u]);
}

static void write_rate(double rate, char *text, size_t size) {
    const char *per = "s";
    char count[COUNT_ROOM];
    uint64_t whole = rate < 1e19 ? (uint64_t)rate : UINT64_MAX;
    if (rate < 0.1) {
        rate *= 60;
        per = "min";
    }
    if (rate < 0.1) {
        rate *= 60;
        per = "h";
    }
    if (rate >= 9999.5)
        write_count(whole, whole, count, sizeof count);
    else
        snprintf(count, sizeof count, "%.*f", rate < 9.995 ? 2 : rate < 99.95 ? 1 : 0, rate);
    snprintf(text, size, "%5s/%s", count, per);
}

static bool is_showable_time(double seconds) {
    return seconds >= 0 && seconds < 1000 * 86400.0;
}

static void write_time(double seconds, char *text, size_t size) {
    if (!is_showable_time(seconds)) {
        snprintf(text, size, "%s", seconds > 0 ? ">999d" : "0:00");
        return;
    }
    int s = (int)seconds;
    if (s < 3600)
        snprintf(text, size, "%d:%02d", s / 60, s % 60);
    else if (s < 100 * 3600)
        snprintf(text, size, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, size, "%dd%02dh", s / 86400, s / 3600 % 24);
}

/* Bytes of the UTF-8 character at s if it is well formed and printable, else 0. */
static int character_bytes(const unsigned char *s) {
    static const struct {
        unsigned char low, high;
        int bytes;
    } leads[] = {{0x20, 0x7e, 1}, {0xc2, 0xdf, 2}, {0xe0, 0xef, 3}, {0xf0, 0xf4, 4}};
    int n = 0;
    for (int i = 0; i < 4; i++)
        n = s[0] >= leads[i].low && s[0] <= leads[i].high ? leads[i].bytes : n;
    for (int i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return s[0] == 0xc2 && s[1] < 0xa0 ? 0 : n; /* there are control characters there, too */
}

/* What a terminal must not get becomes '?'; a name too long ends in a mark. */
static void make_name(const dmap__progress_view *view, part *p) {
    size_t used = 0;
    const unsigned char *s = (const unsigned char *)(view->name ? view->name : "");
    while (*s) {
        int bytes = character_bytes(s);
        bool plain = bytes == 1 || (bytes > 1 && view->utf8);
        int columns = plain && bytes > 1 ? 2 : 1;
        if (p->columns + columns > MOST_NAME - (s[plain ? bytes : 1] ? 1 : 0)) {
            const char *mark = view->utf8 ? "…" : "~";
            used += (size_t)snprintf(p->text + used, PART_ROOM - used, "%s", mark);
            p->columns++;
            break;
        }
        memcpy(p->text + used, plain ? (const char *)s : "?", plain ? (size_t)bytes : 1);
        used += plain ? (size_t)bytes : 1;
        s += plain ? bytes : 1;
        p->columns += columns;
    }
    p->text[used] = '\0';
}

static bool is_total_known(const dmap__progress_view *view) {
    return view->total != UINT64_MAX;
}

static double fraction_of(const dmap__progress_view *view) {
    return view->done >= view->total ? 1 : (double)view->done / (double)view->total;
}

static void make_percent(const dmap__progress_view *view, part *p) {
    int percent = (int)(fraction_of(view) * 100);
    if (view->done < view->total && percent > 99)
        percent = 99;
    p->columns = snprintf(p->text, PART_ROOM, "%3d%%", percent);
}

static void make_count(const dmap__progress_view *view, part *p) {
    char done[COUNT_ROOM], total[COUNT_ROOM];
    write_count(view->done, is_total_known(view) ? view->total : view->done, done, sizeof done);
    if (!is_total_known(view)) {
        p->columns = snprintf(p->text, PART_ROOM, "%s", done);
        return;
    }
    write_count(view->total, view->total, total, sizeof total);
    p->columns = snprintf(p->text, PART_ROOM, "%*s/%s", (int)strlen(total), done, total);
}

static void make_failed(const dmap__progress_view *view, part *p) {
    char count[COUNT_ROOM];
    write_count(view->failed, view->failed, count, sizeof count);
    p->columns = snprintf(p->text, PART_ROOM, "%s failed", count);
}

static void make_time(const dmap__progress_view *view, part *p) {
    char time[24];
    bool eta = is_showable_time(view->eta_s);
    write_time(eta ? view->eta_s : view->elapsed_s, time, sizeof time);
    p->columns = snprintf(p->text, PART_ROOM, "%s%s", eta ? "ETA " : "", time);
}

static void make_bar(const dmap__progress_view *view, int columns, part *p) {
    static const char *const eighths[] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int cells = columns - 2, steps = view->utf8 ? 8 : 1;
    int filled = (int)(fraction_of(view) * cells * steps);
    const char *left = view->utf8 ? "▕" : "[", *right = view->utf8 ? "▏" : "]", *full = view->utf8 ? "█" : "#";
    size_t used = (size_t)snprintf(p->text, PART_ROOM, "%s", left);
    for (int i = 0; i < cells; i++) {
        int here = filled - i * steps;
        const char *cell = here >= steps ? full : eighths[here > 0 ? here : 0];
        used += (size_t)snprintf(p->text + used, PART_ROOM - used, "%s", cell);
    }
    snprintf(p->text + used, PART_ROOM - used, "%s", right);
    p->columns = columns;
}

static void make_parts(const dmap__progress_view *view, part *parts) {
    memset(parts, 0, N_PARTS * sizeof *parts);
    make_name(view, &parts[NAME]);
    make_count(view, &parts[COUNT]);
    make_time(view, &parts[TIME]);
    if (is_total_known(view))
        make_percent(view, &parts[PERCENT]);
    if (view->failed > 0)
        make_failed(view, &parts[FAILED]);
    if (view->rate > 0) {
        write_rate(view->rate, parts[RATE].text, PART_ROOM);
        parts[RATE].columns = (int)strlen(parts[RATE].text);
    }
}

static int sum_columns(const part *parts) {
    int sum = 0;
    for (int i = 0; i < N_PARTS; i++)
        sum += parts[i].columns > 0 ? parts[i].columns + (sum > 0 ? GAP : 0) : 0;
    return sum;
}

void dmap__progress_text(const dmap__progress_view *view, char *text) {
    static const int least_first[] = {RATE, NAME, TIME, COUNT, FAILED, PERCENT};
    static const int least_first_unknown[] = {RATE, NAME, TIME, FAILED, COUNT, PERCENT};
    const int *drop = is_total_known(view) ? least_first : least_first_unknown;
    part parts[N_PARTS];
    int room = view->width - 1;
    make_parts(view, parts);
    for (int i = 0; i < 6 && sum_columns(parts) > room; i++)
        parts[drop[i]].columns = 0;
    int left = room - sum_columns(parts) - GAP;
    if (is_total_known(view) && left >= LEAST_BAR)
        make_bar(view, left < MOST_BAR ? left : MOST_BAR, &parts[BAR]);
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < N_PARTS; i++) {
        if (parts[i].columns > 0) {
            used +=
                (size_t)snprintf(text + used, DMAP__PROGRESS_ROOM - used, "%*s%s", used ? GAP : 0, "", parts[i].text);
        }
    }
}
