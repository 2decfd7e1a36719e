/* text/tagged.c -- `word/tag` text: one sentence or paragraph a line, read and written back.
 *
 * As in conllu.c, a line's words stand in one string, and pointers are made when it is whole. */
#include <refrain/conllu.h>

#include <stdlib.h>
#include <string.h>

#include "text/source.h"

struct rf_tagged {
    rfi_source source;
    rf_str text;
    rf_tagged_word *word;
    size_t *at; /* [words]: the word's place in text, its tag's and that of what closes */
    size_t cap;
    int32_t open; /* brackets */
    rf_tagged_line l;
    size_t lines;
};

enum { WORD, TAG, CLOSES, PARTS };

static rf_tagged *reader_new(rf_error *err)
{
    rf_tagged *r = calloc(1, sizeof *r);
    if (!r) rf_fail(err, RF_ENOMEM, "no memory for a reader");
    return r;
}

rf_tagged *rf_tagged_open(const char *path, rf_error *err)
{
    rf_tagged *r = reader_new(err);
    if (r && !rfi_source_open(&r->source, path, err)) return r;
    rf_tagged_free(r);
    return NULL;
}

rf_tagged *rf_tagged_lend(const char *text, size_t n, const char *name, rf_error *err)
{
    rf_tagged *r = reader_new(err);
    if (r) rfi_source_lend(&r->source, text, n, name);
    return r;
}

void rf_tagged_free(rf_tagged *r)
{
    if (!r) return;
    rfi_source_close(&r->source);
    rf_str_free(&r->text);
    free(r->word);
    free(r->at);
    free(r);
}

/* ---- Words ------------------------------------------------------------------------------------- */

static rf_status no_memory(const rf_tagged *r, rf_error *err)
{
    return rf_fail(err, RF_ENOMEM, "%s:%zu: no memory for the line", r->source.name,
                   r->source.number);
}

static rf_status fail_word(const rf_tagged *r, const char *s, size_t n, const char *what,
                           rf_error *err)
{
    char shown[RFI_SHOWN];
    return rf_fail(err, RF_EFORMAT, "%s:%zu: '%s' %s (word %zu)", r->source.name, r->source.number,
                   rfi_shown(s, n, shown), what, r->l.words + 1);
}

static rf_status reserve(rf_tagged *r, rf_error *err)
{
    if (r->l.words < r->cap) return RF_OK;
    const size_t cap = r->cap ? 2 * r->cap : 64;
    rf_tagged_word *word = realloc(r->word, cap * sizeof *word);
    if (word) r->word = word;
    size_t *at = realloc(r->at, PARTS * cap * sizeof *at);
    if (at) r->at = at;
    if (!word || !at) return no_memory(r, err);
    r->cap = cap;
    return RF_OK;
}

static void add_part(rf_tagged *r, int part, const char *s, size_t n)
{
    r->at[PARTS * r->l.words + (size_t)part] = r->text.n;
    rf_str_add(&r->text, s, n);
    rf_str_add(&r->text, "", 1);
}

/* Brackets before a word; "[/w" is the word "[". */
static size_t count_open(const char *s, size_t n)
{
    size_t k = 0;
    while (k + 1 < n && s[k] == '[' && s[k + 1] != '/') k++;
    return k;
}

static size_t count_of(const char *s, size_t n, char c)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) k += s[i] == c;
    return k;
}

static rf_status take_word(rf_tagged *r, const char *s, size_t n, rf_error *err)
{
    rf_status st = reserve(r, err);
    if (st) return st;
    const size_t opens = count_open(s, n);
    const char *word = s + opens, *slash = memrchr(word, '/', n - opens), *end = s + n;
    const char *close = slash ? memchr(slash, ']', (size_t)(end - slash)) : NULL;
    const char *stop = close ? close : end;
    if (!slash || slash == word || slash + 1 == stop)
        return fail_word(r, s, n, "where word/tag is due", err);
    const int32_t closes = (int32_t)count_of(stop, (size_t)(end - stop), ']');
    r->open += (int32_t)opens - closes;
    if (r->open < 0) return fail_word(r, s, n, "closes a bracket that is not open", err);
    r->word[r->l.words].opens = (int32_t)opens;
    add_part(r, WORD, word, (size_t)(slash - word));
    add_part(r, TAG, slash + 1, (size_t)(stop - slash - 1));
    add_part(r, CLOSES, stop, (size_t)(end - stop));
    if (r->text.failed) return no_memory(r, err);
    r->l.words++;
    return RF_OK;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* ---- Lines --------------------------------------------------------------------------------------- */

/* Is it a paragraph's number: digits apart by three hyphens, 19980101-01-001-001? */
static bool is_id(const rf_tagged_word *w)
{
    const char *s = w->word;
    return strspn(s, "0123456789-") == strlen(s) && count_of(s, strlen(s), '-') == 3 &&
           strspn(s, "0123456789") == 8 && !strcmp(w->tag, "m") && !w->opens && !*w->closes;
}

static void place_texts(rf_tagged *r)
{
    for (size_t i = 0; i < r->l.words; i++) {
        const size_t *at = r->at + PARTS * i;
        r->word[i].word = r->text.s + at[WORD];
        r->word[i].tag = r->text.s + at[TAG];
        r->word[i].closes = r->text.s + at[CLOSES];
    }
    r->l.word = r->word;
    if (!is_id(r->word)) return;
    r->l.id = r->word->word;
    r->l.word++;
    r->l.words--;
}

static rf_status take_line(rf_tagged *r, const char *line, size_t n, rf_error *err)
{
    r->l = (rf_tagged_line){.line = r->source.number, .crlf = r->source.crlf};
    rf_str_clear(&r->text);
    r->open = 0;
    for (size_t i = 0, from; i < n;) {
        while (i < n && is_blank(line[i])) i++;
        for (from = i; i < n && !is_blank(line[i]);) i++;
        const rf_status st = i > from ? take_word(r, line + from, i - from, err) : RF_OK;
        if (st) return st;
    }
    if (r->open)
        return rf_fail(err, RF_EFORMAT, "%s:%zu: %d bracket%s not closed", r->source.name,
                       r->source.number, r->open, r->open == 1 ? " is" : "s are");
    if (r->l.words) place_texts(r);
    return RF_OK;
}

int rf_tagged_next(rf_tagged *r, rf_tagged_line **out, rf_error *err)
{
    const char *line;
    size_t n;
    int st;
    while ((st = rfi_source_next(&r->source, &line, &n, err)) > 0) {
        const rf_status bad = take_line(r, line, n, err);
        if (bad) return bad;
        if (!r->l.words && !r->l.id) continue;
        r->lines++;
        *out = &r->l;
        return 1;
    }
    if (st == 0 && !r->lines) return rf_fail(err, RF_EFORMAT, "%s: no word in it", r->source.name);
    return st;
}

void rf_tagged_write(const rf_tagged_line *l, const char *between, rf_str *out)
{
    if (l->id) rf_str_printf(out, "%s/m", l->id);
    for (size_t i = 0; i < l->words; i++) {
        const rf_tagged_word *w = &l->word[i];
        if (i || l->id) rf_str_put(out, between);
        for (int32_t k = 0; k < w->opens; k++) rf_str_put(out, "[");
        rf_str_printf(out, "%s/%s%s", w->word, w->tag, w->closes);
    }
    rf_str_put(out, l->crlf ? "\r\n" : "\n");
}
