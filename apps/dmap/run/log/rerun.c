/* The launcher is the process that started this one, if its command line ends with this one's: mpirun's does. srun's is
 * not here to be seen. */
#include "run/log/rerun.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 4000, MOST_WORDS = 2000 };

/* True if the word can stand in a command line as it is. */
static bool is_plain(const char *word) {
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
    return word[0] && strspn(word, safe) == strlen(word);
}

static void print_word(const char *word) {
    if (is_plain(word)) {
        fprintf(stderr, " %s", word);
        return;
    }
    fputs(" '", stderr);
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", stderr);
        else
            fputc(*word, stderr);
    fputc('\'', stderr);
}

/* The words of the process that started this one, in text. Returns how many; 0: they are not known. */
static int read_parent(char *text, size_t size, char **words) {
    char path[64];
    int n = 0;
    snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)getppid());
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(text, 1, size, file) : 0;
    if (file)
        fclose(file);
    if (length == 0 || length == size || text[length - 1])
        return 0;
    for (char *word = text; word < text + length && n < MOST_WORDS; word += strlen(word) + 1)
        words[n++] = word;
    return n;
}

/* How many words of the launcher stand before these; 0: it is none. */
static int count_launcher(char *const *words, int n, char *const *argv, int argc) {
    if (n <= argc)
        return 0;
    for (int i = 0; i < argc; i++)
        if (strcmp(words[n - argc + i], argv[i]) != 0)
            return 0;
    return n - argc;
}

void run_rerun_print(const run_options *options, char **argv) {
    static char text[2 * MOST], *words[MOST_WORDS];
    size_t length = 0;
    int argc = 0;
    bool has_joblog = options->joblog && strcmp(options->joblog, "-") != 0;
    for (; argv[argc]; argc++)
        length += strlen(argv[argc]);
    if (!has_joblog || length > MOST) {
        fputs(options->retry_failed ? "the same command runs just these again\n"
              : has_joblog          ? "the same command with --resume-failed runs just these again\n"
                           : "with --joblog FILE, and then --joblog FILE --resume-failed, just these are run again\n",
              stderr);
        return;
    }
    int launcher = count_launcher(words, read_parent(text, sizeof text, words), argv, argc);
    fprintf(stderr, "to run just these again%s:\n  ",
            !launcher && getenv("SLURM_STEP_ID") ? ", under srun as before" : "");
    for (int i = 0; i < launcher; i++)
        print_word(words[i]);
    print_word(argv[0]);
    print_word(argv[1]);
    if (!options->resume_failed && !options->retry_failed)
        fputs(" --resume-failed", stderr);
    for (char **word = argv + 2; *word; word++)
        print_word(*word);
    fputc('\n', stderr);
}
