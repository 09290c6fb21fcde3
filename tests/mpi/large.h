/* The parts of the program of large things, each chosen by its name as an argument. */
#ifndef DMAP_TESTS_LARGE_H
#define DMAP_TESTS_LARGE_H

#include "harness.h"

/** A task of a number in and the number plus one out; item 0 takes 2 s if the shared data are one byte, 1. */
extern const dmap_task large_step;

/** Bytes that the machine can still give; 0 if that is not known. */
uint64_t memory_available(void);

void large_test_bytes(void);
void large_test_huge(void);
void large_test_memory(void);
void large_test_idle(void);
void large_test_share(void);

#endif
