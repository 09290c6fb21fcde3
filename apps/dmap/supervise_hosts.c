/* mpirun's options end at its program, and what is behind is the program's: no option is known here but those that name
 * hosts and ranks, so an argument that is no option counts as the value of the option before it, and the first that
 * follows none as the program. */
#include "supervise_hosts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command_line.h"

static const char *const launchers[] = {"mpirun", "mpiexec", "orterun", "prterun", NULL};
static const char *const file_options[] = {"hostfile", "machinefile", "default-hostfile", "f", NULL};
static const char *const list_options[] = {"host", "H", "hosts", NULL};
static const char *const ranks_options[] = {"n", "np", "c", NULL};
static const char *const pair_options[] = {"mca", "gmca", "omca", "prtemca", "pmixmca", "genv", "env", NULL};

/* ---- what is named ---- */

static bool is_launcher(const char *argument) {
    const char *slash = strrchr(argument, '/');
    const char *name = slash ? slash + 1 : argument;
    for (size_t i = 0; launchers[i]; i++) /* mpirun.openmpi is one, too */
        if (strncmp(name, launchers[i], strlen(launchers[i])) == 0)
            return true;
    return false;
}

/* Whether the argument is one of the options, with one dash or two, and maybe "=VALUE". */
static bool is_option(const char *argument, const char *const *options) {
    const char *name = argument + strspn(argument, "-");
    for (size_t i = 0; *argument == '-' && options[i]; i++)
        if (strlen(options[i]) == strcspn(name, "=") && strncmp(name, options[i], strlen(options[i])) == 0)
            return true;
    return false;
}

static bool take(supervise_hosts *h, size_t option, bool is_file) {
    const char *sign = strchr(h->given[option], '=');
    bool is_first = h->at == 0;
    h->at = sign ? option : option + 1;
    h->prefix = sign ? (size_t)(sign + 1 - h->given[option]) : 0;
    h->is_file = is_file;
    return is_first && h->given[h->at];
}

/* Returns a sentence, or NULL. */
static const char *find_options(supervise_hosts *h) {
    size_t i = 0;
    while (h->given[i] && !is_launcher(h->given[i]))
        i++;
    for (i += h->given[i] != NULL; h->given[i]; i++) {
        const char *argument = h->given[i];
        bool has_value = argument[0] == '-' && !strchr(argument, '=') && h->given[i + 1];
        bool is_file = is_option(argument, file_options);
        if ((is_file || is_option(argument, list_options)) && !take(h, i, is_file))
            return "the command names its hosts more than once";
        if (has_value && is_option(argument, ranks_options))
            h->ranks = i + 1;
        if (argument[0] != '-')
            break;
        if (has_value && is_option(argument, pair_options))
            i++;
        i += has_value && h->given[i + 1] && h->given[i + 1][0] != '-';
    }
    if (!h->at)
        return "the command has no --hostfile and no --host of mpirun";
    for (; h->given[i]; i++)
        if (strcmp(h->given[i], ":") == 0)
            return "the command is of several programs";
    return NULL;
}

/* ---- their names ---- */

static bool add(supervise_hosts *h, const char *name, size_t length, int slots) {
    supervise_host *hosts = realloc(h->hosts, (h->n + 1) * sizeof *hosts);
    if (!hosts)
        return false;
    h->hosts = hosts;
    hosts[h->n] = (supervise_host){.name = strndup(name, length), .slots = slots < 1 ? 1 : slots};
    return hosts[h->n++].name != NULL;
}

/* "node1", "node1:4", or in a file "node1 slots=4". */
static bool add_one(supervise_hosts *h, const char *text) {
    size_t length = strcspn(text, ": \t\r\n,");
    const char *slots = strstr(text, "slots=");
    if (text[length] == ':')
        return add(h, text, length, atoi(text + length + 1));
    return add(h, text, length, h->is_file && slots ? atoi(slots + 6) : 1);
}

/* Where the host's name begins in a line of a file; NULL: it has none. */
static const char *name_in(const char *line) {
    line += strspn(line, " \t");
    return strchr("#\r\n", *line) ? NULL : line;
}

static bool read_file(supervise_hosts *h, const char *name) {
    char *line = NULL;
    size_t size = 0;
    bool done = true;
    FILE *file = fopen(name, "re");
    if (!file)
        return true; /* mpirun will say so */
    while (done && getline(&line, &size, file) >= 0)
        done = !name_in(line) || add_one(h, name_in(line));
    free(line);
    fclose(file);
    return done;
}

static bool read_list(supervise_hosts *h, const char *list) {
    for (const char *at = list; *at; at += *at == ',') {
        if (*at != ',' && !add_one(h, at))
            return false;
        at += strcspn(at, ",");
    }
    return true;
}

bool supervise_hosts_find(supervise_hosts *h, char **command, const char **note) {
    *h = (supervise_hosts){.given = command};
    *note = find_options(h);
    if (*note) {
        h->at = 0;
        return true;
    }
    const char *value = command[h->at] + h->prefix;
    bool done = h->is_file ? read_file(h, value) : read_list(h, value);
    if (!h->n)
        *note = "the command's host file cannot be read";
    return done;
}

size_t supervise_hosts_out(const supervise_hosts *h) {
    size_t out = 0;
    for (size_t i = 0; i < h->n; i++)
        out += h->hosts[i].is_out;
    return out;
}

/* ---- the command without them ---- */

static bool copy_file(supervise_hosts *h, const char *from) {
    char *line = NULL;
    size_t size = 0, i = 0;
    snprintf(h->file, sizeof h->file, "/tmp/dmap-hosts-XXXXXX");
    int fd = mkstemp(h->file);
    FILE *in = fopen(from, "re"), *out = fd < 0 ? NULL : fdopen(fd, "w");
    while (in && out && getline(&line, &size, in) >= 0)
        if (!name_in(line) || i >= h->n || !h->hosts[i++].is_out)
            fputs(line, out);
    bool done = in && out && !ferror(in) && !ferror(out);
    free(line);
    if (in)
        fclose(in);
    if (out && fclose(out) != 0)
        done = false;
    return done;
}

/* What stands for the hosts: "--hostfile=FILE", "FILE" or "a,b:2". */
static char *write_hosts(supervise_hosts *h) {
    const char *given = h->given[h->at];
    char *word = malloc(strlen(given) + sizeof h->file + 1), *end = word;
    if (!word)
        return NULL;
    memcpy(word, given, h->prefix);
    end += h->prefix;
    *end = '\0';
    if (h->is_file) {
        strcpy(end, h->file);
        return word;
    }
    const char *at = given + h->prefix;
    for (size_t i = 0; *at; at += *at == ',') {
        size_t length = strcspn(at, ",");
        if (length && !h->hosts[i++].is_out)
            end += sprintf(end, "%s%.*s", end == word + h->prefix ? "" : ",", (int)length, at);
        at += length;
    }
    return word;
}

/* mpirun refuses more ranks than the hosts that are left have places. */
static char *write_ranks(const supervise_hosts *h) {
    uint64_t given, all = 0, left = 0;
    char text[32];
    if (!h->ranks || !command_read_whole(h->given[h->ranks], '\0', &given) || given > 1000000)
        return NULL;
    for (size_t i = 0; i < h->n; i++) {
        all += (uint64_t)h->hosts[i].slots;
        left += h->hosts[i].is_out ? 0 : (uint64_t)h->hosts[i].slots;
    }
    uint64_t ranks = given * left / all;
    snprintf(text, sizeof text, "%llu", (unsigned long long)(ranks ? ranks : 1));
    return strdup(text);
}

static void drop_edit(supervise_hosts *h) {
    if (h->file[0])
        unlink(h->file);
    h->file[0] = '\0';
    for (int i = 0; i < 2; i++)
        free(h->words[i]);
    h->words[0] = h->words[1] = NULL;
    free(h->argv);
    h->argv = NULL;
}

bool supervise_hosts_edit(supervise_hosts *h) {
    size_t n = 0;
    while (h->given[n])
        n++;
    drop_edit(h);
    h->argv = malloc((n + 1) * sizeof *h->argv);
    if (h->argv)
        memcpy(h->argv, h->given, (n + 1) * sizeof *h->argv);
    bool done = h->argv != NULL;
    if (done && supervise_hosts_out(h)) {
        errno = 0;
        done = (!h->is_file || copy_file(h, h->given[h->at] + h->prefix)) && (h->words[0] = write_hosts(h)) != NULL;
        h->words[1] = write_ranks(h);
        if (done)
            h->argv[h->at] = h->words[0];
        if (done && h->words[1])
            h->argv[h->ranks] = h->words[1];
    }
    if (!done)
        fprintf(stderr, "dmap supervise: the hosts that do not answer could not be left out: %s\n", strerror(errno));
    return done;
}

void supervise_hosts_free(supervise_hosts *h) {
    drop_edit(h);
    for (size_t i = 0; i < h->n; i++)
        free(h->hosts[i].name);
    free(h->hosts);
}
