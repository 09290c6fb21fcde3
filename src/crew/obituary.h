/* How a process ended, in words; and where it was, if it crashed. */
#ifndef DMAP_CREW_OBITUARY_H
#define DMAP_CREW_OBITUARY_H

#include "crew/stage.h"

/** Loads what a backtrace takes, and finds the run time of C++. Once: in the process, or in the one that it is forked
 *  from. */
void dmap__obituary_load(void);
/** In the process: a crash (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) leaves its backtrace on the stage, also when the
 *  stack is full. */
void dmap__obituary_prepare(dmap__stage_head *head);

/** "killed by SIGSEGV in square+0x12 < main+0x3 (process 123)"; "exited with code 3 (process 123)"; "killed by SIGABRT
 *  for std::runtime_error: no such file in …" after a C++ exception that nobody caught.
 *  code: n, or -signal; set to the signal of the crash, if the process was ended while it told of that */
void dmap__obituary_write(int *code, int pid, const dmap__stage_head *head, char *text, size_t size);

#endif
