#include "run/options/sources.h"

#include <stdlib.h>
#include <string.h>

bool run_is_separator(const char *word) {
    size_t colons = strspn(word, ":");
    return (colons == 3 || colons == 4) && (!word[colons] || strcmp(word + colons, "+") == 0);
}

bool run_add_source(run_options *o, run_source source) {
    run_source *sources = realloc(o->sources, ((size_t)o->n_sources + 1) * sizeof *sources);
    if (!sources)
        return false;
    source.linked = source.linked && o->n_sources > 0; /* the first has none to go along with */
    o->sources = sources;
    o->sources[o->n_sources++] = source;
    return true;
}

bool run_add_sources(run_options *o, int argc, char **argv) {
    for (int i = 0; i < argc;) {
        const char *separator = argv[i++];
        bool linked = separator[strlen(separator) - 1] == '+', files = separator[3] == ':';
        int begin = i;
        while (i < argc && !run_is_separator(argv[i]))
            i++;
        for (int k = begin; files && k < i; k++)
            if (!run_add_source(o, (run_source){.kind = RUN_SOURCE_FILE, .linked = linked, .path = argv[k]}))
                return false;
        run_source words = {.kind = RUN_SOURCE_WORDS, .linked = linked, .words = argv + begin, .n_words = i - begin};
        if (!files && !run_add_source(o, words))
            return false;
    }
    return true;
}
