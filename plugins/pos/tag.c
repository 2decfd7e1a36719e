/* pos/tag.c -- the verb tag: words and tags of texts.
 *
 * Files are read ahead, so that sentences of similar length can be tagged together; standard input is
 * tagged as soon as no more lines wait, or sentence by sentence where --input says that it is CoNLL-U. */
#include <refrain/io.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "model.h"
#include "print.h"
#include "raw.h"
#include "read.h"

/* Sentences that are read ahead for each that stand side by side. */
enum { AHEAD = 16 };

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    pos_model x;
    pos_lexicon *lexicon;
    pos_batch b;
    pos_printer p;
    pos_raw cutter;
    rf_str paragraph;
    pos_waiting *waiting;
    size_t n, cap;
    double done;
    rf_error *err;
} setup;

/* ---- Sentences that wait --------------------------------------------------------------------- */

static rf_status watch(void *ctx, double done, double total)
{
    const setup *u = ctx;
    (void)total;
    return u->s->host->progress(u->s->host, u->done + done, 0, "sentences");
}

/* Tag and send what waits. */
static rf_status flush(setup *u)
{
    if (!u->n) return watch(u, 0, 0);
    rf_status st = pos_batch_run(&u->b, u->err);
    for (size_t i = 0; i < u->n && !st; i++) st = pos_print(&u->p, &u->waiting[i], u->err);
    u->done += (double)u->n;
    u->n = 0;
    pos_batch_clear(&u->b);
    return st ? st : watch(u, 0, 0);
}

/* The open sentence of the batch ends and waits. */
static rf_status wait_for(setup *u, pos_waiting w)
{
    if (u->n == u->cap) {
        const size_t cap = u->cap ? 2 * u->cap : 64;
        pos_waiting *list = realloc(u->waiting, cap * sizeof *list);
        if (!list) return rf_no_memory(u->err);
        u->waiting = list;
        u->cap = cap;
    }
    const rf_status st = pos_batch_close(&u->b, &w.number, u->err);
    if (st) return st;
    u->waiting[u->n++] = w;
    return u->n >= (size_t)(AHEAD * u->b.B) ? flush(u) : RF_OK;
}

/* ---- The model ------------------------------------------------------------------------------- */

/* Whether a text has an ideograph. */
static bool is_chinese(const char *s, size_t n)
{
    int32_t code;
    for (size_t i = 0; i < n;) {
        const int k = rf_utf8_next(s + i, n - i, &code);
        if (code >= 0x3400 && code <= 0x9fff) return true;
        i += k > 0 ? (size_t)k : 1;
    }
    return false;
}

/* The model of --model, or the one that is installed for the language of the first text. */
static rf_status open_model(setup *u, const char *s, size_t n)
{
    char path[4096];
    const char *name = is_chinese(s, n) ? "pos/zh.safetensors" : "pos/en.safetensors";
    if (u->r->model) return pos_model_open(&u->x, u->r->model, u->r, u->err);
    if (!u->s->host->data_path(u->s->host, name, path, sizeof path))
        return pos_model_open(&u->x, path, u->r, u->err);
    return rf_fail(u->err, RF_EINVAL, "--model: is needed, as no %s is installed", name);
}

/* Once it is known what is to be tagged: the text of the first sentence. */
static rf_status begin(setup *u, const char *s, size_t n)
{
    const rf_setting *opt = u->r->opt, *column = &opt[TAG_COLUMN];
    const char *lexicon = opt[TAG_LEXICON].as.s;
    if (u->x.m) return RF_OK;
    rf_status st = open_model(u, s, n);
    if (!st && lexicon) {
        u->lexicon = pos_lexicon_read(lexicon, u->x.m->lexis.tags, u->err);
        if (!u->lexicon) st = u->err->status;
    }
    if (st) return st;
    u->p.column = (int)(column->set ? column : &u->x.v[TRAIN_TAG])->as.i;
    u->b.g = u->x.g;
    u->b.m = u->x.m;
    u->b.lexicon = u->lexicon;
    return RF_OK;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static rf_status add_raw(setup *u, const char *line, size_t n)
{
    const char *text;
    int more = 1;
    bool opens = true;
    rf_status st = pos_raw_open(&u->cutter, line, n, u->x.m->lexis.task == POS_TAGS, u->err);
    while (!st && (more = pos_raw_next(&u->cutter, &u->b, &text)) > 0) {
        st = wait_for(u, (pos_waiting){.text = text, .opens = opens});
        opens = false;
    }
    return !st && more < 0 ? rf_no_memory(u->err) : st;
}

/* Words between blanks, a sentence. */
static rf_status add_tokens(setup *u, const char *line, size_t n)
{
    const char *text = pos_batch_keep(&u->b, line, n);
    size_t from = 0, step;
    bool done = text != NULL;
    pos_batch_open(&u->b);
    for (size_t i = 0; done && i <= n; i += step) {
        int32_t code = ' ';
        const int k = i < n ? rf_utf8_next(line + i, n - i, &code) : 1;
        step = k > 0 ? (size_t)k : 1;
        if (!pos_is_blank(code)) continue;
        if (i > from) done = pos_batch_word(&u->b, text + from, i - from, false);
        from = i + step;
    }
    if (!done) return rf_no_memory(u->err);
    return u->b.one.n ? wait_for(u, (pos_waiting){.text = text}) : RF_OK;
}

/* Lines of a file that make a paragraph, where sentences go on from line to line. */
static rf_status end_paragraph(setup *u)
{
    const rf_status st = u->paragraph.n ? add_raw(u, u->paragraph.s, u->paragraph.n) : RF_OK;
    rf_str_clear(&u->paragraph);
    return st;
}

static rf_status add_to_paragraph(setup *u, const char *line, size_t n)
{
    if (!n) return end_paragraph(u);
    rf_str_add(&u->paragraph, line, n);
    rf_str_put(&u->paragraph, "\n");
    return u->paragraph.failed ? rf_no_memory(u->err) : RF_OK;
}

static rf_status add_line(setup *u, int input, const char *line, size_t n, const rf_lines *in,
                          bool at_once)
{
    rf_error bad = {0};
    if (rf_utf8_check(line, n, "", &bad)) {
        const char *byte = strchr(bad.text + 1, ':');
        return rf_fail(u->err, bad.status, "%s:%zu%s", rf_lines_name(in), rf_lines_number(in),
                       byte ? byte : bad.text);
    }
    if (rf_lines_number(in) == 1 && n >= 3 && !memcmp(line, "\xef\xbb\xbf", 3)) {
        line += 3;
        n -= 3;
    }
    const rf_status st = n ? begin(u, line, n) : RF_OK;
    if (st || !u->x.m) return st;
    if (input == POS_IN_TOKENS) return add_tokens(u, line, n);
    return at_once || u->x.m->lexis.task == POS_WORDS ? add_raw(u, line, n)
                                                      : add_to_paragraph(u, line, n);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static rf_status add_sentence(setup *u, const rf_sentence *s)
{
    rf_sentence *copy = pos_sentence_copy(&u->b, s);
    bool done = copy != NULL;
    pos_batch_open(&u->b);
    for (size_t i = 0; done && i < s->words; i++) {
        const char *form = copy->row[copy->word[i]].column[RF_FORM];
        done = pos_batch_word(&u->b, form, strlen(form), false);
    }
    return done ? wait_for(u, (pos_waiting){.conllu = copy}) : rf_no_memory(u->err);
}

static rf_status begin_sentence(setup *u, const rf_sentence *s)
{
    rf_str text = {0};
    if (u->x.m) return RF_OK;
    rf_sentence_text(s, &text);
    const rf_status st = text.s ? begin(u, text.s, text.n) : rf_no_memory(u->err);
    rf_str_free(&text);
    return st;
}

static rf_status read_conllu(setup *u, rf_conllu *r, bool at_once)
{
    rf_sentence *s;
    int more = 1;
    rf_status st = r ? RF_OK : u->err->status;
    if (u->r->opt[TAG_STYLE].as.i == POS_STYLE_AUTO) u->p.style = POS_STYLE_CONLLU;
    while (!st && (more = rf_conllu_next(r, &s, u->err)) > 0) {
        st = begin_sentence(u, s);
        if (!st) st = add_sentence(u, s);
        if (!st && at_once) st = flush(u);
    }
    rf_conllu_free(r);
    if (!st && more < 0) st = more;
    return st;
}

static rf_status read_tagged(setup *u, const char *path, bool at_once)
{
    rf_tagged *r = rf_tagged_open(path, u->err);
    rf_tagged_line *l;
    int more = 1;
    rf_status st = r ? RF_OK : u->err->status;
    while (!st && (more = rf_tagged_next(r, &l, u->err)) > 0) {
        st = begin(u, l->word[0].word, strlen(l->word[0].word));
        if (st) break;
        bool done = true;
        pos_batch_open(&u->b);
        for (size_t i = 0; i < l->words && done; i++) {
            const char *word = pos_batch_keep(&u->b, l->word[i].word, strlen(l->word[i].word));
            done = word && pos_batch_word(&u->b, word, strlen(word), false);
        }
        st = done ? wait_for(u, (pos_waiting){0}) : rf_no_memory(u->err);
        if (!st && at_once) st = flush(u);
    }
    rf_tagged_free(r);
    return st ? st : more < 0 ? more : RF_OK;
}

/* The first line tells CoNLL-U from raw text; then all of it is read before anything is tagged. */
static rf_status read_rest(setup *u, rf_lines *in, const char *line, size_t n)
{
    rf_str text = {0};
    int more = 1;
    for (; more > 0; more = rf_lines_next(in, &line, &n, u->err)) {
        rf_str_add(&text, line, n);
        rf_str_put(&text, "\n");
    }
    rf_status st = more < 0 ? more : text.failed ? rf_no_memory(u->err) : RF_OK;
    if (!st) st = read_conllu(u, rf_conllu_lend(text.s, text.n, rf_lines_name(in), u->err), false);
    if (!st) st = flush(u);
    rf_str_free(&text);
    return st;
}

static rf_status read_lines(setup *u, const char *path, int input, bool at_once)
{
    rf_lines *in = rf_lines_open(path, u->err);
    const char *line;
    size_t n;
    int more = 1;
    rf_status st = in ? RF_OK : u->err->status;
    while (!st && (more = rf_lines_next(in, &line, &n, u->err)) > 0) {
        const bool rows = input == POS_IN_AUTO && n && pos_input_guess(line, n) == POS_IN_CONLLU;
        if (rows) {
            st = read_rest(u, in, line, n);
            break;
        }
        if (input == POS_IN_AUTO && n) input = POS_IN_RAW;
        st = add_line(u, input == POS_IN_AUTO ? POS_IN_RAW : input, line, n, in, at_once);
        /* Which sentences stand side by side changes last digits, which only tables show. */
        if (!st && at_once && (u->b.probable || !rf_lines_ready(in))) st = flush(u);
    }
    rf_lines_free(in);
    if (!st && more < 0) st = more;
    return st ? st : end_paragraph(u);
}

static rf_status read_file(setup *u, const char *path)
{
    const int input = (int)u->r->opt[TAG_INPUT].as.i;
    const bool at_once = !strcmp(path, "-");
    if (input == POS_IN_CONLLU) return read_conllu(u, rf_conllu_open(path, u->err), at_once);
    if (input == POS_IN_TAGGED) return read_tagged(u, path, at_once);
    return read_lines(u, path, input, at_once);
}

/* ---- The verb -------------------------------------------------------------------------------- */

static rf_status prepare(setup *u)
{
    const rf_setting *opt = u->r->opt;
    const int style = (int)opt[TAG_STYLE].as.i;
    u->p = (pos_printer){.host = u->s->host,
                         .b = &u->b,
                         .style = style == POS_STYLE_AUTO ? POS_STYLE_SLASH : style,
                         .nbest = opt[TAG_NBEST].as.i > 0};
    u->b = (pos_batch){.B = (rf_index)opt[TAG_BATCH].as.i,
                       .best = u->p.nbest ? (rf_index)opt[TAG_NBEST].as.i : 1,
                       .probable = u->p.nbest || style == POS_STYLE_TABLE,
                       .tell = watch,
                       .ctx = u};
    const rf_status st = pos_batch_begin(&u->b, u->err);
    return !st && u->r->model ? begin(u, "", 0) : st;
}

rf_status pos_tag(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    rf_status st = prepare(&u);
    if (!st && !r->arg_count) st = read_file(&u, "-");
    for (uint32_t i = 0; i < r->arg_count && !st; i++) st = read_file(&u, r->arg[i]);
    if (!st) st = flush(&u);
    pos_batch_end(&u.b);
    pos_raw_free(&u.cutter);
    rf_str_free(&u.p.out);
    rf_str_free(&u.paragraph);
    free(u.waiting);
    pos_lexicon_free(u.lexicon);
    pos_model_close(&u.x);
    return rf_session_end(s, st, &err);
}
