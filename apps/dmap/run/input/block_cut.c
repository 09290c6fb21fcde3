/* Where a block ends. */
#include <string.h>

#include "run/input/blocks_parts.h"

/* So many bytes are read before the first look for a cut. */
size_t run_blocks_first_wanted(const run_blocks *pipe) {
    return pipe->records && !pipe->regex ? 1 : pipe->block;
}

/* The end of the last whole record in so many bytes; 0: there is none. */
static size_t find_last(const run_blocks *pipe, size_t size) {
    const char *data = pipe->data + pipe->begin;
    if (pipe->cut_size == 0)
        return size;
    for (size_t left = size; left >= pipe->cut_size;) {
        const char *at = memrchr(data, pipe->cut[0], left - pipe->cut_size + 1);
        if (!at)
            return 0;
        size_t offset = (size_t)(at - data);
        if (offset + pipe->cut_at > 0 && memcmp(at, pipe->cut, pipe->cut_size) == 0)
            return offset + pipe->cut_at;
        left = offset + pipe->cut_size - 1;
    }
    return 0;
}

/* The same, where so many are one. */
static size_t find_last_group(const run_blocks *pipe, size_t size) {
    const char *data = pipe->data + pipe->begin;
    size_t last = 0, from = 0;
    if (pipe->regex)
        return run_record_regex_last(pipe->regex, data, size);
    if (pipe->lines == 1)
        return find_last(pipe, size);
    if (pipe->cut_size == 0)
        return size / pipe->lines * pipe->lines;
    for (uint64_t found = 0; from < size;) {
        const char *at = memmem(data + from, size - from, pipe->cut, pipe->cut_size);
        if (!at)
            break;
        size_t end = (size_t)(at - data) + pipe->cut_at;
        found += end > 0;
        from = (size_t)(at - data) + (pipe->cut_at ? pipe->cut_at : 1);
        if (found > 0 && found % pipe->lines == 0)
            last = end;
    }
    return last;
}

/* The end of the last of so many records; 0: they are not all there. */
static size_t find_records(run_blocks *pipe) {
    const char *data = pipe->data + pipe->begin;
    size_t size = pipe->end - pipe->begin;
    if (pipe->regex)
        return run_record_regex_count(pipe->regex, data, size);
    if (pipe->cut_size == 0)
        return size >= pipe->records ? (size_t)pipe->records : 0;
    while (pipe->found < pipe->records) {
        const char *at = memmem(data + pipe->scanned, size - pipe->scanned, pipe->cut, pipe->cut_size);
        if (!at) {
            size_t keep = pipe->cut_size - 1;
            pipe->scanned = size - pipe->scanned > keep ? size - keep : pipe->scanned;
            return 0;
        }
        size_t end = (size_t)(at - data) + pipe->cut_at;
        pipe->found += end > 0;
        pipe->scanned = (size_t)(at - data) + (pipe->cut_at ? pipe->cut_at : 1);
        if (pipe->found == pipe->records)
            return end;
    }
    return 0;
}

/* --pipepart: at the end of the record that is at the block's size. */
static size_t find_part(run_blocks *pipe) {
    size_t there = pipe->end - pipe->begin;
    const char *data = pipe->data + pipe->begin;
    if (there <= pipe->block)
        return pipe->at_end ? there : 0;
    if (pipe->regex) {
        size_t end = run_record_regex_after(pipe->regex, data, there, pipe->block);
        return end || !pipe->at_end ? end : there;
    }
    if (pipe->cut_size == 0)
        return pipe->block;
    size_t from = pipe->scanned > pipe->block ? pipe->scanned : pipe->block;
    const char *at = memmem(data + from, there - from, pipe->cut, pipe->cut_size);
    if (at)
        return (size_t)(at - data) + pipe->cut_at;
    pipe->scanned = there >= pipe->cut_size ? there - pipe->cut_size + 1 : 0;
    return pipe->at_end ? there : 0;
}

/* Where the next block ends; 0: more is to be read first. At the end of the input there is always one. */
size_t run_blocks_find_cut(run_blocks *pipe) {
    size_t there = pipe->end - pipe->begin, cut = 0;
    if (pipe->part && !pipe->records && pipe->lines == 1)
        return find_part(pipe);
    while (cut == 0 && there > 0 && (there >= pipe->wanted || pipe->at_end)) {
        bool is_last = pipe->at_end && (pipe->records || there <= pipe->wanted);
        if (is_last && !pipe->records && pipe->lines == 1 && there <= pipe->block)
            return there;
        cut = pipe->records ? find_records(pipe) : find_last_group(pipe, there < pipe->wanted ? there : pipe->wanted);
        if (is_last && cut == 0)
            return there;
        pipe->wanted = pipe->records && !pipe->regex ? there + 1 : pipe->wanted + pipe->wanted / 2 + 1;
    }
    return cut;
}
