/* translate/bpe.c -- the verb bpe: pieces of words learned, applied and joined again, in files that
 * subword-nmt reads and writes. */
#include <refrain/io.h>
#include <string.h>

#include "run.h"
#include "translate.h"

enum { BPE_MERGES, BPE_MIN_COUNT, BPE_WRITE, BPE_CODES, BPE_UNDO, BPE_VOCABULARY, BPE_THRESHOLD };

#define LEARN "Learning"
#define APPLY "Applying"

const rf_option tr_bpe_options[] = {
    [BPE_MERGES] = {.name = "merges",
                    .type = RF_INT,
                    .letter = 's',
                    .def = "10000",
                    .min = 1,
                    .max = 1e7,
                    .group = LEARN,
                    .help = "pairs to join at most"},
    [BPE_MIN_COUNT] = {.name = "min-count",
                       .type = RF_INT,
                       .def = "2",
                       .min = 1,
                       .max = 1e9,
                       .group = LEARN,
                       .help = "pairs that are rarer are not joined"},
    [BPE_WRITE] = {.name = "write",
                   .type = RF_OUTFILE,
                   .letter = 'w',
                   .meta = "CODES",
                   .group = LEARN,
                   .help = "learn from all the files together, and write what was learned"},
    [BPE_CODES] = {.name = "codes",
                   .type = RF_INFILE,
                   .letter = 'c',
                   .meta = "CODES",
                   .group = APPLY,
                   .help = "cut the files' words into pieces by what was learned before"},
    [BPE_UNDO] = {.name = "undo",
                  .type = RF_BOOL,
                  .letter = 'u',
                  .def = "0",
                  .group = APPLY,
                  .help = "join the pieces again"},
    [BPE_VOCABULARY] = {.name = "vocabulary",
                        .type = RF_INFILE,
                        .group = APPLY,
                        .help = "lines of a piece and its count: cut again what is not in it"},
    [BPE_THRESHOLD] = {.name = "threshold",
                       .type = RF_INT,
                       .def = "0",
                       .max = 1e9,
                       .group = APPLY,
                       .help = "likewise what has a smaller count there"},
    {0}};

/* ---- Learning -------------------------------------------------------------------------------- */

static rf_status learn(rf_session *s, const rf_run *r, rf_error *err)
{
    const char *path = r->opt[BPE_WRITE].as.s;
    rf_str text = {0}, codes = {0};
    rf_bpe *b = NULL;
    rf_status st = RF_OK;
    for (uint32_t i = 0; i < r->arg_count && !st; i++) {
        st = rf_text_read(r->arg[i], &text, err);
        rf_str_put(&text, "\n");
    }
    if (!st && text.failed) st = rf_fail(err, RF_ENOMEM, "no memory for the texts");
    if (!st) st = s->host->progress(s->host, 0, 0, "merges");
    if (!st) {
        b = rf_bpe_learn(text.s, text.n, "text", (int32_t)r->opt[BPE_MERGES].as.i,
                         r->opt[BPE_MIN_COUNT].as.i, err);
        st = b ? RF_OK : err->status;
    }
    if (b) rf_bpe_write(b, &codes);
    if (!st && codes.failed) st = rf_fail(err, RF_ENOMEM, "no memory for the codes");
    if (!st) st = rf_file_write(path, codes.s, codes.n, err);
    if (!st) st = rf_emit_metric(s->host, -1, NULL, "merges", rf_bpe_merges(b), NULL);
    if (!st) st = rf_emit_file(s->host, path, "codes", "text/plain");
    rf_bpe_free(b);
    rf_str_free(&text);
    rf_str_free(&codes);
    return st;
}

/* ---- Applying -------------------------------------------------------------------------------- */

/* "piece count" lines: those of at least `least`. */
static rf_status read_known(rf_vocab *known, const char *path, int64_t least, rf_error *err)
{
    rf_lines *in = rf_lines_open(path, err);
    const char *line;
    size_t n;
    int more = in ? 1 : (int)err->status;
    rf_status st = RF_OK;
    while (!st && in && (more = rf_lines_next(in, &line, &n, err)) > 0) {
        const char *blank = memchr(line, ' ', n);
        double count;
        if (!blank || !rf_number_parse(blank, n - (size_t)(blank - line), &count))
            st = rf_fail(err, RF_EFORMAT, "%s:%zu: a piece and its count are due",
                         rf_lines_name(in), rf_lines_number(in));
        else if (count >= (double)least && rf_vocab_add(known, line, (size_t)(blank - line)) < 0)
            st = rf_fail(err, RF_ENOMEM, "%s: no memory", path);
    }
    rf_lines_free(in);
    return st ? st : more < 0 ? more : RF_OK;
}

typedef struct applier {
    rf_session *s;
    rf_bpe *b;       /* NULL: join */
    rf_vocab *known; /* or NULL */
    rf_str out;
    int64_t line;
} applier;

static rf_status send_line(applier *a, const char *line, size_t n, rf_error *err)
{
    rf_str_clear(&a->out);
    if (a->b) rf_bpe_apply_known(a->b, a->known, line, n, &a->out);
    if (!a->b) rf_bpe_undo(line, n, &a->out);
    const rf_status st = tr_emit_line(a->s->host, a->line, &a->out, err);
    a->line++;
    return st ? st : a->s->host->progress(a->s->host, (double)a->line, 0, "lines");
}

static rf_status apply_line(void *ctx, const rf_lines *in, const char *line, size_t n,
                            rf_error *err)
{
    const rf_status st = tr_check_line(in, line, n, err);
    return st ? st : send_line(ctx, line, n, err);
}

static rf_status open_codes(applier *a, const rf_run *r, rf_error *err)
{
    const char *path = r->opt[BPE_CODES].as.s, *vocabulary = r->opt[BPE_VOCABULARY].as.s;
    rf_str codes = {0};
    rf_status st = rf_file_read(path, 0, &codes, err);
    if (!st) {
        a->b = rf_bpe_parse(codes.s, codes.n, rf_input_name(path), err);
        st = a->b ? RF_OK : err->status;
    }
    rf_str_free(&codes);
    if (st || !vocabulary) return st;
    a->known = rf_vocab_new();
    if (!a->known) return rf_fail(err, RF_ENOMEM, "no memory for a vocabulary");
    return read_known(a->known, vocabulary, r->opt[BPE_THRESHOLD].as.i, err);
}

static rf_status apply(rf_session *s, const rf_run *r, rf_error *err)
{
    static const char *const standard_input[] = {"-"};
    applier a = {.s = s};
    const char *const *arg = r->arg_count ? r->arg : standard_input;
    const uint32_t n = r->arg_count ? r->arg_count : 1;
    rf_status st = r->opt[BPE_CODES].as.s ? open_codes(&a, r, err) : RF_OK;
    for (uint32_t i = 0; i < n && !st; i++) st = rf_lines_each(arg[i], apply_line, &a, err);
    rf_bpe_free(a.b);
    rf_vocab_free(a.known);
    rf_str_free(&a.out);
    return st;
}

/* ---- The verb -------------------------------------------------------------------------------- */

rf_status tr_bpe(rf_session *s, const rf_run *r)
{
    const bool learns = r->opt[BPE_WRITE].as.s, applies = r->opt[BPE_CODES].as.s,
               undoes = r->opt[BPE_UNDO].as.i;
    rf_error err = {0};
    rf_status st = RF_OK;
    if (learns + applies + undoes != 1)
        st = rf_fail(&err, RF_EINVAL, "one of --write, --codes and --undo is due");
    else if (learns && !r->arg_count)
        st = rf_fail(&err, RF_EINVAL, "--write: files to learn from are due");
    else if (r->opt[BPE_VOCABULARY].as.s && !applies)
        st = rf_fail(&err, RF_EINVAL, "--vocabulary: goes with --codes");
    else
        st = learns ? learn(s, r, &err) : apply(s, r, &err);
    return rf_session_end(s, st, &err);
}
