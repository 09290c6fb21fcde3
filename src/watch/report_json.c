/* A report as JSON: one object, in one line, so that those of several calls can follow one another in a file. Names are
 * those of <dmap/report.h>. */
#include <inttypes.h>
#include <math.h>

#include "base/text.h"
#include "watch/report.h"

/* The bytes of the character that begins there; 0: it is none of UTF-8. */
static size_t character(const unsigned char *at) {
    static const struct {
        unsigned char mask, lead, low, high; /* of the first byte; bounds of the second */
    } forms[] = {{0xE0, 0xC0, 0x80, 0xBF}, {0xF0, 0xE0, 0x80, 0xBF}, {0xF8, 0xF0, 0x80, 0xBF}};
    if (*at < 0x80)
        return 1;
    for (size_t form = 0; form < 3; form++) {
        if ((*at & forms[form].mask) != forms[form].lead)
            continue;
        size_t n = form + 2, i = 1;
        while (i < n && (at[i] & 0xC0) == 0x80)
            i++;
        bool is_overlong = *at < 0xC2 || (*at == 0xE0 && at[1] < 0xA0) || (*at == 0xF0 && at[1] < 0x90);
        bool is_beyond = (*at == 0xED && at[1] > 0x9F) || *at > 0xF4 || (*at == 0xF4 && at[1] > 0x8F);
        return i == n && !is_overlong && !is_beyond ? n : 0;
    }
    return 0;
}

/* Bytes that are no UTF-8 become U+FFFD. */
static void write_text(FILE *to, const char *text) {
    fputc('"', to);
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        size_t n = character(at);
        if (!n)
            fputs("\\ufffd", to);
        else if (*at < 0x20 || *at == 0x7f)
            fprintf(to, "\\u%04x", *at);
        else if (*at == '"' || *at == '\\')
            fprintf(to, "\\%c", *at);
        else
            fwrite(at, 1, n, to);
        at += n ? n : 1;
    }
    fputc('"', to);
}

/* No number of JSON is infinite. */
static void number(FILE *to, const char *name, double value) {
    fprintf(to, "\"%s\":%.9g", name, isfinite(value) ? value : 0);
}

static void times(FILE *to, const char *name, const dmap_times *t) {
    fprintf(to, "\"%s\":{", name);
    const struct {
        const char *name;
        double seconds;
    } all[] = {{"task_s", t->task_s},       {"setup_s", t->setup_s},       {"source_s", t->source_s},
               {"sink_s", t->sink_s},       {"messages_s", t->messages_s}, {"window_s", t->window_s},
               {"starved_s", t->starved_s}, {"outside_s", t->outside_s},   {"start_s", t->start_s},
               {"tail_s", t->tail_s},       {"other_s", t->other_s}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        fputs(i ? "," : "", to);
        number(to, all[i].name, all[i].seconds);
    }
    fputc('}', to);
}

static void counts(FILE *to, const dmap__told *told) {
    const dmap_report *r = told->report;
    fputs("{\"task\":", to);
    write_text(to, told->task);
    fprintf(to, ",\"status\":\"%s\",\"items\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"retried\":%" PRIu64,
            dmap_status_name(told->status), r->items, r->failed, r->retried);
    fprintf(to, ",\"chunks\":%" PRIu64 ",\"recalled\":%" PRIu64 ",\"ranks\":%d,\"workers\":%d", r->chunks, r->recalled,
            r->ranks, r->workers);
    fprintf(to, ",\"bytes_sent\":%" PRIu64 ",\"bytes_received\":%" PRIu64 ",\"window_peak\":%" PRIu64, r->bytes_sent,
            r->bytes_received, r->window_peak);
    fprintf(to, ",\"spooled\":%" PRIu64 ",\"from_journal\":%" PRIu64 ",\"lost_ranks\":%d,\"lost_items\":%" PRIu64 ",",
            r->spooled, r->from_journal, r->lost_ranks, r->lost_items);
    const struct {
        const char *name;
        double value;
    } all[] = {{"seconds", r->seconds},
               {"busy_s", r->busy_s},
               {"first_s", r->first_s},
               {"efficiency", r->efficiency},
               {"retried_s", r->retried_s},
               {"parallel_efficiency", r->parallel_efficiency},
               {"load_balance", r->load_balance},
               {"communication", r->communication},
               {"serialisation", r->serialisation}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        number(to, all[i].name, all[i].value);
        fputc(',', to);
    }
    fputs("\"diagnosis\":", to);
    write_text(to, r->diagnosis);
}

static void longest(FILE *to, const dmap_report *r) {
    fputs(",\"longest\":[", to);
    for (int i = 0; i < r->n_longest; i++) {
        fprintf(to, "%s{\"index\":%" PRIu64 ",\"rank\":%d,\"worker\":%d,", i ? "," : "", r->longest[i].index,
                r->longest[i].rank, r->longest[i].worker);
        number(to, "seconds", r->longest[i].seconds);
        fputc('}', to);
    }
    fputs("]", to);
}

static const dmap_worker_report *rank(FILE *to, const dmap_rank_report *share, const dmap_worker_report *worker) {
    fputs("{\"host\":", to);
    write_text(to, share->host);
    fputs(",\"lost\":", to);
    if (share->lost)
        write_text(to, share->lost);
    else
        fputs("null", to);
    fprintf(to, ",\"items\":%" PRIu64 ",\"chunks\":%" PRIu64 ",", share->items, share->chunks);
    times(to, "times", &share->times);
    fputs(",\"workers\":[", to);
    for (int i = 0; i < share->workers; i++, worker++) {
        fprintf(to, "%s{\"items\":%" PRIu64 ",", i ? "," : "", worker->items);
        times(to, "times", &worker->times);
        fputc('}', to);
    }
    fputs("]}", to);
    return worker;
}

void dmap__report_json(FILE *to, const dmap__told *told) {
    const dmap_worker_report *worker = told->workers;
    locale_t before = dmap__text_begin_plain();
    counts(to, told);
    fputc(',', to);
    times(to, "master_time", &told->report->master_time);
    fputc(',', to);
    times(to, "workers_time", &told->report->workers_time);
    longest(to, told->report);
    fputs(",\"by_rank\":[", to);
    for (int i = 0; i < told->n_ranks; i++) {
        fputs(i ? "," : "", to);
        worker = rank(to, &told->ranks[i], worker);
    }
    fputs("]}\n", to);
    dmap__text_end_plain(before);
}
