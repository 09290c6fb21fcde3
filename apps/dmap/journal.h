/* What `dmap journal` does with a journal that is open. */
#ifndef DMAP_APPS_JOURNAL_H
#define DMAP_APPS_JOURNAL_H

#include "journal_file.h"

typedef struct journal_options {
    bool csv, jsonl, help;
} journal_options;

/** Each prints to stdout. Returns false with a sentence in file->error. */
typedef bool journal_action(journal_file *file, const char *path, const journal_options *options);

journal_action journal_show, journal_failed, journal_verify, journal_export, journal_prune;

#endif
