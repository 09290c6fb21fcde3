/* The tables of a journal, for whoever reads it with the sqlite3 command: `item` ranges are half open, results and
 * hashes are as in record.h. A file whose tables are not exactly these is none of ours: what a stranger's schema may
 * do while it is read or written is not to be thought about. */
#include "keep/file.h"

#include <string.h>

static const struct {
    const char *name, *sql;
} tables[] = {
    {"failure", "CREATE TABLE failure (id INTEGER PRIMARY KEY, map INTEGER NOT NULL, item INTEGER NOT NULL, status "
                "INTEGER NOT NULL, code INTEGER, signal INTEGER, attempt INTEGER, rank INTEGER, host TEXT, seconds "
                "REAL, ended TEXT, sentence TEXT)"},
    {"map",
     "CREATE TABLE map (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, task TEXT NOT NULL, item_size INTEGER "
     "NOT NULL, result_size INTEGER NOT NULL, seed TEXT NOT NULL, results TEXT NOT NULL, source TEXT NOT NULL, "
     "layout TEXT NOT NULL, items INTEGER, made TEXT)"},
    {"segment",
     "CREATE TABLE segment (id INTEGER PRIMARY KEY, map INTEGER NOT NULL, begin INTEGER NOT NULL, end INTEGER "
     "NOT NULL, rank INTEGER, host TEXT, attempt INTEGER, seconds REAL, ended TEXT, sum INTEGER NOT NULL, "
     "failed BLOB, hashes BLOB, results BLOB)"}};

enum { TABLES = sizeof tables / sizeof tables[0] };

bool dmap__file_make_tables(const dmap__file *file) {
    bool made = dmap__file_run(file, "BEGIN IMMEDIATE");
    for (int i = 0; made && i < TABLES; i++)
        made = dmap__file_run(file, tables[i].sql);
    return made && dmap__file_run(file, "PRAGMA application_id = 1684889968; PRAGMA user_version = 1; COMMIT");
}

/* SQLite makes an index for the UNIQUE name: it has no text. */
static bool is_ours(const char *name, const char *sql, unsigned *seen) {
    if (name && !sql)
        return strcmp(name, "sqlite_autoindex_map_1") == 0;
    for (int i = 0; name && i < TABLES; i++) {
        if (strcmp(name, tables[i].name) != 0 || strcmp(sql, tables[i].sql) != 0)
            continue;
        *seen |= 1U << i;
        return true;
    }
    return false;
}

dmap__tables dmap__file_look_at_tables(const dmap__file *file) {
    sqlite3_stmt *rows = NULL;
    unsigned seen = 0;
    bool ours = true;
    int code, n = 0;
    if (!dmap__file_prepare(file, &rows, "SELECT name, sql FROM sqlite_schema"))
        return DMAP__TABLES_UNREADABLE;
    for (; (code = sqlite3_step(rows)) == SQLITE_ROW; n++)
        ours = ours &&
               is_ours((const char *)sqlite3_column_text(rows, 0), (const char *)sqlite3_column_text(rows, 1), &seen);
    sqlite3_finalize(rows);
    if (code != SQLITE_DONE)
        return DMAP__TABLES_UNREADABLE;
    if (n == 0)
        return DMAP__TABLES_NONE;
    return ours && seen == (1U << TABLES) - 1 ? DMAP__TABLES_OURS : DMAP__TABLES_OTHER;
}
