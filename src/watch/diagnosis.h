/* Why a call was not faster: from numbers to one sentence. Pure. */
#ifndef DMAP_WATCH_DIAGNOSIS_H
#define DMAP_WATCH_DIAGNOSIS_H

#include <dmap/dmap.h>

typedef enum dmap__cause {
    DMAP__CAUSE_NONE = 0, /* little is lost */
    DMAP__CAUSE_SOURCE,
    DMAP__CAUSE_SINK,
    DMAP__CAUSE_SETUP,
    DMAP__CAUSE_MESSAGES,
    DMAP__CAUSE_WINDOW,
    DMAP__CAUSE_OUTSIDE,
    DMAP__CAUSE_RETRIES,
    DMAP__CAUSE_OTHERS, /* other calls */
    DMAP__CAUSE_START,
    DMAP__CAUSE_FEW,   /* items, for so many workers */
    DMAP__CAUSE_LONG,  /* one item, at the end */
    DMAP__CAUSE_FIXED, /* chunks, by the program's wish */
    DMAP__CAUSE_UNEVEN /* anything else that leaves workers without items */
} dmap__cause;

/** Of an explained report, all but its diagnosis: writes that, and returns what it is about. */
dmap__cause dmap__diagnose(dmap_report *report, const dmap_map_options *options);

#endif
