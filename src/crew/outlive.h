/* Functions that go on though what they call ends the thread (pthread_exit). */
#ifndef DMAP_CREW_OUTLIVE_H
#define DMAP_CREW_OUTLIVE_H

#include <stdbool.h>

/** again: it did not return from the last time, which ended the thread; frames of that time are gone */
typedef void dmap__outliving(void *arg, bool again);

/** Calls run, until it returns. If it ended the thread, the thread ends after that. For a thread of the library's. */
void dmap__outlive(dmap__outliving *run, void *arg);
/** The same, but the thread goes on in any case. For the program's own thread. */
void dmap__outlive_own(dmap__outliving *run, void *arg);

#endif
