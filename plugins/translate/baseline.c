/* translate/baseline.c -- the verb baseline: translations without a network, to compare one with.
 *
 * Word by word, by a dictionary that is learned from the parallel text; or the translation of the
 * sentence that is most alike. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dictionary.h"
#include "memory.h"
#include "translate.h"
#include "units.h"

enum {
    BASE_METHOD,
    BASE_TRAIN,
    BASE_TARGET,
    BASE_COLUMNS,
    BASE_SOURCE_LANGUAGE,
    BASE_TARGET_LANGUAGE,
    BASE_UNIT,
    BASE_MERGES,
    BASE_ROUNDS,
    BASE_LIST
};

enum { DICTIONARY, NEAREST };
static const char *const methods[] = {"dictionary", "nearest", NULL};

#define DATA "Parallel text"

const rf_option tr_baseline_options[] = {
    [BASE_METHOD] = {.name = "method",
                     .type = RF_CHOICE,
                     .def = "dictionary",
                     .choices = methods,
                     .help = "word by word; or the translation of the most similar sentence"},
    [BASE_TRAIN] = {.name = "train",
                    .type = RF_INFILE,
                    .flags = RF_OPT_REQUIRED,
                    .group = DATA,
                    .help = "a table of sentences and translations, or, with --target, sentences"},
    [BASE_TARGET] = {.name = "target",
                     .type = RF_INFILE,
                     .group = DATA,
                     .help = "their translations, line by line"},
    [BASE_COLUMNS] = {.name = "columns",
                      .type = RF_STRING,
                      .def = "1,2",
                      .meta = "FROM,TO",
                      .group = DATA,
                      .help = "where a table has sentences and translations"},
    [BASE_SOURCE_LANGUAGE] = {.name = "source-language",
                              .type = RF_CHOICE,
                              .def = "none",
                              .choices = tr_languages,
                              .group = DATA,
                              .help = "what is a word: en: punctuation apart; zh: each character; "
                                      "none: what is between blanks"},
    [BASE_TARGET_LANGUAGE] = {.name = "target-language",
                              .type = RF_CHOICE,
                              .def = "none",
                              .choices = tr_languages,
                              .group = DATA,
                              .help = "likewise, and how words are put together"},
    [BASE_UNIT] = {.name = "unit",
                   .type = RF_CHOICE,
                   .letter = 'u',
                   .def = "word",
                   .choices = tr_unit_names,
                   .flags = RF_OPT_ADVANCED,
                   .group = DATA,
                   .help = "look up words, characters, or pieces that are learned, of the source"},
    [BASE_MERGES] = {.name = "merges",
                     .type = RF_INT,
                     .def = "8000",
                     .min = 1,
                     .max = 1e7,
                     .flags = RF_OPT_ADVANCED,
                     .group = DATA,
                     .help = "of pieces that are learned"},
    [BASE_ROUNDS] = {.name = "rounds",
                     .type = RF_INT,
                     .def = "5",
                     .min = 1,
                     .max = 1000,
                     .flags = RF_OPT_ADVANCED,
                     .help = "of learning the dictionary"},
    [BASE_LIST] = {.name = "list",
                   .type = RF_BOOL,
                   .letter = 'l',
                   .def = "0",
                   .help = "show the dictionary, or which sentence was most similar, as a table"},
    {0}};

typedef struct setup {
    rf_session *s;
    const rf_run *r;
    tr_parallel text;
    tr_units *u[2];
    tr_sentences side[2];
    tr_dictionary *dictionary;
    tr_memory *memory;
    rf_ids ids;
    tr_text pieces;
    rf_str words, out;
    int64_t lines;
    rf_error *err;
} setup;

static bool go_on(void *ctx, double part)
{
    const setup *u = ctx;
    const double all = (double)u->text.side[0].n * 2 * (double)u->r->opt[BASE_ROUNDS].as.i;
    return !u->s->host->progress(u->s->host, part * all, all, "sentences");
}

/* ---- Learning -------------------------------------------------------------------------------- */

static rf_status read_text(setup *u)
{
    const rf_setting *opt = u->r->opt;
    const char *train = opt[BASE_TRAIN].as.s, *target = opt[BASE_TARGET].as.s;
    tr_columns columns;
    rf_status st = tr_columns_parse(opt[BASE_COLUMNS].as.s, "--columns", &columns, u->err);
    if (st) return st;
    st = target ? tr_parallel_read_files(&u->text, train, target, u->err)
                : tr_parallel_read_table(&u->text, train, columns, u->err);
    if (!st && !u->text.side[0].n) st = rf_fail(u->err, RF_EFORMAT, "%s: no sentences", train);
    return st;
}

static rf_status learn_units(setup *u)
{
    const rf_setting *opt = u->r->opt;
    const tr_units_options o[2] = {
        {.language = (int)opt[BASE_SOURCE_LANGUAGE].as.i,
         .letters = TR_LOWER,
         .unit = (int)opt[BASE_UNIT].as.i,
         .merges = (int32_t)opt[BASE_MERGES].as.i},
        {.language = (int)opt[BASE_TARGET_LANGUAGE].as.i, .letters = TR_TRUE, .unit = TR_WORD}};
    const tr_text *const text[2] = {&u->text.side[0], &u->text.side[1]};
    return tr_units_learn(o, text, TR_SEPARATE, u->u, u->err);
}

static rf_status tell(void *ctx, double done, double total)
{
    const setup *u = ctx;
    return u->s->host->progress(u->s->host, done, total, "lines");
}

static rf_status learn(setup *u)
{
    rf_status st = read_text(u);
    if (!st && u->r->opt[BASE_METHOD].as.i == NEAREST) {
        const int language = (int)u->r->opt[BASE_SOURCE_LANGUAGE].as.i;
        return tr_memory_open(&u->memory, &u->text, language, tell, u, u->err);
    }
    if (!st) st = learn_units(u);
    for (int k = 0; k < 2 && !st; k++)
        st = tr_units_encode_all(u->u[k], &u->text.side[k], &u->side[k], tell, u, u->err);
    if (st) return st;
    u->dictionary =
        tr_dictionary_learn(u->side, (int)u->r->opt[BASE_ROUNDS].as.i, go_on, u, u->err);
    return u->dictionary ? RF_OK : u->err->status;
}

/* ---- Translating ----------------------------------------------------------------------------- */

/* A piece's best word, or itself without what says that it goes on. */
static void put_word(setup *u, size_t i)
{
    size_t n;
    const char *piece = tr_text_line(&u->pieces, i, &n);
    const int32_t id = u->ids.at[i];
    const int32_t best = id < TR_SPECIAL ? -1 : tr_dictionary_best(u->dictionary, id);
    if (u->words.n) rf_str_put(&u->words, " ");
    if (best >= TR_SPECIAL)
        rf_str_put(&u->words, tr_units_at(u->u[1], best));
    else
        rf_bpe_undo(piece, n, &u->words);
}

static rf_status by_dictionary(setup *u, const char *line, size_t n)
{
    u->ids.n = 0;
    tr_text_clear(&u->pieces);
    rf_str_clear(&u->words);
    const rf_status st = tr_units_encode(u->u[0], line, n, &u->ids, &u->pieces, u->err);
    if (st) return st;
    for (size_t i = 0; i < u->ids.n; i++) put_word(u, i);
    if (u->words.n) tr_units_compose(u->u[1], u->words.s, u->words.n, &u->out);
    return tr_emit_line(u->s->host, u->lines, &u->out, u->err);
}

static rf_status by_nearest(setup *u, const char *line, size_t n)
{
    tr_remembered best;
    const rf_status st = tr_memory_find(u->memory, line, n, &best, u->err);
    if (st) return st;
    if (!u->r->opt[BASE_LIST].as.i) {
        rf_str_put(&u->out, best.target ? best.target : "");
        return tr_emit_line(u->s->host, u->lines, &u->out, u->err);
    }
    const rf_field row[] = {
        rf_field_int("line", u->lines + 1), rf_field_real("cosine", best.cosine),
        rf_field_string("nearest", best.source), rf_field_string("translation", best.target)};
    return rf_emit_record(u->s->host, u->lines, "nearest", row, sizeof row / sizeof *row);
}

static rf_status translate_line(setup *u, const char *line, size_t n)
{
    rf_str_clear(&u->out);
    rf_status st = u->memory ? by_nearest(u, line, n) : by_dictionary(u, line, n);
    u->lines++;
    if (!st) st = u->s->host->progress(u->s->host, (double)u->lines, 0, "lines");
    return st;
}

static rf_status translate(setup *u, const char *path)
{
    tr_text lines = {0};
    rf_status st = tr_text_read(&lines, path, u->err);
    for (size_t i = 0; i < lines.n && !st; i++) {
        size_t n;
        const char *line = tr_text_line(&lines, i, &n);
        st = translate_line(u, line, n);
    }
    tr_text_free(&lines);
    return st;
}

static rf_status list_dictionary(setup *u)
{
    rf_status st = RF_OK;
    for (int32_t id = TR_SPECIAL; id < tr_units_size(u->u[0]) && !st; id++) {
        const int32_t best = tr_dictionary_best(u->dictionary, id);
        if (best < TR_SPECIAL) continue;
        const rf_field row[] = {rf_field_string("word", tr_units_at(u->u[0], id)),
                                rf_field_string("translation", tr_units_at(u->u[1], best)),
                                rf_field_real("p", tr_dictionary_p(u->dictionary, id, best))};
        st = rf_emit_record(u->s->host, id, "dictionary", row, sizeof row / sizeof *row);
    }
    return st;
}

static rf_status answer(setup *u)
{
    static const char *const standard_input[] = {"-"};
    const uint32_t n = u->r->arg_count ? u->r->arg_count : 1;
    const char *const *arg = u->r->arg_count ? u->r->arg : standard_input;
    rf_status st = RF_OK;
    if (u->r->opt[BASE_LIST].as.i && u->dictionary) return list_dictionary(u);
    for (uint32_t i = 0; i < n && !st; i++) st = translate(u, arg[i]);
    return st;
}

rf_status tr_baseline(rf_session *s, const rf_run *r)
{
    rf_error err = {0};
    setup u = {.s = s, .r = r, .err = &err};
    rf_status st = learn(&u);
    if (!st) st = answer(&u);
    for (int k = 0; k < 2; k++) tr_units_free(u.u[k]);
    for (int k = 0; k < 2; k++) tr_sentences_free(&u.side[k]);
    tr_parallel_free(&u.text);
    tr_dictionary_free(u.dictionary);
    tr_memory_free(u.memory);
    rf_ids_free(&u.ids);
    tr_text_free(&u.pieces);
    rf_str_free(&u.words);
    rf_str_free(&u.out);
    return rf_session_end(s, st, &err);
}
