/* The texts are free in form: Open MPI's goes on behind a comma with its package and its date; MPICH's is a table of
 * lines, the first "MPICH Version:", a tab and the number, and so is that of those made from it; Intel's is a line. */
#include "net/library.h"

#include <stdio.h>
#include <string.h>

void dmap__library_name(const char *text, char *name, size_t size) {
    static const char label[] = " Version:";
    size_t length = strcspn(text, ",\n");
    const char *version = strstr(text, label);
    if (version && (size_t)(version - text) < length) {
        size_t before = (size_t)(version - text);
        version += strlen(label);
        version += strspn(version, " \t");
        snprintf(name, size, "%.*s %.*s", (int)before, text, (int)strcspn(version, ",\n"), version);
    } else {
        snprintf(name, size, "%.*s", (int)length, text);
    }
    for (char *tab = name; (tab = strchr(tab, '\t'));)
        *tab = ' ';
}
