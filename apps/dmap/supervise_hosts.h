/* The hosts that a command line of mpirun names: which of them answer, and the command line for those alone. */
#ifndef DMAP_APPS_SUPERVISE_HOSTS_H
#define DMAP_APPS_SUPERVISE_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct supervise_host {
    char *name; /* as it is written; user@ before it, too */
    int slots;
    bool is_out; /* it did not answer */
} supervise_host;

typedef struct supervise_hosts {
    char **given;  /* the command, borrowed */
    size_t at;     /* index of the argument that names them; 0: none does, or not in a way that can be edited */
    size_t ranks;  /* index of the number of ranks; 0: none is given */
    size_t prefix; /* bytes of that argument before the names: those of "--hostfile=" */
    bool is_file;  /* a host file, else a list with commas */
    supervise_host *hosts;
    size_t n;
    char **argv;    /* the command for those that answer; made by supervise_hosts_edit */
    char *words[2]; /* what in it is not of the given one */
    char file[64];  /* the copy of the host file, "": none */
} supervise_hosts;

/** Looks for mpirun in the command and for hosts behind it. Returns false if out of memory. Free with
 *  supervise_hosts_free in any case.
 *  note:  a sentence why hosts that do not answer cannot be left out, or NULL */
bool supervise_hosts_find(supervise_hosts *hosts, char **command, const char **note);
/** Sees who answers: this host does, of others those for which the words of `probe`, the host's name and "true" is a
 *  command that ends with 0 in time. Returns false, with a sentence printed, if that cannot be done. */
bool supervise_hosts_probe(supervise_hosts *hosts, const char *probe);
size_t supervise_hosts_out(const supervise_hosts *hosts);
/** Makes hosts->argv: the command without the hosts that are out, and its ranks fewer in proportion to their slots.
 *  Returns false, with a sentence printed. */
bool supervise_hosts_edit(supervise_hosts *hosts);
void supervise_hosts_free(supervise_hosts *hosts);

#endif
