/* What the two halves of --pipe share: what reads and hands out, and what looks for the ends of blocks. */
#ifndef DMAP_APPS_RUN_INPUT_BLOCKS_PARTS_H
#define DMAP_APPS_RUN_INPUT_BLOCKS_PARTS_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/base/text.h"
#include "run/input/blocks.h"
#include "run/input/hands.h"
#include "run/input/input_file.h"
#include "run/input/record_regex.h"

struct run_blocks {
    run_file file;
    bool at_end;
    char *data;
    size_t begin, end, room; /* what was read and not handed out yet: data[begin, end) */
    size_t block;
    uint64_t records;
    uint64_t lines;          /* -L: what looks like so many records is one */
    char *cut;               /* record_end followed by record_start */
    size_t cut_size, cut_at; /* the block ends cut_at bytes into it */
    size_t scanned;          /* bytes from begin on that hold no further cut */
    uint64_t found;          /* records before that */
    size_t wanted;           /* bytes to be read before the next look, which sees no more if it is for a block */
    bool wants_text;         /* and has read nothing but blanks yet */
    size_t blanks;           /* bytes from begin on that are blanks, if so */
    bool part;               /* --pipepart: a block ends behind its size */
    size_t header_lines;
    pcre2_code *header_regex; /* NULL: lines */
    bool wants_header;        /* and has not got it yet */
    size_t header_size;
    run_text headed;            /* the header, and behind it the block handed out last */
    bool skips_line;            /* --skip-first-line, and it has not been read yet */
    run_record_regex *regex;    /* --regexp, instead of the cut; NULL: none */
    run_separators *separators; /* --rrs; NULL: they stay */
    run_hands hands;            /* --round-robin: of each slot; --tee: one */
    bool deals, dealt;          /* blocks go to them, and have all gone there */
};

/** So many bytes are read before the first look for a cut. */
size_t run_blocks_first_wanted(const run_blocks *pipe);
/** Where the next block ends; 0: more is to be read first. At the end of the input there is always one. */
size_t run_blocks_find_cut(run_blocks *pipe);

#endif
