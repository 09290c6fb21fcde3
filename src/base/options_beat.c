/* Signs of life: dmap_options.heartbeat_s, or its variable. */
#include "base/options.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define BEAT_VARIABLE "DMAP_HEARTBEAT"
#define LEAST_BEAT_S  0.01
#define MOST_BEAT_S   3600.0

static bool is_beat(double seconds) {
    return seconds >= LEAST_BEAT_S && seconds <= MOST_BEAT_S; /* so it is a number */
}

/* An item that runs in the rank's own thread would keep it from giving signs of life. */
dmap_status dmap__options_resolve_beat(dmap_options *resolved, dmap__error *error) {
    const char *text = getenv(BEAT_VARIABLE);
    char *end = NULL;
    double given = resolved->heartbeat_s;
    bool is_given = given < 0 || given > 0 || isnan(given);
    if (is_given && !is_beat(given))
        return dmap__fail(error, DMAP_EINVAL, "dmap_options.heartbeat_s is %g: want 0 (none) or %g to %g seconds",
                          given, LEAST_BEAT_S, MOST_BEAT_S);
    if (!is_given && text && *text && strcmp(text, "0") != 0) {
        locale_t before = dmap__text_begin_plain();
        resolved->heartbeat_s = strtod(text, &end);
        dmap__text_end_plain(before);
        if (*end || !is_beat(resolved->heartbeat_s))
            return dmap__fail(error, DMAP_EINVAL, BEAT_VARIABLE "=\"%.60s\": want 0 (none) or %g to %g seconds", text,
                              LEAST_BEAT_S, MOST_BEAT_S);
    }
    if (resolved->heartbeat_s > 0 && resolved->backend == DMAP_SERIAL)
        return dmap__fail(error, DMAP_EUNSUPPORTED,
                          "dmap_options.heartbeat_s wants workers, and DMAP_SERIAL has none: use another backend");
    return DMAP_OK;
}
