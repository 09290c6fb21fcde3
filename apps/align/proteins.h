/* A set of protein sequences: read from a FASTA file, or made up. */
#ifndef ALIGN_PROTEINS_H
#define ALIGN_PROTEINS_H

#include <stddef.h>
#include <stdint.h>

enum { PROTEIN_LONGEST = 1000000 };

typedef struct protein {
    char *name;     /* the first word behind the > */
    char *residues; /* capital letters */
    size_t length;  /* 1 to PROTEIN_LONGEST */
} protein;

typedef struct proteins {
    protein *all;
    size_t count, capacity;
} proteins;

/** Adds those of a file. Returns 0, or -1 with a sentence in error. */
int proteins_read(proteins *p, const char *path, char *error, size_t size);
/** Adds so many made-up ones, always the same: amino acids as frequent as in nature, lengths from 40 to 2000, and every
 *  fourth is a relative of one before. Returns 0, or -1 if memory is out. */
int proteins_make(proteins *p, uint64_t count);
void proteins_free(proteins *p);

#endif
