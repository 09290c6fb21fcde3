/* When the run has to end. A time of day that is over is tomorrow's. */
#include "halt.h"

#include <string.h>
#include <time.h>

#include "batch.h"
#include "values.h"

/* The format matches all of the text, but for the seconds, which may be missing. */
static bool read_clock(const char *text, const char *format, struct tm *tm) {
    const char *end = strptime(text, format, tm);
    if (end && *end == ':')
        end = strptime(end, ":%S", tm);
    return end && !*end;
}

bool run_until_parse(const char *text, double now, double *until) {
    double seconds;
    time_t today = (time_t)now;
    struct tm tm;
    if (*text == '+') {
        bool valid = run_read_duration(text + 1, &seconds);
        *until = now + seconds;
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
    *until = (double)at;
    return at > 0;
}

double run_until(const run_options *options) {
    if (options->until < 0)
        return 0;
    return options->until > 0 ? options->until : run_batch_end((double)time(NULL));
}
