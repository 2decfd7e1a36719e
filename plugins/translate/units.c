/* translate/units.c -- see units.h. */
#include "units.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

const char *const tr_languages[] = {[TR_NONE] = "none", [TR_EN] = "en", [TR_ZH] = "zh", NULL};
const char *const tr_letters[] = {
    [TR_KEEP] = "keep", [TR_LOWER] = "lower", [TR_TRUE] = "true", NULL};
const char *const tr_unit_names[] = {
    [TR_WORD] = "word", [TR_CHAR] = "char", [TR_BPE] = "bpe", NULL};
const char *const tr_joints[] = {
    [TR_SEPARATE] = "separate", [TR_JOINT_CODES] = "codes", [TR_JOINT] = "joint", NULL};

/* Words that remember their pieces, at most. */
enum { CACHE_MAX = 100000 };

struct tr_units {
    tr_units_options o;
    rf_bpe *bpe;              /* of TR_CHAR and TR_BPE */
    rf_vocab *vocab;          /* from TR_SPECIAL on what was counted */
    tr_forms forms;           /* of TR_TRUE */
    rf_str words, small, one; /* of one line: its words, then their letters; a word's pieces */
    rf_map *cached;           /* of a word, its line in `pieces` */
    tr_text pieces;
};

void tr_units_free(tr_units *u)
{
    if (!u) return;
    rf_bpe_free(u->bpe);
    rf_vocab_free(u->vocab);
    tr_forms_free(&u->forms);
    rf_str_free(&u->words);
    rf_str_free(&u->small);
    rf_str_free(&u->one);
    rf_map_free(u->cached);
    tr_text_free(&u->pieces);
    free(u);
}

static rf_status no_memory(rf_error *err)
{
    return rf_fail(err, RF_ENOMEM, "no memory for a vocabulary");
}

const tr_units_options *tr_units_asked(const tr_units *u) { return &u->o; }

int32_t tr_units_size(const tr_units *u) { return rf_vocab_size(u->vocab); }

const char *tr_units_at(const tr_units *u, int32_t id) { return rf_vocab_at(u->vocab, id, NULL); }

/* ---- Words, letters -------------------------------------------------------------------------- */

/* A line's words, before their letters are changed. */
static const rf_str *split(tr_units *u, const char *line, size_t n)
{
    rf_str_clear(&u->words);
    tr_words_split(u->o.language, u->o.unit == TR_BPE, line, n, &u->words);
    return &u->words;
}

/* The same in the letters that are learned. */
static const rf_str *normalize(tr_units *u, const char *line, size_t n)
{
    const rf_str *words = split(u, line, n);
    if (u->o.letters == TR_KEEP || !words->n) return words;
    rf_str_clear(&u->small);
    if (u->o.letters == TR_LOWER) tr_lower(words->s, words->n, &u->small);
    if (u->o.letters == TR_TRUE) tr_forms_apply(&u->forms, words->s, words->n, &u->small);
    u->small.failed |= words->failed;
    return &u->small;
}

/* ---- Pieces ---------------------------------------------------------------------------------- */

/* The pieces of a word, apart by blanks.  NULL: no memory. */
static const char *pieces_of(tr_units *u, const char *word, size_t n, size_t *length)
{
    int64_t line = u->cached ? rf_map_get(u->cached, word, n, -1) : -1;
    if (line >= 0) return tr_text_line(&u->pieces, (size_t)line, length);
    if (u->pieces.n >= CACHE_MAX) {
        rf_map_free(u->cached);
        u->cached = NULL;
        tr_text_clear(&u->pieces);
    }
    if (!u->cached) u->cached = rf_map_new();
    rf_str_clear(&u->one);
    rf_bpe_apply_known(u->bpe, u->o.unit == TR_BPE ? u->vocab : NULL, word, n, &u->one);
    line = (int64_t)u->pieces.n;
    if (!u->cached || u->one.failed || !tr_text_add(&u->pieces, u->one.s, u->one.n)) return NULL;
    if (!rf_map_put(u->cached, word, n, line)) return NULL;
    return tr_text_line(&u->pieces, (size_t)line, length);
}

typedef bool (*take_piece)(void *to, const char *piece, size_t n);

/* Call `take` for each piece of normalized words.  False: no memory. */
static bool each_piece(tr_units *u, const char *words, size_t n, take_piece take, void *to)
{
    const char *at = words, *end = words + n, *word, *piece;
    for (size_t m, k; tr_word_next(&at, end, &word, &m);) {
        const char *some = word;
        if (u->o.unit != TR_WORD) some = pieces_of(u, word, m, &m);
        if (!some) return false;
        for (const char *stop = some + m; tr_word_next(&some, stop, &piece, &k);)
            if (!take(to, piece, k)) return false;
    }
    return true;
}

/* ---- Learning -------------------------------------------------------------------------------- */

static bool count_piece(void *to, const char *piece, size_t n)
{
    return rf_map_add(to, piece, n, 1) != INT64_MIN;
}

static bool count_text(tr_units *u, const tr_text *words, rf_map *counts)
{
    bool done = true;
    for (size_t i = 0; done && i < words->n; i++) {
        size_t n;
        const char *line = tr_text_line(words, i, &n);
        done = each_piece(u, line, n, count_piece, counts);
    }
    return done;
}

static bool learn_forms(tr_units *u, const tr_text *text)
{
    tr_text words = {0};
    bool done = true;
    for (size_t i = 0; done && i < text->n; i++) {
        size_t n;
        const char *line = tr_text_line(text, i, &n);
        const rf_str *s = split(u, line, n);
        done = !s->failed && tr_text_add(&words, s->s ? s->s : "", s->n);
    }
    done = done && tr_forms_learn(&u->forms, &words);
    tr_text_free(&words);
    return done;
}

static bool normalize_text(tr_units *u, const tr_text *text, tr_text *words)
{
    bool done = u->o.letters != TR_TRUE || learn_forms(u, text);
    for (size_t i = 0; done && i < text->n; i++) {
        size_t n;
        const char *line = tr_text_line(text, i, &n);
        const rf_str *s = normalize(u, line, n);
        done = !s->failed && tr_text_add(words, s->s ? s->s : "", s->n);
    }
    return done;
}

/* Two sides that are learned. */
typedef struct pupil {
    tr_units *u[2];
    tr_text words[2];
    int joint;
    rf_error *err;
} pupil;

/* Merges of side k, or of both, into side k. */
static rf_status learn_merges(pupil *p, int k)
{
    static const char none[] = "#version: 0.2\n";
    tr_units *u = p->u[k];
    rf_str all = {0};
    if (u->o.unit == TR_WORD) return RF_OK;
    for (int side = 0; side < 2; side++) {
        const tr_text *t = &p->words[side];
        for (size_t i = 0; (p->joint || side == k) && i < t->n; i++)
            rf_str_printf(&all, "%s\n", tr_text_line(t, i, NULL));
    }
    if (all.failed) return no_memory(p->err);
    const int32_t merges = p->u[p->joint ? 0 : k]->o.merges;
    u->bpe = u->o.unit == TR_CHAR || !all.n ? rf_bpe_parse(none, sizeof none - 1, "none", p->err)
                                            : rf_bpe_learn(all.s, all.n, "text", merges, 2, p->err);
    rf_str_free(&all);
    return u->bpe ? RF_OK : p->err->status;
}

static void forget_pieces(tr_units *u)
{
    rf_map_free(u->cached);
    u->cached = NULL;
    tr_text_clear(&u->pieces);
}

/* The vocabulary of sides first .. last, each of which gets it. */
static rf_status count_sides(pupil *p, int first, int last)
{
    static const char *const special[] = {RF_PAD, RF_UNK, RF_BOS, RF_EOS, NULL};
    const tr_units_options *o = &p->u[first]->o;
    rf_map *counts = rf_map_new();
    bool done = counts != NULL;
    for (int k = first; k <= last; k++) done = done && count_text(p->u[k], &p->words[k], counts);
    for (int k = first; k <= last && done; k++) {
        rf_vocab_free(p->u[k]->vocab);
        p->u[k]->vocab = rf_vocab_build(counts, special, o->min_count, o->max_size, p->err);
        done = p->u[k]->vocab;
        forget_pieces(p->u[k]);
    }
    rf_map_free(counts);
    return done ? RF_OK : no_memory(p->err);
}

/* Pieces are counted as merges make them, then again with those that are rare cut into others. */
static rf_status learn_vocabulary(pupil *p, int first, int last)
{
    const tr_units_options *o = &p->u[first]->o;
    rf_status st = count_sides(p, first, last);
    const bool again = o->unit == TR_BPE && (o->min_count > 1 || o->max_size);
    return !st && again ? count_sides(p, first, last) : st;
}

static rf_status learn(pupil *p, const tr_text *const text[2])
{
    rf_status st = RF_OK;
    for (int k = 0; k < 2; k++)
        if (!normalize_text(p->u[k], text[k], &p->words[k])) return no_memory(p->err);
    for (int k = 0; k < 2 && !st; k++) st = learn_merges(p, k);
    if (!st) st = learn_vocabulary(p, 0, p->joint == TR_JOINT ? 1 : 0);
    if (!st && p->joint != TR_JOINT) st = learn_vocabulary(p, 1, 1);
    return st;
}

static rf_status check(const tr_units_options o[2], int joint, rf_error *err)
{
    if (joint && o[0].unit != o[1].unit)
        return rf_fail(err, RF_EINVAL, "both sides need the same unit where they share something");
    if (joint == TR_JOINT_CODES && o[0].unit != TR_BPE)
        return rf_fail(err, RF_EINVAL, "only pieces of bpe have merges to share");
    return RF_OK;
}

rf_status tr_units_learn(const tr_units_options o[2], const tr_text *const text[2], int joint,
                         tr_units *out[2], rf_error *err)
{
    rf_error local = {0};
    pupil p = {.joint = joint, .err = err ? err : &local};
    rf_status st = check(o, joint, p.err);
    for (int k = 0; k < 2 && !st; k++) {
        p.u[k] = calloc(1, sizeof *p.u[k]);
        if (p.u[k]) p.u[k]->o = o[k];
        if (!p.u[k]) st = no_memory(p.err);
    }
    if (!st) st = learn(&p, text);
    for (int k = 0; k < 2; k++) {
        tr_text_free(&p.words[k]);
        if (st) tr_units_free(p.u[k]);
        out[k] = st ? NULL : p.u[k];
    }
    return st;
}

/* ---- Encoding and decoding ------------------------------------------------------------------- */

typedef struct encoder {
    const tr_units *u;
    rf_ids *ids;
    tr_text *pieces;
} encoder;

static bool encode_piece(void *to, const char *piece, size_t n)
{
    encoder *e = to;
    const int32_t id = rf_vocab_find(e->u->vocab, piece, n);
    rf_ids_add(e->ids, id < TR_SPECIAL ? TR_UNK : id);
    return !e->ids->failed && (!e->pieces || tr_text_add(e->pieces, piece, n));
}

rf_status tr_units_encode(tr_units *u, const char *line, size_t n, rf_ids *ids, tr_text *pieces,
                          rf_error *err)
{
    encoder e = {u, ids, pieces};
    const rf_str *words = normalize(u, line, n);
    if (words->failed) return no_memory(err);
    if (!words->n) return RF_OK;
    return each_piece(u, words->s, words->n, encode_piece, &e) ? RF_OK : no_memory(err);
}

void tr_units_compose(const tr_units *u, const char *pieces, size_t n, rf_str *out)
{
    rf_str whole = {0}, large = {0};
    const rf_str *words = &whole;
    if (u->o.unit != TR_WORD) rf_bpe_undo(pieces, n, &whole);
    if (u->o.unit == TR_WORD) rf_str_add(&whole, pieces, n);
    if (u->o.letters == TR_TRUE && whole.n) {
        tr_forms_undo(whole.s, whole.n, &large);
        words = &large;
    }
    if (whole.failed || words->failed) out->failed = true;
    if (words->n) tr_words_join(u->o.language, words->s, words->n, out);
    rf_str_free(&whole);
    rf_str_free(&large);
}

rf_status tr_units_encode_all(tr_units *u, const tr_text *t, tr_sentences *s, tr_tell *tell,
                              void *ctx, rf_error *err)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < t->n && !st; i++) {
        size_t n;
        const char *line = tr_text_line(t, i, &n);
        st = tr_units_encode(u, line, n, &s->word, NULL, err);
        if (!st && !tr_sentences_end(s)) st = rf_no_memory(err);
        if (!st && i % 256 == 0) st = tell(ctx, (double)i, 0);
    }
    s->words = tr_units_size(u);
    return st;
}

void tr_units_decode(const tr_units *u, const int32_t *ids, size_t n, rf_str *out)
{
    rf_str pieces = {0};
    for (size_t i = 0; i < n && ids[i] != TR_EOS; i++) {
        if (ids[i] < 0 || ids[i] >= tr_units_size(u)) continue;
        if (ids[i] < TR_SPECIAL && ids[i] != TR_UNK) continue;
        if (pieces.n) rf_str_put(&pieces, " ");
        rf_str_put(&pieces, tr_units_at(u, ids[i]));
    }
    if (pieces.failed) out->failed = true;
    if (pieces.n) tr_units_compose(u, pieces.s, pieces.n, out);
    rf_str_free(&pieces);
}

/* ---- In files -------------------------------------------------------------------------------- */

/* A list of entries as a value.  NULL: no memory. */
static json_t *json_of_vocab(const rf_vocab *v)
{
    rf_str text = {0};
    json_t *value = NULL;
    if (!rf_vocab_write(v, &text, NULL) && text.s)
        value = json_loadb(text.s, text.n, JSON_DECODE_ANY, NULL);
    rf_str_free(&text);
    return value;
}

static json_t *json_of_codes(const rf_bpe *b)
{
    rf_str codes = {0};
    rf_bpe_write(b, &codes);
    json_t *value = codes.failed ? NULL : json_stringn(codes.s, codes.n);
    rf_str_free(&codes);
    return value;
}

static json_t *json_of_units(const tr_units *u)
{
    json_t *root = json_object();
    int bad = json_object_set_new(root, "language", json_string(tr_languages[u->o.language]));
    bad |= json_object_set_new(root, "letters", json_string(tr_letters[u->o.letters]));
    bad |= json_object_set_new(root, "unit", json_string(tr_unit_names[u->o.unit]));
    if (u->o.unit == TR_BPE) bad |= json_object_set_new(root, "codes", json_of_codes(u->bpe));
    if (u->o.letters == TR_TRUE)
        bad |= json_object_set_new(root, "forms", json_of_vocab(u->forms.form));
    bad |= json_object_set_new(root, "vocabulary", json_of_vocab(u->vocab));
    if (!bad) return root;
    json_decref(root);
    return NULL;
}

rf_status tr_units_write(const tr_units *u, rf_str *json, rf_error *err)
{
    json_t *root = json_of_units(u);
    char *text = root ? json_dumps(root, 0) : NULL;
    if (text) rf_str_put(json, text);
    json_decref(root);
    free(text);
    return text && !json->failed ? RF_OK : no_memory(err);
}

/* The number of a word of a table that is the value of a key; -1: it is none. */
static int word_of(const json_t *root, const char *key, const char *const *words)
{
    const char *word = json_string_value(json_object_get(root, key));
    for (int i = 0; word && words[i]; i++)
        if (!strcmp(word, words[i])) return i;
    return -1;
}

static rf_vocab *vocab_of(const json_t *root, const char *key, rf_error *err)
{
    char *text = json_dumps(json_object_get(root, key), JSON_ENCODE_ANY);
    rf_vocab *v = text ? rf_vocab_parse(text, strlen(text), err) : NULL;
    if (!text) rf_fail(err, RF_EFORMAT, "units: no %s", key);
    free(text);
    return v;
}

static rf_status read_merges(tr_units *u, const json_t *root, rf_error *err)
{
    static const char none[] = "#version: 0.2\n";
    const json_t *codes = json_object_get(root, "codes");
    if (u->o.unit == TR_WORD) return RF_OK;
    if (u->o.unit == TR_BPE && !json_is_string(codes))
        return rf_fail(err, RF_EFORMAT, "units: no codes");
    const char *text = u->o.unit == TR_BPE ? json_string_value(codes) : none;
    const size_t n = u->o.unit == TR_BPE ? json_string_length(codes) : sizeof none - 1;
    u->bpe = rf_bpe_parse(text, n, "codes", err);
    return u->bpe ? RF_OK : RF_EFORMAT;
}

static rf_status read_forms(tr_units *u, const json_t *root, rf_error *err)
{
    if (u->o.letters != TR_TRUE) return RF_OK;
    rf_vocab *list = vocab_of(root, "forms", err);
    if (!list) return RF_EFORMAT;
    if (tr_forms_take(&u->forms, list)) return RF_OK;
    return rf_fail(err, RF_EFORMAT, "units: two forms of one word");
}

static rf_status read_parts(tr_units *u, const json_t *root, rf_error *err)
{
    static const char *const special[TR_SPECIAL] = {RF_PAD, RF_UNK, RF_BOS, RF_EOS};
    u->o = (tr_units_options){.language = word_of(root, "language", tr_languages),
                              .letters = word_of(root, "letters", tr_letters),
                              .unit = word_of(root, "unit", tr_unit_names)};
    if (u->o.language < 0 || u->o.letters < 0 || u->o.unit < 0)
        return rf_fail(err, RF_EFORMAT, "units: a language, letters and a unit are due");
    rf_status st = read_merges(u, root, err);
    if (!st) st = read_forms(u, root, err);
    if (st) return st;
    u->vocab = vocab_of(root, "vocabulary", err);
    if (!u->vocab) return RF_EFORMAT;
    for (int32_t i = 0; i < TR_SPECIAL; i++)
        if (rf_vocab_find(u->vocab, special[i], strlen(special[i])) != i)
            return rf_fail(err, RF_EFORMAT, "units: entry %d is not '%s'", i, special[i]);
    return RF_OK;
}

tr_units *tr_units_parse(const char *json, size_t n, rf_error *err)
{
    json_error_t why;
    json_t *root = json_loadb(json, n, JSON_REJECT_DUPLICATES, &why);
    tr_units *u = root ? calloc(1, sizeof *u) : NULL;
    if (!root) rf_fail(err, RF_EFORMAT, "units: not JSON: %s", why.text);
    if (root && !u) no_memory(err);
    const rf_status st = u ? read_parts(u, root, err) : RF_ENOMEM;
    json_decref(root);
    if (!st) return u;
    tr_units_free(u);
    return NULL;
}

rf_status tr_units_store(const tr_units *u, rf_model *m, const char *key, rf_error *err)
{
    rf_str json = {0};
    rf_status st = tr_units_write(u, &json, err);
    if (!st) st = rf_model_set_table(m, key, json.s, json.n, err);
    rf_str_free(&json);
    return st;
}

tr_units *tr_units_load(const rf_model *m, const char *key, rf_error *err)
{
    rf_error why = {0};
    size_t n;
    const char *json = rf_model_get_table(m, key, &n);
    tr_units *u = json ? tr_units_parse(json, n, &why) : NULL;
    if (!u)
        rf_fail(err, json ? why.status : RF_EFORMAT, "%s: %s: %s", rf_model_name(m), key,
                json ? why.text : "is missing");
    return u;
}

uint64_t tr_units_hash(const tr_units *u)
{
    rf_str json = {0};
    const uint64_t h = tr_units_write(u, &json, NULL) ? 0 : rf_hash(RF_HASH, json.s, json.n);
    rf_str_free(&json);
    return h;
}
