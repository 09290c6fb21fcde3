/* A template in parts: what template_parse.c makes and template.c reads. */
#ifndef DMAP_APPS_RUN_COMMAND_TEMPLATE_PARTS_H
#define DMAP_APPS_RUN_COMMAND_TEMPLATE_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "run/command/edit.h"
#include "run/command/template.h"

typedef enum run_form {
    RUN_FORM_WHOLE,
    RUN_FORM_NO_EXTENSION,      /* .  */
    RUN_FORM_BASE,              /* /  */
    RUN_FORM_DIR,               /* // */
    RUN_FORM_BASE_NO_EXTENSION, /* /. */
    /* with --plus */
    RUN_FORM_NO_2_EXTENSIONS,      /* .. */
    RUN_FORM_NO_3_EXTENSIONS,      /* ... */
    RUN_FORM_BASE_NO_2_EXTENSIONS, /* /.. */
    RUN_FORM_BASE_NO_3_EXTENSIONS, /* /... */
    RUN_FORM_EXTENSION,            /* +. */
    RUN_FORM_2_EXTENSIONS,         /* +.. */
    RUN_FORM_3_EXTENSIONS,         /* +... */
    RUN_FORM_BEFORE_SLASH          /* +/ */
} run_form;

typedef enum run_part_kind {
    RUN_PART_TEXT,
    RUN_PART_BLANKS,   /* text between words */
    RUN_PART_ALL,      /* {}: all values, with blanks between */
    RUN_PART_POSITION, /* {2}, {-1} */
    RUN_PART_NAMED,    /* {word}: a column's name, if there is such a column, else text */
    RUN_PART_SEQ,
    RUN_PART_SEQ_PADDED, /* {0#} */
    RUN_PART_TOTAL,      /* {##} */
    RUN_PART_SLOT
} run_part_kind;

typedef struct run_part {
    run_part_kind kind;
    run_form form;
    long position;
    run_edit *edit;   /* NULL: none */
    const char *text; /* as it stands in the template */
    size_t size;
} run_part;

struct run_template {
    run_text source; /* the parts point into it */
    run_part *parts;
    int n_parts;
    bool append; /* " {}" if no part turns out to be a placeholder */
    bool bare;   /* values are commands: never quoted */
    run_style style;
    uint64_t total;  /* jobs */
    char error[400]; /* what is wrong with it */
};

/** Bytes of the suffix (".", "/", "//", "/.", and with --plus more) at the end of what stands in braces, and its form;
 *  0: there is none. */
size_t run_form_of_suffix(const char *inside, size_t size, bool plus, run_form *form);

#endif
