/* The C++ exception that nobody caught. */
#ifndef DMAP_CREW_EXCEPTION_H
#define DMAP_CREW_EXCEPTION_H

#include <stdbool.h>
#include <stddef.h>

/** Finds the run time of C++, if the program has one. Before dmap__exception_write; not in a signal handler. */
void dmap__exception_prepare(void);
/** True while the calling thread leaves functions because of an exception. */
bool dmap__exception_is_thrown(void);
/** Writes what the calling thread has thrown or caught and not let go: "std::runtime_error: no such file". Allocates
 *  nothing: a handler of the SIGABRT that std::terminate ends in may call it. Returns false if there is none. */
bool dmap__exception_write(char *text, size_t size);

#endif
