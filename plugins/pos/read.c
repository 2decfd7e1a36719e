/* pos/read.c -- see read.h. */
#include "read.h"

#include <refrain/conllu.h>
#include <refrain/io.h>
#include <string.h>

#include "pos.h"

/* CoNLL-U begins with a comment or with a row of tabs. */
int pos_input_guess(const char *text, size_t n)
{
    size_t at = 0, tabs = 0;
    while (at < n && (text[at] == '\n' || text[at] == '\r')) at++;
    if (n - at >= 2 && text[at] == '#' && text[at + 1] == ' ') return POS_IN_CONLLU;
    for (; at < n && text[at] != '\n'; at++) tabs += text[at] == '\t';
    return tabs >= 3 ? POS_IN_CONLLU : POS_IN_TAGGED;
}

/* ---- CoNLL-U --------------------------------------------------------------------------------- */

static const char *column_of(const rf_row *row, int column)
{
    static const int which[] = {RF_UPOS, RF_XPOS, RF_FEATS};
    const char *s = row->column[which[column]];
    if (s && strcmp(s, "_")) return s;
    return column == POS_FEATS ? "_" : NULL;
}

static bool opens_paragraph(const rf_sentence *s)
{
    for (size_t i = 0; i < s->comments; i++)
        if (!strncmp(s->comment[i], "# newpar", 8) || !strncmp(s->comment[i], "# newdoc", 8))
            return true;
    return false;
}

static rf_status add_token(pos_corpus *c, pos_word *w, const rf_row *token, int32_t id)
{
    if (!token) return RF_OK;
    w->part = id == token->first ? POS_FIRST : POS_LATER;
    w->glued = !rf_row_space_after(token);
    if (w->part == POS_LATER) return RF_OK;
    const char *form = token->column[RF_FORM];
    w->token = c->text.n;
    w->token_n = (uint32_t)strlen(form);
    rf_str_put(&c->text, form);
    return c->text.failed ? RF_ENOMEM : RF_OK;
}

static rf_status add_sentence(pos_corpus *c, const rf_sentence *s, int column, rf_error *err)
{
    const rf_row *token = NULL;
    rf_status st = RF_OK;
    for (size_t i = 0; i < s->rows && !st; i++) {
        const rf_row *row = &s->row[i];
        if (row->kind == RF_ROW_RANGE) token = row;
        if (row->kind != RF_ROW_WORD) continue;
        if (token && row->first > token->last) token = NULL;
        const char *form = row->column[RF_FORM], *tag = column_of(row, column);
        pos_word *w = pos_corpus_add(c, form, strlen(form), tag, tag ? strlen(tag) : 0);
        if (!w) return rf_no_memory(err);
        w->glued = !rf_row_space_after(row);
        st = add_token(c, w, token, row->first);
    }
    return !st && pos_corpus_end(c, opens_paragraph(s)) ? RF_OK : rf_no_memory(err);
}

static rf_status parse_conllu(pos_corpus *c, const char *text, size_t n, const char *name,
                              int column, rf_error *err)
{
    rf_conllu *r = rf_conllu_lend(text, n, name, err);
    rf_sentence *s;
    int more = 1;
    rf_status st = r ? RF_OK : err->status;
    while (!st && (more = rf_conllu_next(r, &s, err)) > 0) st = add_sentence(c, s, column, err);
    rf_conllu_free(r);
    return st ? st : more < 0 ? more : RF_OK;
}

/* ---- word/tag -------------------------------------------------------------------------------- */

/* A blank stands between words whose neighbouring characters are narrow. */
static bool is_glued(const char *word, const char *next)
{
    size_t last = strlen(word), first = 1;
    while (last && ((unsigned char)word[--last] & 0xc0) == 0x80) continue;
    while (((unsigned char)next[first] & 0xc0) == 0x80) first++;
    return rf_utf8_width(word + last, strlen(word + last)) > 1 || rf_utf8_width(next, first) > 1;
}

/* Paragraphs are cut behind a full stop and what closes there. */
static bool ends_sentence(const char *word, const char *next)
{
    static const char *const stops[] = {"。", "！", "？"};
    static const char *const closers[] = {"。", "！", "？", "”", "’", "」", "』", "）", "》", "…"};
    bool stop = false;
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) stop |= !strcmp(word, stops[i]);
    for (size_t i = 0; stop && i < sizeof closers / sizeof *closers; i++)
        if (!strcmp(next, closers[i])) return false;
    return stop;
}

/* A quote that closes behind a full stop. */
static bool closes_sentence(const rf_tagged_line *l, size_t i)
{
    static const char *const quotes[] = {"”", "’", "」", "』", "）"};
    if (i + 1 == l->words) return false;
    const char *word = l->word[i].word, *next = l->word[i + 1].word;
    if (ends_sentence(word, next)) return true;
    for (size_t k = 0; i && k < sizeof quotes / sizeof *quotes; k++)
        if (!strcmp(word, quotes[k])) return ends_sentence(l->word[i - 1].word, "");
    return false;
}

static rf_status add_line(pos_corpus *c, const rf_tagged_line *l, rf_error *err)
{
    bool opens = true;
    for (size_t i = 0; i < l->words; i++) {
        const rf_tagged_word *from = &l->word[i];
        pos_word *w =
            pos_corpus_add(c, from->word, strlen(from->word), from->tag, strlen(from->tag));
        if (!w) return rf_no_memory(err);
        w->glued = i + 1 < l->words && is_glued(from->word, l->word[i + 1].word);
        if (!closes_sentence(l, i)) continue;
        if (!pos_corpus_end(c, opens)) return rf_no_memory(err);
        opens = false;
    }
    return pos_corpus_end(c, opens) ? RF_OK : rf_no_memory(err);
}

static rf_status parse_tagged(pos_corpus *c, const char *text, size_t n, const char *name,
                              rf_error *err)
{
    rf_tagged *r = rf_tagged_lend(text, n, name, err);
    rf_tagged_line *l;
    int more = 1;
    rf_status st = r ? RF_OK : err->status;
    while (!st && (more = rf_tagged_next(r, &l, err)) > 0) st = add_line(c, l, err);
    rf_tagged_free(r);
    return st ? st : more < 0 ? more : RF_OK;
}

/* ---- Files ----------------------------------------------------------------------------------- */

rf_status pos_corpus_parse(pos_corpus *c, const char *text, size_t n, const char *name, int input,
                           int column, rf_error *err)
{
    if (input == POS_IN_AUTO) input = pos_input_guess(text, n);
    if (input == POS_IN_CONLLU) return parse_conllu(c, text, n, name, column, err);
    return parse_tagged(c, text, n, name, err);
}

rf_status pos_corpus_read(pos_corpus *c, const char *const *path, size_t paths, int input,
                          int column, rf_error *err)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < paths && !st; i++) {
        const char *name = rf_input_name(path[i]);
        rf_str text = {0};
        st = rf_text_read(path[i], &text, err);
        if (!st) st = pos_corpus_parse(c, text.s, text.n, name, input, column, err);
        rf_str_free(&text);
    }
    return st;
}
