/* The suites of the conformance program. */
#ifndef DMAP_TESTS_CONFORMANCE_H
#define DMAP_TESTS_CONFORMANCE_H

/** Items that fail, once or always. */
void conformance_add_failures(void);
/** Everything drawn at random. */
void conformance_add_random(void);

#endif
