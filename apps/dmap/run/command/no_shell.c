/* Which commands need no shell. In doubt one does: what is simple here does the same without one as under a shell that
 * run_shell_is_usual. */
#include "run/command/no_shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Unquoted, these stand for themselves wherever they are. "=" does so too, but not in the command's name. */
static bool is_literal(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("_+-./,:%@=", c));
}

/* Keywords and built-ins, of dash, bash and POSIX; programs of the same name do not do quite the same. */
static const char *const shell_words[] = {
    ".",      ":",       "alias",   "bg",        "bind",     "break",    "builtin", "caller",  "case",    "cd",
    "chdir",  "command", "compgen", "complete",  "compopt",  "continue", "coproc",  "declare", "dirs",    "disown",
    "do",     "done",    "elif",    "else",      "enable",   "esac",     "eval",    "exec",    "exit",    "export",
    "fc",     "fg",      "fi",      "for",       "function", "getopts",  "hash",    "help",    "history", "if",
    "in",     "jobs",    "kill",    "let",       "local",    "logout",   "mapfile", "newgrp",  "popd",    "printf",
    "pushd",  "pwd",     "read",    "readarray", "readonly", "return",   "select",  "set",     "shift",   "shopt",
    "source", "suspend", "test",    "then",      "time",     "times",    "trap",    "type",    "typeset", "ulimit",
    "umask",  "unalias", "unset",   "until",     "wait",     "while",
};

static bool is_shell_word(const char *word, size_t size) {
    for (size_t i = 0; i < sizeof shell_words / sizeof shell_words[0]; i++)
        if (strlen(shell_words[i]) == size && memcmp(shell_words[i], word, size) == 0)
            return true;
    return false;
}

/* A function that bash would find in its environment. */
static bool is_exported_function(const char *word, size_t size) {
    char name[128];
    if (size + sizeof "BASH_FUNC_%%" > sizeof name)
        return true;
    snprintf(name, sizeof name, "BASH_FUNC_%.*s%%%%", (int)size, word);
    return getenv(name) != NULL;
}

/* The name: literal letters only, no assignment, nothing that the shell does by itself. */
static bool is_program(const char *word, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (!is_literal(word[i]) || word[i] == '=' || word[i] == '%')
            return false;
    return size > 0 && !is_shell_word(word, size) && !is_exported_function(word, size);
}

/* Reads one letter of a word, with its quotes, and appends what it means. Returns the bytes read; 0: not simple. */
static size_t read_letter(const char *c, char **to) {
    size_t inside;
    if (*c == '\'') {
        inside = strcspn(c + 1, "'");
    } else if (*c == '"') {
        inside = strcspn(c + 1, "\"$`\\");
        if (c[1 + inside] != '"')
            return 0;
    } else if (*c == '\\') {
        if (c[1] == '\0' || c[1] == '\n')
            return 0;
        *(*to)++ = c[1];
        return 2;
    } else {
        *(*to)++ = *c;
        return is_literal(*c);
    }
    if (c[1 + inside] == '\0')
        return 0;
    memcpy(*to, c + 1, inside);
    *to += inside;
    return inside + 2;
}

/* Reads a word and writes it with a NUL. Returns where it ends; NULL: not simple. */
static const char *read_word(const char *c, char **to) {
    if (*c == '=') /* zsh: the path of a command */
        return NULL;
    while (*c && *c != ' ' && *c != '\t') {
        size_t length = read_letter(c, to);
        if (length == 0)
            return NULL;
        c += length;
    }
    *(*to)++ = '\0';
    return c;
}

/* Built-ins with programs of the same name that do the same, but for some arguments: a coreutils program knows --help
 * and --version, a shell's echo backslashes and options. */
static bool argument_differs(const char *name, const char *argument) {
    if (strcmp(name, "true") == 0 || strcmp(name, "false") == 0)
        return argument[0] == '-';
    return strcmp(name, "echo") == 0 && (argument[0] == '-' || strchr(argument, '\\'));
}

/* Writes the words into block, each with its NUL. Returns how many; 0: not simple. */
static int read_words(const char *command, char *block) {
    const char *c = command + strspn(command, " \t");
    if (!is_program(c, strcspn(c, " \t")))
        return 0;
    char *to = block;
    int count = 0;
    while (*c) {
        const char *word = to;
        if (!(c = read_word(c, &to)) || (count > 0 && argument_differs(block, word)))
            return 0;
        c += strspn(c, " \t");
        count++;
    }
    return count;
}

bool run_needs_no_shell(const char *command) {
    char few[512], *block = few;
    size_t size = strlen(command) + 1; /* no word becomes longer, and each blank makes room for a NUL */
    if (size > sizeof few && !(block = malloc(size)))
        return false;
    bool simple = read_words(command, block) > 0;
    if (block != few)
        free(block);
    return simple;
}

bool run_shell_is_usual(const char *shell) {
    static const char *const usual[] = {"sh", "dash", "ash", "bash", "ksh", "ksh93", "mksh", "yash", "busybox"};
    const char *slash = strrchr(shell, '/'), *name = slash ? slash + 1 : shell;
    if (getenv("BASH_ENV"))
        return false;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (strcmp(name, usual[i]) == 0)
            return true;
    return false;
}

char **run_command_split(const char *command) {
    size_t size = strlen(command) + 1, most = size / 2 + 2; /* words, and the NULL */
    char **words = malloc(most * sizeof *words + size);
    if (!words)
        return NULL;
    char *block = (char *)(words + most);
    int count = read_words(command, block);
    for (int i = 0; i < count; i++) {
        words[i] = block;
        block += strlen(block) + 1;
    }
    words[count] = NULL;
    return words;
}
