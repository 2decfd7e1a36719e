/* caption/exam.c -- see exam.h. */
#include "exam.h"

#include <refrain/io.h>
#include <refrain/task.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cap_exam_close(cap_exam *x)
{
    cap_captions_free(&x->c);
    free(x->item);
    free(x->reference);
    free(x->words);
    free(x->start);
    free(x->mine);
    rf_arena_free(x->texts);
    *x = (cap_exam){0};
}

static const char *keep_words(cap_exam *x, int language, const char *text, size_t n, rf_error *err)
{
    rf_str words = {0};
    const rf_status st = cap_words(language, text, n, &words, err);
    const char *kept = st ? NULL : rf_arena_strdup(x->texts, words.s ? words.s : "");
    if (!st && !kept) rf_no_memory(err);
    rf_str_free(&words);
    return kept;
}

const char *cap_exam_words(cap_exam *x, rf_index caption, rf_error *err)
{
    const cap_caption *c = &x->c.caption[caption];
    if (!x->words[caption])
        x->words[caption] = keep_words(x, c->language, c->text, strlen(c->text), err);
    return x->words[caption];
}

bool cap_exam_learns(const cap_exam *x, rf_index picture)
{
    if (x->learn) return cap_captions_within(&x->c, picture, x->learn);
    return x->split && !cap_captions_within(&x->c, picture, x->split);
}

/* ---- Opening ------------------------------------------------------------------------------------ */

static rf_status read_captions(cap_exam *x, const cap_exam_spec *o, rf_error *err)
{
    rf_status st = RF_OK;
    if (!o->captions->count) return rf_fail(err, RF_EINVAL, "--captions: a file is needed");
    for (uint32_t i = 0; i < o->captions->count && !st; i++)
        st = cap_captions_read(&x->c, o->captions->as.list[i], err);
    if (!st && o->splits) st = cap_captions_splits(&x->c, o->splits, err);
    return st;
}

enum { SPLITS = 16 }; /* names that are told */

static rf_status check_split(const cap_exam *x, const char *option, const char *split,
                             rf_error *err)
{
    const char *known[SPLITS + 1] = {0};
    char lead[64];
    int n = 0;
    for (rf_index p = 0; split && p < x->c.pictures; p++) {
        int k = 0;
        if (!x->c.split[p]) continue;
        if (!strcmp(x->c.split[p], split)) return RF_OK;
        while (k < n && strcmp(known[k], x->c.split[p])) k++;
        if (k == n && n < SPLITS) known[n++] = x->c.split[p];
    }
    if (!split) return RF_OK;
    snprintf(lead, sizeof lead, "%s: there is no split", option);
    return rf_word_unknown(RF_EINVAL, lead, split, known, err);
}

/* Captions by their pictures, each picture's in the order of the files. */
static bool sort_captions(cap_exam *x)
{
    const size_t P = (size_t)x->c.pictures, n = (size_t)x->c.n;
    x->start = calloc(P + 2, sizeof *x->start);
    x->mine = calloc(n + 1, sizeof *x->mine);
    x->words = calloc(n + 1, sizeof *x->words);
    x->reference = calloc(n + 1, sizeof *x->reference);
    x->item = calloc(CAP_LANGUAGES * P + 1, sizeof *x->item);
    x->texts = rf_arena_new(1 << 16);
    if (!x->start || !x->mine || !x->words || !x->reference || !x->item || !x->texts) return false;
    for (rf_index i = 0; i < x->c.n; i++) x->start[x->c.caption[i].picture + 2]++;
    for (size_t p = 2; p < P + 2; p++) x->start[p] += x->start[p - 1];
    for (rf_index i = 0; i < x->c.n; i++) x->mine[x->start[x->c.caption[i].picture + 1]++] = i;
    return true;
}

static rf_status add_item(cap_exam *x, rf_index picture, int language, size_t *references,
                          rf_error *err)
{
    cap_item *item = &x->item[x->n];
    *item = (cap_item){picture, language, *references, 0};
    for (rf_index k = x->start[picture]; k < x->start[picture + 1]; k++) {
        if (x->c.caption[x->mine[k]].language != language) continue;
        const char *words = cap_exam_words(x, x->mine[k], err);
        if (!words) return err->status;
        x->reference[item->first + item->count++] = words;
    }
    *references += item->count;
    x->n += item->count > 0;
    return RF_OK;
}

static rf_status add_items(cap_exam *x, int language, rf_error *err)
{
    size_t references = 0;
    rf_status st = RF_OK;
    for (int l = 0; l < CAP_LANGUAGES; l++)
        for (rf_index p = 0; p < x->c.pictures && !st; p++)
            if ((language == l || language == CAP_LANGUAGES) &&
                cap_captions_within(&x->c, p, x->split))
                st = add_item(x, p, l, &references, err);
    if (st || x->n) return st;
    return rf_fail(err, RF_EFORMAT, "--language: no caption is in '%s'", cap_languages[language]);
}

rf_status cap_exam_open(cap_exam *x, const cap_exam_spec *o, rf_error *err)
{
    rf_error local = {0};
    if (!err) err = &local;
    x->split = o->split;
    x->learn = o->learn;
    rf_status st = read_captions(x, o, err);
    if (!st) st = check_split(x, "--split", o->split, err);
    if (!st) st = check_split(x, "--train-split", o->learn, err);
    if (!st) st = check_split(x, "--valid-split", o->choose, err);
    if (!st && !sort_captions(x)) st = rf_no_memory(err);
    return st ? st : add_items(x, o->language, err);
}

/* ---- What a system says -------------------------------------------------------------------------- */

rf_status cap_told_begin(cap_told *t, const cap_exam *x, const char *name, rf_error *err)
{
    *t = (cap_told){name, calloc((size_t)x->n + 1, sizeof *t->words)};
    return t->words ? RF_OK : rf_no_memory(err);
}

void cap_told_free(cap_told *t)
{
    free(t->words);
    *t = (cap_told){0};
}

rf_status cap_told_say(cap_told *t, cap_exam *x, rf_index i, const char *text, size_t n,
                       rf_error *err)
{
    rf_error local = {0};
    if (!err) err = &local;
    t->words[i] = keep_words(x, x->item[i].language, text, n, err);
    return t->words[i] ? RF_OK : err->status;
}

static rf_status check_all(const cap_told *t, const cap_exam *x, const char *path, rf_error *err)
{
    for (rf_index i = 0; i < x->n; i++)
        if (!t->words[i])
            return rf_fail(err, RF_EFORMAT, "%s: %.120s is not described in '%s'", path,
                           x->c.file[x->item[i].picture], cap_languages[x->item[i].language]);
    return RF_OK;
}

/* Descriptions by the names of their pictures; those of other pictures and languages are passed over. */
static rf_status take_captions(cap_told *t, cap_exam *x, const cap_captions *c, const char *path,
                               rf_error *err)
{
    rf_status st = RF_OK;
    rf_index *item = calloc(CAP_LANGUAGES * (size_t)x->c.pictures + 1, sizeof *item);
    if (!item) return rf_no_memory(err);
    for (rf_index i = 0; i < x->n; i++)
        item[x->item[i].picture * CAP_LANGUAGES + x->item[i].language] = i + 1;
    for (rf_index k = 0; k < c->n && !st; k++) {
        const cap_caption *one = &c->caption[k];
        const rf_index p = cap_captions_find(&x->c, c->file[one->picture]);
        const rf_index i = p < 0 ? -1 : item[p * CAP_LANGUAGES + one->language] - 1;
        if (i < 0) continue;
        if (t->words[i])
            st = rf_fail(err, RF_EFORMAT, "%s: %.120s is described twice in '%s'", path,
                         x->c.file[p], cap_languages[one->language]);
        else
            st = cap_told_say(t, x, i, one->text, strlen(one->text), err);
    }
    free(item);
    return st ? st : check_all(t, x, path, err);
}

/* Line i is of item i. */
static rf_status take_lines(cap_told *t, cap_exam *x, const rf_str *text, const char *path,
                            rf_error *err)
{
    rf_status st = RF_OK;
    rf_index lines = 0;
    for (size_t at = 0; at < text->n && !st; lines++) {
        const char *line = text->s + at, *nl = memchr(line, '\n', text->n - at);
        size_t n = nl ? (size_t)(nl - line) : text->n - at;
        at += n + (nl != NULL);
        if (n && line[n - 1] == '\r') n--;
        if (lines < x->n) st = cap_told_say(t, x, lines, line, n, err);
    }
    if (st || lines == x->n) return st;
    return rf_fail(err, RF_EFORMAT, "%s:%lld: %lld lines, where %lld pictures are described", path,
                   (long long)(lines < x->n ? lines : x->n) + 1, (long long)lines, (long long)x->n);
}

rf_status cap_told_read(cap_told *t, cap_exam *x, const char *path, rf_error *err)
{
    rf_str text = {0};
    cap_captions c = {0};
    rf_status st = rf_text_read(path, &text, err);
    const char *name = rf_input_name(path);
    if (!st && cap_captions_look(text.s, text.n)) {
        st = cap_captions_parse(&c, text.s, text.n, name, -1, err);
        if (!st) st = take_captions(t, x, &c, name, err);
    } else if (!st) {
        st = take_lines(t, x, &text, name, err);
    }
    cap_captions_free(&c);
    rf_str_free(&text);
    return st;
}
