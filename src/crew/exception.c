/* dmap is linked with no C++ library: its functions are found by name, as those of inner libraries are. What is asked
 * of it is what the C++ ABI for Itanium, which GCC and Clang follow on all machines, and both their libraries fix:
 *  - std::current_exception returns a class of one pointer, to the thrown object, in memory that the caller gives: C
 *    has the caller give it where a struct is too large for registers, so the struct here is larger than the class;
 *  - a std::type_info is a table of functions and a name; the fifth function says whether an object of that type may be
 *    caught as one of another, and where that part of the object is;
 *  - the third function of a std::exception is what(). */
#include "crew/exception.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct type_info {
    void *const *functions;
    const char *name;
} type_info;

typedef struct current {
    void *object;
    void *unused[3];
} current;

typedef bool can_be_caught(const type_info *as, const type_info *thrown, void **object, unsigned outer);
typedef const char *what(const void *exception);

enum { CAN_BE_CAUGHT = 4, WHAT = 2 };

static struct {
    const type_info *(*type)(void);
    current (*current)(void);
    bool (*is_thrown)(void);
    const type_info *exception;
} runtime;

void dmap__exception_prepare(void) {
    *(void **)&runtime.type = dlsym(RTLD_DEFAULT, "__cxa_current_exception_type");
    *(void **)&runtime.current = dlsym(RTLD_DEFAULT, "_ZSt17current_exceptionv");
    *(void **)&runtime.is_thrown = dlsym(RTLD_DEFAULT, "_ZSt18uncaught_exceptionv");
    runtime.exception = dlsym(RTLD_DEFAULT, "_ZTISt9exception");
}

bool dmap__exception_is_thrown(void) {
    return runtime.is_thrown && runtime.is_thrown();
}

/* "N3app5errorE" as "app::error", "St13runtime_error" as "std::runtime_error"; what is more than names, as it is. */
static void write_name(const char *name, char *text, size_t size) {
    const char *next = *name == '*' ? name + 1 : name, *whole = next;
    bool is_nested = *next == 'N';
    size_t used = 0;
    text[0] = '\0';
    next += is_nested;
    if (!strncmp(next, "St", 2)) {
        used = (size_t)snprintf(text, size, "std");
        next += 2;
    }
    while (isdigit((unsigned char)*next) && used < size) {
        char *from;
        long n = strtol(next, &from, 10);
        if (n > (long)strlen(from))
            break;
        used += (size_t)snprintf(text + used, size - used, "%s%.*s", used ? "::" : "", (int)n, from);
        next = from + n;
    }
    next += is_nested && *next == 'E';
    if (*next || !used)
        snprintf(text, size, "%s", !strcmp(whole, "i") ? "int" : !strcmp(whole, "PKc") ? "text" : whole);
}

/* NULL: it says nothing. */
static const char *find_what(const type_info *type, void *object) {
    can_be_caught *caught = NULL;
    what *says = NULL;
    if (!object)
        return NULL;
    if (!strcmp(type->name, "PKc"))
        return *(const char **)object;
    if (!runtime.exception)
        return NULL;
    *(void **)&caught = runtime.exception->functions[CAN_BE_CAUGHT];
    if (!caught(runtime.exception, type, &object, 1))
        return NULL;
    *(void **)&says = (*(void *const **)object)[WHAT];
    return says(object);
}

bool dmap__exception_write(char *text, size_t size) {
    const type_info *type = runtime.type ? runtime.type() : NULL;
    if (!type)
        return false;
    char name[128];
    write_name(type->name, name, sizeof name);
    const char *said = runtime.current ? find_what(type, runtime.current().object) : NULL;
    snprintf(text, size, "%s%s%.200s", name, said ? ": " : "", said ? said : "");
    return true;
}
