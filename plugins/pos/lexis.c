/* pos/lexis.c -- see lexis.h. */
#include "lexis.h"

#include <stdlib.h>
#include <string.h>

#include "keys.h"

const char *const pos_table_names[] = {"unit", "pair", "affix", "shape", "letter", NULL};

/* ---- Columns --------------------------------------------------------------------------------- */

static void key_unit(const pos_units *u, int32_t i, int k, rf_str *out)
{
    (void)k;
    pos_key_word(u->at[i].s, u->at[i].n, out);
}

static void key_shape(const pos_units *u, int32_t i, int k, rf_str *out)
{
    (void)k;
    pos_key_shape(u->at[i].s, u->at[i].n, out);
}

static void key_prefix(const pos_units *u, int32_t i, int k, rf_str *out)
{
    pos_key_prefix(u->at[i].s, u->at[i].n, k, out);
}

static void key_suffix(const pos_units *u, int32_t i, int k, rf_str *out)
{
    pos_key_suffix(u->at[i].s, u->at[i].n, k, out);
}

/* Unit i and the one before it, k = 0, or behind it, k = 1; beyond an end there is a mark. */
static void key_pair(const pos_units *u, int32_t i, int k, rf_str *out)
{
    const int32_t a = i - 1 + k, b = i + k;
    if (a < 0)
        rf_str_put(out, "^");
    else
        pos_key_word(u->at[a].s, u->at[a].n, out);
    if (b == u->n)
        rf_str_put(out, "$");
    else
        pos_key_word(u->at[b].s, u->at[b].n, out);
}

static void add_column(pos_lexis *x, int table, int k,
                       void (*key)(const pos_units *u, int32_t i, int k, rf_str *out))
{
    x->column[x->columns++] = (pos_column){.table = (uint8_t)table, .k = (uint8_t)k, .key = key};
}

void pos_lexis_init(pos_lexis *x, int task, int affixes, bool spelling)
{
    *x = (pos_lexis){.task = task, .spelling = task == POS_TAGS && spelling};
    add_column(x, POS_UNIT, 0, key_unit);
    add_column(x, POS_SHAPE, 0, key_shape);
    for (int k = 0; task == POS_WORDS && k < 2; k++) add_column(x, POS_PAIR, k, key_pair);
    for (int k = 1; task == POS_TAGS && k <= affixes && k <= POS_AFFIX_MAX; k++) {
        add_column(x, POS_AFFIX, k, key_prefix);
        add_column(x, POS_AFFIX, k, key_suffix);
    }
}

void pos_lexis_free(pos_lexis *x)
{
    rf_vocab_free(x->tags);
    for (int t = 0; t < POS_TABLES; t++) {
        rf_vocab_free(x->table[t]);
        free(x->count[t]);
    }
    *x = (pos_lexis){0};
}

bool pos_lexis_uses(const pos_lexis *x, int table)
{
    if (table == POS_LETTER) return x->spelling;
    for (int c = 0; c < x->columns; c++)
        if (x->column[c].table == table) return true;
    return false;
}

/* ---- Letters --------------------------------------------------------------------------------- */

/* Where the letters of a word begin that are looked at: all, or as many from either end.  *n of them. */
static void find_letters(const pos_unit *u, uint32_t at[POS_LETTERS_MAX + 1], uint8_t *n)
{
    const size_t all = rf_utf8_count(u->s, u->n), half = POS_LETTERS_MAX / 2;
    const size_t skip_to = all > POS_LETTERS_MAX ? all - half : half;
    size_t k = 0;
    *n = 0;
    for (uint32_t i = 0; i < u->n; i++) {
        if (((unsigned char)u->s[i] & 0xc0) == 0x80 && i) continue;
        if ((k < half || k >= skip_to) && *n < POS_LETTERS_MAX) at[(*n)++] = i;
        k++;
    }
}

typedef void letter_fn(void *ctx, const char *key, size_t n);

static void each_letter(const pos_unit *u, letter_fn *fn, void *ctx)
{
    uint32_t at[POS_LETTERS_MAX + 1];
    uint8_t n;
    rf_str key = {0};
    find_letters(u, at, &n);
    for (uint8_t k = 0; k < n; k++) {
        rf_str_clear(&key);
        pos_key_letter(u->s + at[k], u->n - at[k], &key);
        if (key.s) fn(ctx, key.s, key.n);
    }
    rf_str_free(&key);
}

/* ---- Learning -------------------------------------------------------------------------------- */

typedef struct counting {
    rf_map *count[POS_TABLES];
    bool failed;
} counting;

static void count_letter(void *ctx, const char *key, size_t n)
{
    counting *k = ctx;
    if (rf_map_add(k->count[POS_LETTER], key, n, 1) == INT64_MIN) k->failed = true;
}

static void count_units(const pos_lexis *x, counting *k, const pos_units *u, rf_str *key)
{
    for (int32_t i = 0; i < u->n && !k->failed; i++) {
        for (int c = 0; c < x->columns; c++) {
            rf_str_clear(key);
            x->column[c].key(u, i, x->column[c].k, key);
            if (key->failed ||
                rf_map_add(k->count[x->column[c].table], key->s, key->n, 1) == INT64_MIN)
                k->failed = true;
        }
        if (x->spelling) each_letter(&u->at[i], count_letter, k);
    }
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The tags in order of bytes, without one that is empty. */
static rf_vocab *sort_tags(const rf_vocab *from)
{
    const int32_t n = rf_vocab_size(from);
    const char **name = calloc((size_t)n + 1, sizeof *name);
    rf_vocab *to = name ? rf_vocab_new() : NULL;
    bool done = to != NULL;
    for (int32_t k = 0; done && k < n; k++) name[k] = rf_vocab_at(from, k, NULL);
    if (done) qsort(name, (size_t)n, sizeof *name, by_bytes);
    for (int32_t k = 0; done && k < n; k++) done = rf_vocab_add(to, name[k], strlen(name[k])) >= 0;
    free(name);
    if (done) return to;
    rf_vocab_free(to);
    return NULL;
}

static bool keep_more(rf_vocab *v, const pos_keep *keep)
{
    const int32_t n = keep->more ? rf_vocab_size(keep->more) : 0;
    for (int32_t k = 0; k < n; k++) {
        size_t bytes;
        const char *s = rf_vocab_at(keep->more, k, &bytes);
        if (keep->most && rf_vocab_size(v) >= keep->most) break;
        if (rf_vocab_add(v, s, bytes) < 0) return false;
    }
    return true;
}

static rf_status make_table(pos_lexis *x, int t, const rf_map *counts, const pos_keep *keep,
                            rf_error *err)
{
    static const char *const special[] = {RF_UNK, NULL};
    x->table[t] = rf_vocab_build(counts, special, keep->min_count, keep->most, err);
    if (!x->table[t]) return err->status;
    const int32_t size = keep_more(x->table[t], keep) ? rf_vocab_size(x->table[t]) : 0;
    x->count[t] = size ? calloc((size_t)size, sizeof **x->count) : NULL;
    if (!x->count[t]) return rf_no_memory(err);
    for (int32_t k = 0; k < size; k++) {
        size_t n;
        const char *s = rf_vocab_at(x->table[t], k, &n);
        x->count[t][k] = (double)rf_map_get(counts, s, n, 0);
    }
    return RF_OK;
}

rf_status pos_lexis_learn(pos_lexis *x, const pos_corpus *c, const int32_t *which, rf_index n,
                          const pos_keep keep[POS_TABLES], rf_error *err)
{
    counting k = {0};
    pos_units u = {0};
    rf_str key = {0};
    x->tags = sort_tags(c->tags);
    k.failed = !x->tags;
    for (int t = 0; t < POS_TABLES; t++) k.failed |= !(k.count[t] = rf_map_new());
    for (rf_index i = 0; i < n && !k.failed; i++) {
        k.failed = !pos_units_sentence(&u, x->task, c, which[i], true);
        if (!k.failed) count_units(x, &k, &u, &key);
    }
    rf_status st = k.failed ? rf_no_memory(err) : RF_OK;
    for (int t = 0; t < POS_TABLES && !st; t++)
        if (pos_lexis_uses(x, t)) st = make_table(x, t, k.count[t], &keep[t], err);
    for (int t = 0; t < POS_TABLES; t++) rf_map_free(k.count[t]);
    pos_units_free(&u);
    rf_str_free(&key);
    return st;
}

/* ---- Sets ------------------------------------------------------------------------------------ */

static rf_ids *const_lists(pos_set *set, int i)
{
    rf_ids *const list[] = {&set->label,    &set->limit,   &set->choice,
                            &set->spelling, &set->letters, &set->letters_at};
    if (i < POS_COLUMNS) return &set->column[i];
    return i < POS_COLUMNS + 6 ? list[i - POS_COLUMNS] : NULL;
}

void pos_set_free(pos_set *set)
{
    rf_ids *list;
    for (int i = 0; (list = const_lists(set, i)); i++) rf_ids_free(list);
    free(set->start);
    free(set->lengths);
    rf_map_free(set->spellings);
    *set = (pos_set){0};
}

void pos_set_clear(pos_set *set)
{
    rf_ids *list;
    for (int i = 0; (list = const_lists(set, i)); i++) list->n = 0;
    rf_map_free(set->spellings);
    set->spellings = NULL;
    set->n = 0;
}

static bool grow(pos_set *set)
{
    const size_t cap = set->cap ? 2 * (size_t)set->cap : 64;
    rf_index *start = realloc(set->start, cap * sizeof *start);
    if (start) set->start = start;
    int32_t *lengths = realloc(set->lengths, cap * sizeof *lengths);
    if (lengths) set->lengths = lengths;
    if (!start || !lengths) return false;
    set->cap = (rf_index)cap;
    return true;
}

typedef struct spelling {
    const pos_lexis *x;
    rf_ids *letters;
} spelling;

static void add_letter(void *ctx, const char *key, size_t n)
{
    const spelling *s = ctx;
    const int32_t id = rf_vocab_find(s->x->table[POS_LETTER], key, n);
    rf_ids_add(s->letters, id < 0 ? 0 : id);
}

/* The number of a word's spelling, which is stored if new; -1: no memory. */
static int32_t spell(const pos_lexis *x, pos_set *set, const pos_unit *u)
{
    if (!set->spellings) {
        set->spellings = rf_map_new();
        rf_ids_add(&set->letters_at, 0);
    }
    if (!set->spellings) return -1;
    const int64_t known = rf_map_get(set->spellings, u->s, u->n, -1);
    if (known >= 0) return (int32_t)known;
    spelling s = {x, &set->letters};
    const int64_t id = (int64_t)rf_map_count(set->spellings);
    each_letter(u, add_letter, &s);
    if (set->letters.n == (size_t)set->letters_at.at[id]) rf_ids_add(&set->letters, 0);
    rf_ids_add(&set->letters_at, (int32_t)set->letters.n);
    return rf_map_put(set->spellings, u->s, u->n, id) ? (int32_t)id : -1;
}

rf_status pos_lexis_encode(const pos_lexis *x, pos_set *set, const pos_units *u, rf_error *err)
{
    rf_str key = {0};
    rf_ids *list;
    if (set->n == set->cap && !grow(set)) return rf_no_memory(err);
    set->start[set->n] = (rf_index)set->label.n;
    set->lengths[set->n] = u->n;
    bool failed = false;
    for (int32_t i = 0; i < u->n; i++) {
        for (int c = 0; c < x->columns; c++) {
            rf_str_clear(&key);
            x->column[c].key(u, i, x->column[c].k, &key);
            const int32_t id = rf_vocab_find(x->table[x->column[c].table], key.s, key.n);
            rf_ids_add(&set->column[c], id < 0 ? 0 : id);
        }
        rf_ids_add(&set->label, u->at[i].label);
        rf_ids_add(&set->limit, u->at[i].limit);
        rf_ids_add(&set->choice, u->at[i].choice);
        const int32_t s = x->spelling ? spell(x, set, &u->at[i]) : 0;
        rf_ids_add(&set->spelling, s);
        failed |= s < 0;
    }
    for (int i = 0; (list = const_lists(set, i)); i++) failed |= list->failed;
    failed |= key.failed;
    rf_str_free(&key);
    if (failed) return rf_no_memory(err);
    set->n++;
    return RF_OK;
}

/* Labels of a corpus's tags to labels of the tags here. */
static void rename_labels(const pos_lexis *x, const pos_corpus *c, pos_units *u)
{
    for (int32_t i = 0; i < u->n; i++) {
        size_t n;
        if (u->at[i].label < 0) continue;
        const char *name = rf_vocab_at(c->tags, pos_label_tag(x->task, u->at[i].label), &n);
        const int32_t tag = rf_vocab_find(x->tags, name, n);
        const int place = pos_label_place(x->task, u->at[i].label);
        u->at[i].label = tag < 0 ? -1 : x->task == POS_WORDS ? tag * POS_PLACES + place : tag;
    }
}

rf_status pos_lexis_corpus(const pos_lexis *x, pos_set *set, const pos_corpus *c,
                           const int32_t *which, rf_index n, bool fixed, rf_ids *kept,
                           rf_error *err)
{
    pos_units u = {0};
    rf_status st = RF_OK;
    for (rf_index k = 0; k < n && !st; k++) {
        const int32_t i = which ? which[k] : (int32_t)k;
        if (!pos_units_sentence(&u, x->task, c, i, fixed)) st = rf_no_memory(err);
        if (st || !u.n) continue;
        rename_labels(x, c, &u);
        st = pos_lexis_encode(x, set, &u, err);
        if (kept) rf_ids_add(kept, i);
    }
    pos_units_free(&u);
    return st;
}
