/* text/bpe.c -- byte pair encoding applied: codes files, and words in pieces.
 *
 * subword-nmt splits a word into code points, the last one marked as the word's end, and again and
 * again joins all occurrences of the pair that was learned first, from left to right.  Here a heap
 * finds that pair, so a "word" of a whole Chinese page costs n log n and not n squared. */
#include <stdlib.h>
#include <string.h>

#include "text/bpe.h"
#include "text/words.h"

#define VERSION "#version: 0.2"

rf_bpe *rfi_bpe_new(void)
{
    rf_bpe *b = calloc(1, sizeof *b);
    if (!b) return NULL;
    b->symbols = rf_vocab_new();
    b->ranks = rf_map_new();
    if (b->symbols && b->ranks) return b;
    rf_bpe_free(b);
    return NULL;
}

void rf_bpe_free(rf_bpe *b)
{
    if (!b) return;
    rf_vocab_free(b->symbols);
    rf_map_free(b->ranks);
    free(b->merges);
    free(b);
}

int32_t rf_bpe_merges(const rf_bpe *b) { return b->count; }

int32_t rfi_bpe_symbol(const rf_bpe *b, const char *code, size_t n, bool last, bool add)
{
    char s[4 + sizeof RFI_WORD_END];
    memcpy(s, code, n);
    memcpy(s + n, RFI_WORD_END, sizeof RFI_WORD_END);
    if (last) n += sizeof RFI_WORD_END - 1;
    return add ? rf_vocab_add(b->symbols, s, n) : rf_vocab_find(b->symbols, s, n);
}

/* The symbol that two make together. */
static int32_t join(rf_bpe *b, int32_t left, int32_t right)
{
    rf_str s = {0};
    size_t n;
    const char *bytes = rf_vocab_at(b->symbols, left, &n);
    rf_str_add(&s, bytes, n);
    bytes = rf_vocab_at(b->symbols, right, &n);
    rf_str_add(&s, bytes, n);
    int32_t id = s.failed ? -1 : rf_vocab_add(b->symbols, s.s, s.n);
    rf_str_free(&s);
    return id;
}

bool rfi_bpe_add(rf_bpe *b, int32_t left, int32_t right)
{
    int32_t pair[2] = {left, right}, merged = join(b, left, right);
    const char *key = (const char *)pair;
    if (merged < 0) return false;
    if (b->count == b->cap) {
        int32_t cap = b->cap ? 2 * b->cap : 256;
        rfi_merge *m = cap > 0 ? realloc(b->merges, (size_t)cap * sizeof *m) : NULL;
        if (!m) return false;
        b->merges = m;
        b->cap = cap;
    }
    b->merges[b->count] = (rfi_merge){left, right, merged};
    b->count++;
    return rf_map_get(b->ranks, key, sizeof pair, -1) >= 0 ||
           rf_map_put(b->ranks, key, sizeof pair, b->count - 1);
}

/* ---- Codes files ------------------------------------------------------------------------------- */

/* One line without its end: two units with one blank between, as in "un likely</w>". */
static rf_status parse_line(rf_bpe *b, const char *s, size_t n, const char *where, int32_t line,
                            rf_error *err)
{
    rfi_words w = {.at = s, .end = s + n};
    int32_t id[2] = {-1, -1}, units = 0;
    while (rfi_words_next(&w) == RFI_WORD) {
        if (units < 2) id[units] = rf_vocab_add(b->symbols, w.word, w.n);
        units++;
    }
    if (units != 2)
        return rf_fail(err, RF_EFORMAT, "%s:%d: %d units where 2 are due", where, line, units);
    if (id[0] < 0 || id[1] < 0 || !rfi_bpe_add(b, id[0], id[1]))
        return rf_fail(err, RF_ENOMEM, "%s: no memory", where);
    return RF_OK;
}

static rf_status parse_codes(rf_bpe *b, const char *s, size_t n, const char *name, rf_error *err)
{
    const char *end = s + n;
    size_t v = sizeof VERSION - 1;
    rf_status st = rf_utf8_check(s, n, name, err);
    if (st != RF_OK) return st;
    if (n < v || memcmp(s, VERSION, v) || (n > v && s[v] != '\n' && s[v] != '\r'))
        return rf_fail(err, RF_EFORMAT, "%s:1: '" VERSION "' is due", name);
    while (end > s && end[-1] == '\n') end--;
    for (int32_t line = 1; s < end; line++) {
        const char *nl = memchr(s, '\n', (size_t)(end - s));
        if (!nl) nl = end;
        if (line > 1) st = parse_line(b, s, (size_t)(nl - s), name, line, err);
        if (st != RF_OK) return st;
        s = nl + 1;
    }
    return RF_OK;
}

rf_bpe *rf_bpe_parse(const char *codes, size_t n, const char *name, rf_error *err)
{
    rf_bpe *b = rfi_bpe_new();
    if (!b) rf_fail(err, RF_ENOMEM, "%s: no memory", name);
    if (b && parse_codes(b, codes, n, name, err) == RF_OK) return b;
    rf_bpe_free(b);
    return NULL;
}

void rf_bpe_write(const rf_bpe *b, rf_str *codes)
{
    rf_str_put(codes, VERSION "\n");
    for (int32_t i = 0; i < b->count; i++) {
        size_t n;
        const char *s = rf_vocab_at(b->symbols, b->merges[i].left, &n);
        rf_str_add(codes, s, n);
        rf_str_put(codes, " ");
        s = rf_vocab_at(b->symbols, b->merges[i].right, &n);
        rf_str_add(codes, s, n);
        rf_str_put(codes, "\n");
    }
}

/* ---- Splitting one word ------------------------------------------------------------------------ */

/* A piece of the word: a node of a doubly linked list.  id -1: no merge knows it. */
typedef struct node {
    int32_t id, before, after; /* -1 at the ends */
    int32_t length;            /* bytes; 0: merged into the one before */
} node;

/* Two neighbours that may be joined, unless one of them has changed since. */
typedef struct candidate {
    int32_t rank, at, left, right;
} candidate;

typedef struct splitter {
    const rf_bpe *b;
    node *nodes;
    candidate *heap, *fresh; /* fresh: found while the pairs of one rank are being joined */
    size_t heap_count, fresh_count;
} splitter;

static bool comes_before(const candidate *x, const candidate *y)
{
    return x->rank != y->rank ? x->rank < y->rank : x->at < y->at;
}

static void push(splitter *s, candidate c)
{
    size_t i = s->heap_count++;
    for (; i && comes_before(&c, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
        s->heap[i] = s->heap[(i - 1) / 2];
    s->heap[i] = c;
}

static candidate pop(splitter *s)
{
    candidate top = s->heap[0], last = s->heap[--s->heap_count];
    size_t i = 0;
    for (size_t k; (k = 2 * i + 1) < s->heap_count; i = k) {
        if (k + 1 < s->heap_count && comes_before(&s->heap[k + 1], &s->heap[k])) k++;
        if (!comes_before(&s->heap[k], &last)) break;
        s->heap[i] = s->heap[k];
    }
    s->heap[i] = last;
    return top;
}

/* Note the pair that starts at a node, if it is one. */
static void note(splitter *s, int32_t at)
{
    const node *x = &s->nodes[at];
    if (x->after < 0) return;
    int32_t pair[2] = {x->id, s->nodes[x->after].id};
    if (pair[0] < 0 || pair[1] < 0) return;
    int64_t rank = rf_map_get(s->b->ranks, (const char *)pair, sizeof pair, -1);
    if (rank >= 0) s->fresh[s->fresh_count++] = (candidate){(int32_t)rank, at, pair[0], pair[1]};
}

static void take_fresh(splitter *s)
{
    for (size_t i = 0; i < s->fresh_count; i++) push(s, s->fresh[i]);
    s->fresh_count = 0;
}

static void merge(splitter *s, candidate c)
{
    node *x = &s->nodes[c.at];
    if (!x->length || x->after < 0 || x->id != c.left || s->nodes[x->after].id != c.right) return;
    node *y = &s->nodes[x->after];
    x->id = s->b->merges[c.rank].merged;
    x->length += y->length;
    x->after = y->after;
    y->length = 0;
    if (x->after >= 0) s->nodes[x->after].before = c.at;
    if (x->before >= 0) note(s, x->before);
    note(s, c.at);
}

/* One node for each code point; their number. */
static int32_t fill_nodes(splitter *s, const char *word, size_t n)
{
    int32_t count = 0, code;
    for (size_t i = 0; i < n; count++) {
        int k = rf_utf8_next(word + i, n - i, &code);
        if (k < 1) k = 1;
        bool last = i + (size_t)k >= n;
        int32_t id = rfi_bpe_symbol(s->b, word + i, (size_t)k, last, false);
        s->nodes[count] = (node){id, count - 1, last ? -1 : count + 1, k};
        i += (size_t)k;
    }
    return count;
}

static void join_all(splitter *s, int32_t count)
{
    for (int32_t i = 0; i + 1 < count; i++) note(s, i);
    take_fresh(s);
    while (s->heap_count) {
        int32_t rank = s->heap[0].rank;
        while (s->heap_count && s->heap[0].rank == rank) merge(s, pop(s));
        take_fresh(s);
    }
}

void rf_bpe_split(const rf_bpe *b, const char *word, size_t n, rf_ids *lengths)
{
    /* Each merge leaves one node less and notes two pairs: 3 n candidates in all at most. */
    splitter s = {.b = b};
    if (n && n < INT32_MAX / 8) {
        s.nodes = malloc(n * sizeof *s.nodes);
        s.heap = malloc(3 * n * sizeof *s.heap);
        s.fresh = malloc(3 * n * sizeof *s.fresh);
    }
    if (s.nodes && s.heap && s.fresh) {
        join_all(&s, fill_nodes(&s, word, n));
        for (int32_t i = 0; i >= 0; i = s.nodes[i].after) rf_ids_add(lengths, s.nodes[i].length);
    } else if (n) {
        lengths->failed = true;
    }
    free(s.nodes);
    free(s.heap);
    free(s.fresh);
}

static void put_pieces(const char *word, const rf_ids *lengths, rf_str *out)
{
    for (size_t i = 0; i < lengths->n; i++) {
        rf_str_add(out, word, (size_t)lengths->at[i]);
        if (i + 1 < lengths->n) rf_str_put(out, RFI_GOES_ON " ");
        word += lengths->at[i];
    }
}

/* ---- Pieces that are known --------------------------------------------------------------------- */

typedef struct chooser {
    const rf_bpe *b;
    const rf_vocab *known;
    int32_t *maker; /* of each symbol the first merge that made it, or -1 */
    rf_str key;
    rf_ids whole, *lengths; /* of one word: as merged, and as chosen */
} chooser;

static bool chooser_begin(chooser *c)
{
    const int32_t n = rf_vocab_size(c->b->symbols);
    c->maker = malloc(((size_t)n + 1) * sizeof *c->maker);
    if (!c->maker) return false;
    for (int32_t i = 0; i < n; i++) c->maker[i] = -1;
    for (int32_t i = c->b->count; i-- > 0;) c->maker[c->b->merges[i].merged] = i;
    return true;
}

/* Is the piece in the vocabulary?  The last of a word stands there without a joiner. */
static bool is_known(chooser *c, const char *s, size_t n, bool last)
{
    rf_str_clear(&c->key);
    rf_str_add(&c->key, s, n);
    if (!last) rf_str_put(&c->key, RFI_GOES_ON);
    return !c->key.failed && rf_vocab_find(c->known, c->key.s, c->key.n) >= 0;
}

static int32_t symbol_of(chooser *c, const char *s, size_t n, bool last)
{
    rf_str_clear(&c->key);
    rf_str_add(&c->key, s, n);
    if (last) rf_str_put(&c->key, RFI_WORD_END);
    return c->key.failed ? -1 : rf_vocab_find(c->b->symbols, c->key.s, c->key.n);
}

/* The piece, or the two that made it, and so on: each goes deeper by one merge, so no piece is cut
 * more often than it has characters. */
static void choose(chooser *c, const char *s, size_t n, bool last)
{
    const int32_t id = is_known(c, s, n, last) ? -1 : symbol_of(c, s, n, last);
    const int32_t merge = id < 0 ? -1 : c->maker[id];
    size_t left = 0;
    if (merge >= 0) rf_vocab_at(c->b->symbols, c->b->merges[merge].left, &left);
    if (!left || left >= n) {
        rf_ids_add(c->lengths, (int32_t)n);
        return;
    }
    choose(c, s, left, false);
    choose(c, s + left, n - left, last);
}

static void split_known(chooser *c, const char *word, size_t n, rf_ids *lengths)
{
    c->whole.n = 0;
    c->lengths = lengths;
    rf_bpe_split(c->b, word, n, &c->whole);
    for (size_t i = 0; i < c->whole.n; word += c->whole.at[i++])
        choose(c, word, (size_t)c->whole.at[i], i + 1 == c->whole.n);
    if (c->whole.failed || c->key.failed) lengths->failed = true;
}

void rf_bpe_apply_known(const rf_bpe *b, const rf_vocab *known, const char *text, size_t n,
                        rf_str *out)
{
    rfi_words w = {.at = text, .end = text + n};
    chooser c = {.b = b, .known = known};
    rf_ids lengths = {.failed = known && !chooser_begin(&c)};
    bool first = true;
    for (rfi_piece p; !lengths.failed && (p = rfi_words_next(&w)) != RFI_TEXT_END;
         first = p == RFI_LINE_END) {
        if (p == RFI_LINE_END) {
            rf_str_put(out, "\n");
            continue;
        }
        if (!first) rf_str_put(out, " ");
        lengths.n = 0;
        if (known) split_known(&c, w.word, w.n, &lengths);
        if (!known) rf_bpe_split(b, w.word, w.n, &lengths);
        put_pieces(w.word, &lengths, out);
    }
    if (lengths.failed) out->failed = true;
    rf_ids_free(&lengths);
    rf_ids_free(&c.whole);
    rf_str_free(&c.key);
    free(c.maker);
}

void rf_bpe_apply(const rf_bpe *b, const char *text, size_t n, rf_str *out)
{
    rf_bpe_apply_known(b, NULL, text, n, out);
}

void rf_bpe_undo(const char *text, size_t n, rf_str *out)
{
    const size_t m = sizeof RFI_GOES_ON - 1;
    for (size_t i = 0, from = 0; i <= n; i++) {
        const bool end = i == n || text[i] == ' ' || text[i] == '\n';
        if (!end) continue;
        const bool goes_on = i - from >= m && !memcmp(text + i - m, RFI_GOES_ON, m);
        rf_str_add(out, text + from, i - from - (goes_on ? m : 0));
        if (i < n && (!goes_on || text[i] == '\n')) rf_str_add(out, text + i, 1);
        from = i + 1;
    }
}
