/* The suites of the errors program, and what they share. */
#ifndef DMAP_TESTS_TEST_ERRORS_H
#define DMAP_TESTS_TEST_ERRORS_H

#include "harness.h"

/** A status and every word (up to NULL) of its sentence, of the pool (NULL: of this thread); then a normal map works.
 *  Fails the current test, with `name`, if not. */
void expect(const char *name, const dmap_pool *pool, dmap_status got, dmap_status wanted, const char *const *words);
#define WORDS(...)                                                                                                     \
    (const char *const[]) {                                                                                            \
        __VA_ARGS__, NULL                                                                                              \
    }

/** A task of 8 bytes in and out: the item plus one. */
extern const dmap_task plus_one;

/** Workers are threads: a rank answers while a task runs. */
bool has_threads(void);

void errors_add_refusals(void);
void errors_add_tasks(void);
void errors_add_limits(void);

#endif
