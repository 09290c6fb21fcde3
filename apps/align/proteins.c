#include "proteins.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void proteins_free(proteins *p) {
    for (size_t i = 0; i < p->count; i++) {
        free(p->all[i].name);
        free(p->all[i].residues);
    }
    free(p->all);
    *p = (proteins){0};
}

/* A new one with this name and no residues. NULL if memory is out. */
static protein *add(proteins *p, const char *name, size_t name_length) {
    if (p->count == p->capacity) {
        size_t capacity = 2 * p->capacity + 64;
        protein *larger = realloc(p->all, capacity * sizeof *larger);
        if (!larger)
            return NULL;
        p->all = larger;
        p->capacity = capacity;
    }
    protein one = {.name = strndup(name, name_length)};
    if (!one.name)
        return NULL;
    p->all[p->count] = one;
    return &p->all[p->count++];
}

/* ---- FASTA ---- */

/* Returns 0 or a reason. */
static const char *add_residues(protein *one, const char *line) {
    char *larger = realloc(one->residues, one->length + strlen(line) + 1);
    if (!larger)
        return "out of memory";
    one->residues = larger;
    for (; *line; line++) {
        if (isalpha((unsigned char)*line))
            larger[one->length++] = (char)toupper((unsigned char)*line);
        else if (!isspace((unsigned char)*line) && *line != '*') /* which ends a sequence in some files */
            return "not a sequence of letters";
        if (one->length > PROTEIN_LONGEST)
            return "a sequence is too long";
    }
    return NULL;
}

static const char *take_line(proteins *p, const char *line) {
    protein *last = p->count ? &p->all[p->count - 1] : NULL;
    if (line[0] == '>') {
        if (last && last->length == 0)
            return "the sequence before is empty";
        return add(p, line + 1, strcspn(line + 1, " \t\r\n")) ? NULL : "out of memory";
    }
    if (line[strspn(line, " \t\r\n")] == '\0')
        return NULL;
    return last ? add_residues(last, line) : "a FASTA file begins with a >";
}

int proteins_read(proteins *p, const char *path, char *error, size_t size) {
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    unsigned long number = 0;
    const char *wrong = file ? NULL : strerror(errno);
    while (!wrong && (length = getline(&line, &room, file)) > 0) {
        number++;
        wrong = strlen(line) == (size_t)length ? take_line(p, line) : "a byte of it is 0";
    }
    if (!wrong && ferror(file))
        wrong = strerror(errno);
    if (!wrong && (p->count == 0 || p->all[p->count - 1].length == 0))
        wrong = "it ends without a sequence";
    if (wrong && number)
        snprintf(error, size, "%s: line %lu: %s", path, number, wrong);
    else if (wrong)
        snprintf(error, size, "%s: %s", path, wrong);
    free(line);
    if (file)
        fclose(file);
    return wrong ? -1 : 0;
}

/* ---- made up ---- */

/* SplitMix64. */
static uint64_t draw(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* An amino acid, as frequent, in thousandths, as in the proteins of Robinson and Robinson (PNAS 88, 1991). */
static char draw_residue(uint64_t *state) {
    static const struct {
        char letter;
        unsigned frequency;
    } acids[] = {{'A', 78}, {'R', 51}, {'N', 45}, {'D', 54}, {'C', 19}, {'Q', 43}, {'E', 63},
                 {'G', 74}, {'H', 22}, {'I', 51}, {'L', 91}, {'K', 57}, {'M', 22}, {'F', 39},
                 {'P', 52}, {'S', 71}, {'T', 58}, {'W', 13}, {'Y', 32}, {'V', 65}};
    uint64_t left = draw(state) % 1000;
    size_t i = 0;
    while (left >= acids[i].frequency)
        left -= acids[i++].frequency;
    return acids[i].letter;
}

static void make_stranger(protein *one, uint64_t *state) {
    uint64_t power = draw(state) % 5, most = UINT64_C(80) << power; /* short ones are as likely as long ones */
    size_t length = (size_t)(most / 2 + draw(state) % (most * 9 / 10));
    while (one->length < length)
        one->residues[one->length++] = draw_residue(state);
}

/* Of ten residues about three are changed, and one in forty begins a gap on either side. */
static void make_relative(protein *one, const protein *of, uint64_t *state) {
    for (size_t i = 0; i < of->length && one->length < 2000; i++) {
        uint64_t what = draw(state) % 80;
        if (what == 0)
            i += draw(state) % 5;
        for (uint64_t n = what == 1 ? draw(state) % 5 : 0; n && one->length < 2000; n--)
            one->residues[one->length++] = draw_residue(state);
        if (i < of->length && one->length < 2000)
            one->residues[one->length++] = what < 26 ? draw_residue(state) : of->residues[i];
    }
}

int proteins_make(proteins *p, uint64_t count) {
    uint64_t state = 1;
    for (uint64_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "P%05llu", (unsigned long long)i);
        protein *one = add(p, name, strlen(name));
        if (!one || !(one->residues = malloc(2001)))
            return -1;
        if (i % 4 == 3)
            make_relative(one, &p->all[draw(&state) % i], &state);
        else
            make_stranger(one, &state);
    }
    return 0;
}
