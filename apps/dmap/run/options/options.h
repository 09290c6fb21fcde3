/* What `dmap run` was told. Parsed once, on every rank alike, before the pool is opened; then only read. */
#ifndef DMAP_APPS_RUN_OPTIONS_OPTIONS_H
#define DMAP_APPS_RUN_OPTIONS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/base/text.h"

/** Where a column of values comes from, in the order given. */
typedef enum run_source_kind {
    RUN_SOURCE_WORDS, /* ::: a b c */
    RUN_SOURCE_FILE   /* :::: file, -a file; "-" is standard input */
} run_source_kind;

typedef struct run_source {
    run_source_kind kind;
    bool linked; /* :::+ and ::::+ : goes along with the source before, up to the shorter's end */
    char **words;
    int n_words;
    const char *path;
} run_source;

typedef enum run_pack_kind {
    RUN_PACK_NONE,
    RUN_PACK_FULL,  /* --xargs: as many values a job as there is room for */
    RUN_PACK_SPREAD /* -X, -m: the same, but the last ones are spread over the slots */
} run_pack_kind;

/** When a node starts no more jobs. */
typedef enum run_load_kind { RUN_LOAD_NUMBER, RUN_LOAD_PERCENT, RUN_LOAD_RELATIVE } run_load_kind;

typedef struct run_admission_rule {
    bool has_load;
    run_load_kind load_kind; /* percent of the cores; or added to them */
    double load;             /* so many processes run */
    uint64_t memfree;        /* less memory is free; 0: any */
    bool noswap;             /* it swaps */
} run_admission_rule;

/** Between the attempts of a job: at first, and at most; it doubles from one to the next. */
typedef struct run_retry_rule {
    double first_s, most_s;
} run_retry_rule;

typedef enum run_output { RUN_GROUP, RUN_LINE_BUFFER, RUN_UNGROUP } run_output;

typedef enum run_halt_when { RUN_HALT_NEVER, RUN_HALT_SOON, RUN_HALT_NOW } run_halt_when;
typedef enum run_halt_why { RUN_HALT_FAIL, RUN_HALT_SUCCESS, RUN_HALT_DONE } run_halt_why;

typedef struct run_halt_rule {
    run_halt_when when;
    run_halt_why why;
    double count; /* jobs, or percent */
    bool percent;
} run_halt_rule;

typedef enum run_progress { RUN_PROGRESS_AUTO, RUN_PROGRESS_BAR, RUN_PROGRESS_LINES, RUN_PROGRESS_NONE } run_progress;

/** The placeholders that have another text: -I and its like. */
typedef enum run_tag {
    RUN_TAG_VALUE,             /* -I, for {} */
    RUN_TAG_NO_EXTENSION,      /* --er, for {.} */
    RUN_TAG_BASE,              /* --bnr, for {/} */
    RUN_TAG_DIR,               /* --dnr, for {//} */
    RUN_TAG_BASE_NO_EXTENSION, /* --bner, for {/.} */
    RUN_TAG_SEQ,               /* --seqreplace, for {#} */
    RUN_TAG_SLOT,              /* --slotreplace, for {%} */
    RUN_TAGS
} run_tag;

/** How the command is read. */
typedef struct run_style {
    bool quote;                 /* -q: its words are quoted for the shell */
    bool plus;                  /* --plus: more placeholders */
    const char *tags[RUN_TAGS]; /* NULL: as they are */
} run_style;

enum { RUN_TRIM_BEGIN = 1, RUN_TRIM_END = 2 };

/** What a job may need of its node. */
typedef enum run_need { RUN_NEED_CORES, RUN_NEED_MEMORY, RUN_NEED_GPUS, RUN_NEEDS } run_need;

enum { RUN_ENDING_MOST = 16 };
/** How a job is ended: signals, each with the time that it is given then. The last is SIGKILL. */
typedef struct run_ending {
    int32_t n;
    struct {
        int32_t signal, wait_ms;
    } steps[RUN_ENDING_MOST];
} run_ending;

typedef struct run_options {
    /* inputs */
    run_source *sources; /* none: standard input, or none of it with --pipe */
    int n_sources;
    bool link;      /* --link: all of them go along, the shorter ones again and again */
    char **command; /* the words of the template; none: each line is a command */
    int n_command;
    run_style style;
    const char *delimiter; /* ends a record: "\n", a NUL with -0, or -d's; delimiter_size bytes, 1 or more */
    size_t delimiter_size;
    const char *columns; /* --colsep: a regular expression as Perl has them, or NULL */
    unsigned trim;       /* RUN_TRIM_: blanks of values, or of columns, that are taken off */
    bool trim_given;     /* --trim; else --colsep takes off both */
    const char *end;     /* -E: a value that is this one ends its source; NULL: none does */
    int values;          /* -N: records a job; 0: one a job, but none of its values is put in */
    bool values_given;   /* -N, -n or -L */
    run_pack_kind pack;
    size_t most_bytes; /* of a packed command line, fewer than */
    int lines;         /* -L: a value whose end is a blank goes on in the next line; with --pipe: lines of a record */
    bool grouped;      /* -N was given: words with {} are repeated */
    bool csv;          /* --csv: columns is a separator instead */
    bool header;       /* --header : */
    int header_lines;  /* with --pipe; 0: header_regex */
    const char *header_regex; /* it is what this matches at the beginning */
    bool shuffle;             /* --shuf */
    uint64_t seed;            /* of the shuffle: --seed; else made from the clock */
    bool seeded;              /* --seed was given; if not, a shuffle's seed is to be told at the end */
    bool skip_empty;          /* -r */
    bool skip_first;          /* --skip-first-line: of the first source, or of --pipe */
    bool depends;             /* "---" is a barrier */
    /* pipe */
    bool pipe;
    bool cat;                              /* --cat: the block is in the file {} */
    bool pipe_part;                        /* --pipepart: of a file; blocks are that size at least */
    int blocks_per_slot;                   /* --block -N; 0: blocks have a size */
    size_t block;                          /* bytes, about, of a job's standard input */
    const char *record_start, *record_end; /* NULL: none. record_end is "\n" unless one of them is given */
    size_t record_start_size, record_end_size;
    const char *record_start_text, *record_end_text; /* as they were given; NULL: not */
    uint64_t records;                                /* -N with --pipe: records a job; 0: by block */
    bool regexp;                                     /* these texts are regular expressions as Perl has them */
    bool strips;                                     /* --rrs: what they are is taken out of blocks */
    bool round_robin;                                /* blocks are dealt out over the slots, a job each */
    bool tee;                                        /* each job gets all of the input; the sources are values */
    /* running */
    const char *jobs;       /* -j: N, +N, -N, N%, 0 or a file with one of these; NULL: one a core. run_options_jobs */
    double delay_s;         /* least time between starts */
    int attempts;           /* --retries: in all, 1 or more; 0: for ever */
    run_retry_rule retry;   /* --retry-delay */
    double timeout_s;       /* 0: none */
    double timeout_percent; /* of the median; 0: none */
    run_ending ending;      /* --termseq */
    run_halt_rule halt;
    double until; /* --until: seconds since the epoch; 0: as the batch system says; < 0: none at all */
    bool dry_run;
    int shell_quotes;          /* --shell-quote: command lines are printed so many times quoted, and not run */
    run_text exported;         /* --env: names, each ended by a NUL; "_": all */
    const char *slot_variable; /* --process-slot-var: has the slot's number from 0 on */
    const char *folder;        /* --wd: a template; NULL: where the run was begun */
    const char *tmpdir;        /* NULL: $TMPDIR */
    run_admission_rule admission;
    bool has_nice;
    int nice;
    const char *needs[RUN_NEEDS]; /* --cores, --mem, --gpus: each a number, or a template; NULL: not said */
    /* output */
    run_output output;
    bool unordered;
    bool keeps_order; /* -k: line by line is not in order, so --lb is --group then */
    bool tag;
    const char *tag_text; /* --tagstring: a template; NULL: the values */
    bool verbose;         /* -v */
    bool announce;        /* -t */
    bool files;           /* --files */
    bool files_nul;       /* --files0: a NUL behind each */
    const char *results;  /* --results DIR or X.csv, X.tsv, X.json */
    const char *joblog;   /* path without the "+" */
    bool joblog_append;   /* +FILE */
    const char *usage;    /* likewise */
    bool usage_append;
    bool resume, resume_failed;
    bool changed;      /* for these, jobs are known by their numbers alone */
    bool retry_failed; /* the joblog is the input */
    run_progress progress;
    bool quiet;         /* no summary */
    bool help, version; /* print that, and run nothing */
    char *owned[4];     /* delimiter, record_start, record_end, tag_text with their escapes undone */
} run_options;

/** True if there may be placeholders in a text. */
bool run_may_vary(const run_options *options, const char *text);
/** Reads the arguments that follow "dmap run".
 *  Returns:  0; else 255 with a sentence (and the nearest option, if one is unknown) in error.
 *  options:  points into argv; to be freed with run_options_free in either case */
int run_options_parse(int argc, char **argv, run_options *options, char *error, size_t size);
void run_options_free(run_options *options);
enum { RUN_MOST_JOBS = 4096 }; /* at a time on a node: the most workers that a pool may have there */
/** Jobs at a time on a node with so many cores: 1 to RUN_MOST_JOBS; 0 if -j asks for more; -1 if it names a file
 *  without a number in it. -j 0, as many as possible, is 250, as GNU parallel has it. A file is read at every call. */
int run_options_jobs(const run_options *options, int cores);
void run_options_print_help(void);

#endif
