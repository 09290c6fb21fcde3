#include "run/options/setters.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/base/parse.h"
#include "run/options/needs.h"

enum {
    MOST_VALUES = 1000000,
    MOST_QUOTES = 10,
    LONGEST_NAME = 256,
    TAG_TEXT = 3 /* among the owned */,
    HIGHEST_NICE = 19,
    LOWEST_NICE = -20,
    RETRY_MOST_S = 300
};

bool run_set_nothing(run_options *o, const char *text) {
    (void)o;
    (void)text;
    return true;
}

bool run_set_version(run_options *o, const char *text) {
    (void)text;
    return o->version = true;
}

bool run_set_max_args(run_options *o, const char *text) {
    uint64_t value;
    if (!run_read_number(text, MOST_VALUES, &value))
        return false;
    o->values = (int)value;
    o->records = value;
    o->values_given = true;
    o->grouped = false;
    return true;
}

bool run_set_trim(run_options *o, const char *text) {
    static const char *const words[] = {"n", "l", "r", "lr", "rl"};
    o->trim_given = true;
    o->trim = (strchr(text, 'l') ? RUN_TRIM_BEGIN : 0) | (strchr(text, 'r') ? RUN_TRIM_END : 0);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

bool run_set_end(run_options *o, const char *text) {
    o->end = text && *text ? text : NULL;
    return true;
}

bool run_set_csv(run_options *o, const char *text) {
    (void)text;
    return o->csv = true;
}

bool run_set_header(run_options *o, const char *text) {
    uint64_t lines = 1;
    bool counted = strcmp(text, ":") == 0 || run_read_number(text, MOST_VALUES, &lines);
    o->header_lines = counted ? (int)lines : 0;
    o->header_regex = counted ? NULL : text;
    o->header = !counted || lines > 0;
    return *text != '\0';
}

bool run_set_pipe_part(run_options *o, const char *text) {
    (void)text;
    return o->pipe = o->pipe_part = true;
}

bool run_set_cat(run_options *o, const char *text) {
    (void)text;
    return o->pipe = o->cat = true;
}

bool run_set_regexp(run_options *o, const char *text) {
    (void)text;
    return o->regexp = true;
}

bool run_set_strips(run_options *o, const char *text) {
    (void)text;
    return o->strips = true;
}

bool run_set_round_robin(run_options *o, const char *text) {
    (void)text;
    return o->round_robin = true;
}

bool run_set_tee(run_options *o, const char *text) {
    (void)text;
    return o->tee = true;
}

bool run_set_skip_first(run_options *o, const char *text) {
    (void)text;
    return o->skip_first = true;
}

bool run_set_shell_quote(run_options *o, const char *text) {
    (void)text;
    return ++o->shell_quotes < MOST_QUOTES;
}

/* A name that a shell can read. */
bool run_set_slot_variable(run_options *o, const char *text) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    o->slot_variable = text;
    return *text && strlen(text) < LONGEST_NAME && strspn(text, letters) == strlen(text) &&
           (*text < '0' || *text > '9');
}

bool run_set_exported(run_options *o, const char *text) {
    size_t length;
    if (strchr(text, '='))
        return false;
    for (; *text; text += length + (text[length] == ',')) {
        length = strcspn(text, ",");
        run_text_add(&o->exported, text, length);
        run_text_add(&o->exported, "", 1);
    }
    return !o->exported.broken;
}

bool run_set_block(run_options *o, const char *text) {
    uint64_t blocks = 0;
    if (*text == '-' && run_read_number(text + 1, MOST_VALUES, &blocks)) {
        o->blocks_per_slot = (int)blocks;
        return blocks > 0;
    }
    o->blocks_per_slot = 0;
    return run_read_size(text, &o->block) && o->block > 0;
}

bool run_set_link(run_options *o, const char *text) {
    (void)text;
    return o->link = true;
}

bool run_set_lines(run_options *o, const char *text) {
    uint64_t value = 1;
    bool valid = !text || (run_read_number(text, MOST_VALUES, &value) && value > 0);
    o->lines = valid ? (int)value : 0;
    return valid;
}

bool run_set_pack_context(run_options *o, const char *text) {
    (void)text;
    o->pack = RUN_PACK_SPREAD;
    return o->grouped = true;
}

bool run_set_pack(run_options *o, const char *text) {
    (void)text;
    o->pack = RUN_PACK_SPREAD;
    return true;
}

bool run_set_xargs(run_options *o, const char *text) {
    (void)text;
    o->pack = RUN_PACK_FULL;
    return true;
}

bool run_set_most_bytes(run_options *o, const char *text) {
    return run_read_size(text, &o->most_bytes) && o->most_bytes > 0;
}

bool run_set_quote(run_options *o, const char *text) {
    (void)text;
    return o->style.quote = true;
}

bool run_set_plus(run_options *o, const char *text) {
    (void)text;
    return o->style.plus = true;
}

static bool set_tag(run_options *o, run_tag tag, const char *text) {
    o->style.tags[tag] = text;
    return *text != '\0';
}

bool run_set_tag_value(run_options *o, const char *text) {
    return set_tag(o, RUN_TAG_VALUE, text ? text : "{}");
}

bool run_set_tag_no_extension(run_options *o, const char *text) {
    return set_tag(o, RUN_TAG_NO_EXTENSION, text);
}

bool run_set_tag_base(run_options *o, const char *text) {
    return set_tag(o, RUN_TAG_BASE, text);
}

bool run_set_tag_dir(run_options *o, const char *text) {
    return set_tag(o, RUN_TAG_DIR, text);
}

bool run_set_tag_base_no_extension(run_options *o, const char *text) {
    return set_tag(o, RUN_TAG_BASE_NO_EXTENSION, text);
}

bool run_set_tag_seq(run_options *o, const char *text) {
    return set_tag(o, RUN_TAG_SEQ, text);
}

bool run_set_tag_slot(run_options *o, const char *text) {
    return set_tag(o, RUN_TAG_SLOT, text);
}

bool run_set_ungroup(run_options *o, const char *text) {
    (void)text;
    o->output = RUN_UNGROUP;
    return true;
}

bool run_set_verbose(run_options *o, const char *text) {
    (void)text;
    return o->verbose = true;
}

bool run_set_announce(run_options *o, const char *text) {
    (void)text;
    return o->announce = true;
}

bool run_set_files(run_options *o, const char *text) {
    (void)text;
    o->files_nul = false;
    return o->files = true;
}

bool run_set_files_nul(run_options *o, const char *text) {
    (void)text;
    return o->files = o->files_nul = true;
}

/* An empty one is as if it had not been given. */
bool run_set_tag_text(run_options *o, const char *text) {
    size_t size;
    free(o->owned[TAG_TEXT]);
    o->tag_text = o->owned[TAG_TEXT] = *text ? run_unescape(text, &size) : NULL;
    o->tag = o->tag || o->tag_text;
    return !*text || o->tag_text;
}

/* "..." is a folder of its own for each job, of ssh's other machine. */
bool run_set_folder(run_options *o, const char *text) {
    o->folder = text;
    return *text != '\0' && strcmp(text, "...") != 0;
}

bool run_set_tmpdir(run_options *o, const char *text) {
    o->tmpdir = text;
    return *text != '\0';
}

bool run_set_nice(run_options *o, const char *text) {
    uint64_t value;
    bool negative = *text == '-';
    if (!run_read_number(text + negative, -LOWEST_NICE, &value) || (!negative && value > HIGHEST_NICE))
        return false;
    o->nice = negative ? -(int)value : (int)value;
    return o->has_nice = true;
}

/* "TIME" or "TIME,MOST". */
bool run_set_retry_delay(run_options *o, const char *text) {
    char first[64];
    size_t length = strcspn(text, ",");
    run_retry_rule *rule = &o->retry;
    if (length >= sizeof first)
        return false;
    memcpy(first, text, length);
    first[length] = '\0';
    if (!run_read_duration(first, &rule->first_s))
        return false;
    rule->most_s = rule->first_s > RETRY_MOST_S ? rule->first_s : RETRY_MOST_S;
    return !text[length] || (run_read_duration(text + length + 1, &rule->most_s) && rule->most_s >= rule->first_s);
}

bool run_set_load(run_options *o, const char *text) {
    run_admission_rule *rule = &o->admission;
    bool relative = *text == '+' || *text == '-';
    rule->has_load = true;
    rule->load_kind = relative ? RUN_LOAD_RELATIVE : RUN_LOAD_NUMBER;
    if (!relative && run_read_percent(text, &rule->load)) {
        rule->load_kind = RUN_LOAD_PERCENT;
        return true;
    }
    if (!run_read_decimal(text + relative, &rule->load))
        return false;
    rule->load = *text == '-' ? -rule->load : rule->load;
    return true;
}

bool run_set_memfree(run_options *o, const char *text) {
    size_t size;
    bool valid = run_read_size(text, &size) && size > 0;
    o->admission.memfree = valid ? size : 0;
    return valid;
}

bool run_set_noswap(run_options *o, const char *text) {
    (void)text;
    return o->admission.noswap = true;
}

bool run_set_usage(run_options *o, const char *text) {
    o->usage_append = *text == '+';
    o->usage = text + o->usage_append;
    return *o->usage != '\0';
}

bool run_set_depends(run_options *o, const char *text) {
    (void)text;
    return o->depends = true;
}

bool run_set_changed(run_options *o, const char *text) {
    (void)text;
    return o->changed = true;
}

/* Whether they have placeholders is known when all options are: they are looked at then, or job by job. */
bool run_set_cores(run_options *o, const char *text) {
    o->needs[RUN_NEED_CORES] = text;
    return true;
}

bool run_set_memory(run_options *o, const char *text) {
    o->needs[RUN_NEED_MEMORY] = text;
    return true;
}

bool run_set_gpus(run_options *o, const char *text) {
    o->needs[RUN_NEED_GPUS] = text;
    return true;
}

bool run_set_retry_failed(run_options *o, const char *text) {
    (void)text;
    return o->retry_failed = true;
}
