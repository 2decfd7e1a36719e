/* test_pinyin.c -- syllables, what was typed, lexica, n-grams, sentences that may not be
 * learned. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/pinyin/beam.h"
#include "../../plugins/pinyin/source.h"
#include "../../plugins/pinyin/text.h"
#include "../suite.h"

/* ---- Syllables ------------------------------------------------------------------------------- */

static void syllables_are_found(void)
{
    for (int i = 0; py_syllable_at(i); i++) {
        const char *s = py_syllable_at(i);
        CU_ASSERT(py_syllable_find(s, strlen(s)) == i);
        CU_ASSERT(i == 0 || strcmp(py_syllable_at(i - 1), s) < 0);
    }
    CU_ASSERT(py_syllable_find("lue", 3) == py_syllable_find("lve", 3));
    CU_ASSERT(py_syllable_find("jv", 2) == py_syllable_find("ju", 2));
    CU_ASSERT(py_syllable_find("bv", 2) == -1);
    CU_ASSERT(py_syllable_find("", 0) == -1);
    CU_ASSERT(py_syllable_find("zhuangx", 7) == -1);
}

static void readings_are_parsed(void)
{
    static const struct {
        const char *text, *same;
    } rows[] = {
        {"shēng", "sheng1"}, {"lǚ", "lv3"},  {"lü4", "lv4"}, {"nǜ", "nv4"},    {"u\xcc\x88", ""},
        {"de", "de"},        {"de5", "de5"}, {"de0", "de5"}, {"SHI4", "shi4"}, {"e\xcc\x81", "e2"},
        {"xyz", ""},         {"mā4", ""},    {"māmā", ""},   {"", ""},         {"zhuang6", ""}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint16_t r = 0;
        rf_str out = {0};
        const bool good = py_reading_parse(rows[i].text, strlen(rows[i].text), &r);
        CU_ASSERT(good == (*rows[i].same != 0));
        if (good) py_reading_text(r, &out);
        if (good) CU_ASSERT_STRING_EQUAL(out.s, rows[i].same);
        rf_str_free(&out);
    }
}

static void sounds_alike(void)
{
    uint32_t groups;
    int other[4], differ[4];
    const char *item;
    size_t n;
    CU_ASSERT(py_fuzzy_parse("z-zh, en-eng", &groups, &item, &n));
    const int found = py_fuzzy_others(py_syllable_find("zhen", 4), groups, other, differ);
    CU_ASSERT(found == 3);
    int sum = 0;
    for (int i = 0; i < found; i++) sum += differ[i];
    CU_ASSERT(sum == 4); /* zheng, zen: 1 each; zeng: 2 */
    CU_ASSERT(!py_fuzzy_parse("z-zh,x-y", &groups, &item, &n));
    CU_ASSERT(n == 3 && !memcmp(item, "x-y", 3));
    CU_ASSERT(py_correction("zhogn", 5, 0) == py_syllable_find("zhong", 5));
    CU_ASSERT(py_correction("liou", 4, 0) == py_syllable_find("liu", 3));
    CU_ASSERT(py_correction("xyz", 3, 0) == -1);
}

/* ---- What was typed -------------------------------------------------------------------------- */

/* How many paths there are from a node to the end. */
static int paths(const py_input *in, int32_t node)
{
    int sum = node == in->n;
    for (int32_t e = node < in->n ? in->first[node] : 0; node < in->n && e < in->first[node + 1];
         e++)
        sum += paths(in, in->edge[e].to);
    return sum;
}

static int paths_of(const char *text, py_typing how)
{
    py_input in;
    CU_ASSERT_FATAL(!py_input_parse(&in, text, strlen(text), &how, NULL));
    const int n = paths(&in, 0);
    py_input_free(&in);
    return n;
}

static void every_split(void)
{
    const py_typing plain = {.tones = true};
    CU_ASSERT(paths_of("xian", plain) == 2); /* xian, xi an */
    CU_ASSERT(paths_of("xi'an", plain) == 1);
    CU_ASSERT(paths_of("xi an", plain) == 1);
    CU_ASSERT(paths_of("xi1an", plain) == 1);
    CU_ASSERT(paths_of("xiān", plain) == 2);
    CU_ASSERT(paths_of("xīān", plain) == 1);   /* two marks are two syllables */
    CU_ASSERT(paths_of("fangan", plain) == 2); /* fang an, fan gan */
    CU_ASSERT(paths_of("ta shi yan jiu", plain) == 1);
    CU_ASSERT(paths_of("nar", plain) == 1); /* 哪儿 */
    CU_ASSERT(paths_of("", plain) == 1);
}

static void what_passes(void)
{
    static const char *const rows[] = {"Linux", "2023", "，。", "研究", "qwrtp", "iiii", "iPhone"};
    const py_typing plain = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        py_input in;
        CU_ASSERT_FATAL(!py_input_parse(&in, rows[i], strlen(rows[i]), &plain, NULL));
        CU_ASSERT(in.first[1] - in.first[0] == 1 && in.edge[0].base == -1 && in.edge[0].to == in.n);
        py_input_free(&in);
    }
}

static void beginnings_and_misspellings(void)
{
    CU_ASSERT(paths_of("tsyj", (py_typing){.initials = true}) > 1000);
    CU_ASSERT(paths_of("tsyj", (py_typing){0}) == 1);
    CU_ASSERT(paths_of("zhogn", (py_typing){.correct = true}) == 1);
    CU_ASSERT(paths_of("zi", (py_typing){.fuzzy = 1}) == 2);
}

/* ---- Lexica ---------------------------------------------------------------------------------- */

static const char lexicon_text[] = "# a remark\n"
                                   "U+4E2D: zhōng,zhòng  # 中\n"
                                   "U+56FD: guó\n"
                                   "U+94F6: yín\n"
                                   "U+884C: xíng,háng\n"
                                   "中国: zhōng guó\n"
                                   "银行: yín háng # a place\n"
                                   "中国银行 500 nt\n"
                                   "中国 900\n"
                                   "银 20\n"
                                   "A股 7\n";

static rf_status read_lexicon(py_lexicon *x, const char *text, rf_error *err)
{
    py_source *s = py_source_new();
    *x = (py_lexicon){0};
    rf_status st = py_source_parse(s, text, strlen(text), "lex", err);
    if (!st) st = py_source_build(s, 100, NULL, x, err);
    py_source_free(s);
    return st;
}

static void lexica_are_read(void)
{
    py_lexicon x;
    rf_str out = {0};
    CU_ASSERT_FATAL(!read_lexicon(&x, lexicon_text, NULL));
    const int32_t bank = py_lexicon_find(&x, "中国银行", 12);
    CU_ASSERT_FATAL(bank >= 0);
    const py_entry *e = &x.entry[py_lexicon_entry_of(&x, bank)];
    for (int k = 0; k < e->length; k++) py_reading_text(x.reading[e->reading + (uint32_t)k], &out);
    CU_ASSERT_STRING_EQUAL(out.s, "zhong1guo2yin2hang2"); /* of the phrases in it */
    CU_ASSERT(py_lexicon_find(&x, "中国", 6) == 0);       /* the most frequent one */
    CU_ASSERT(py_lexicon_find(&x, "股", 3) == -1);
    /* 行 may be read háng, which costs. */
    e = &x.entry[py_lexicon_entry_of(&x, py_lexicon_find(&x, "行", 3))];
    CU_ASSERT(e[0].cost == 0 && e[1].cost > 0 && e[1].word == e[0].word);
    py_range r = py_lexicon_follow(&x, py_lexicon_all(&x), py_syllable_find("zhong", 5));
    r = py_lexicon_follow(&x, r, py_syllable_find("guo", 3));
    CU_ASSERT(r.hi - r.lo == 2); /* 中国, 中国银行 */
    CU_ASSERT(x.entry[x.order[r.lo]].length == 2);
    py_lexicon_free(&x);
    rf_str_free(&out);
}

static void wrong_lines_are_named(void)
{
    static const struct {
        const char *text, *due;
    } rows[] = {{"中国 many\n", "lex:1: no entry of a lexicon"},
                {"U+4E2D zhōng\n", "lex:1: no character"},
                {"中 3\nU+ZZ: a\n", "lex:2: no character"},
                {"\n中\xff 3\n", "lex:2:4: byte 0xff"},
                {"中 3\n", "have no character with a reading"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rf_error err = {0};
        py_lexicon x;
        CU_ASSERT(read_lexicon(&x, rows[i].text, &err) == RF_EFORMAT);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].due));
        py_lexicon_free(&x);
    }
}

static void lexica_survive_a_file(void)
{
    py_lexicon x, y;
    rf_model *m = rf_model_new();
    CU_ASSERT_FATAL(!read_lexicon(&x, lexicon_text, NULL));
    CU_ASSERT_FATAL(!py_lexicon_store(&x, m, NULL));
    CU_ASSERT_FATAL(!py_lexicon_load(&y, m, NULL));
    CU_ASSERT(x.words == y.words && x.entries == y.entries && x.readings == y.readings);
    CU_ASSERT(!memcmp(x.reading, y.reading, x.readings * sizeof *x.reading));
    CU_ASSERT(!memcmp(x.order, y.order, x.entries * sizeof *x.order));
    for (int32_t w = 0; w < x.words; w++) CU_ASSERT_DOUBLE_EQUAL(x.prior[w], y.prior[w], 0.051);
    py_lexicon_free(&x);
    py_lexicon_free(&y);
    rf_model_free(m);
}

/* ---- N-grams --------------------------------------------------------------------------------- */

enum { V = 12, TEXT = 400 };

/* A text with a habit: after i comes i+1 more often than not. */
static void make_text(int32_t *t)
{
    const rf_key key = rf_key_make(7, "text", 0);
    t[0] = PY_END;
    for (int i = 1; i < TEXT; i++) {
        const double u = rf_uniform(key, (uint64_t)i);
        const int32_t free = 1 + (int32_t)(u * 97) % (V - 1);
        t[i] = u < 0.6 && t[i - 1] + 1 < V ? t[i - 1] + 1 : free;
    }
}

/* All that may follow a context has probability 1 together, as far as steps of 18/255 allow. */
static void check_sums(const py_ngram *m, const int32_t *t)
{
    py_context c = py_ngram_begin(m);
    for (int i = 1; i < TEXT; i++) {
        double sum = 0;
        for (int32_t w = 1; w < V; w++) sum += exp((double)py_ngram_logp(m, &c, w));
        CU_ASSERT_DOUBLE_EQUAL(sum, 1, 0.05);
        c = py_ngram_next(m, &c, t[i]);
    }
}

static double loss(const py_ngram *m, const int32_t *t)
{
    py_context c = py_ngram_begin(m);
    double sum = 0;
    for (int i = 1; i < TEXT; i++) {
        sum -= (double)py_ngram_logp(m, &c, t[i]);
        c = py_ngram_next(m, &c, t[i]);
    }
    return sum / (TEXT - 1);
}

static void ngrams_sum_to_one(void)
{
    int32_t t[TEXT];
    double last = 1e9;
    make_text(t);
    for (int order = 1; order <= PY_ORDER; order++)
        for (int prune = 1; prune >= 0; prune--) {
            py_ngram m;
            const py_ngram_spec s = {.order = order, .V = V, .least = {0, 0, 1 + prune, 1 + prune}};
            CU_ASSERT_FATAL(!py_ngram_learn(&m, &s, t, TEXT, NULL));
            check_sums(&m, t);
            const double now = loss(&m, t);
            if (!prune) { /* longer ones tell more of what was learned */
                CU_ASSERT(now < last);
                last = now;
            }
            py_ngram_free(&m);
        }
}

/* Two tokens alone: c(a) = 3 and c(b) = 1 before smoothing, by the formula with its fallback
 * discounts. */
static void ngrams_by_hand(void)
{
    const int32_t t[] = {PY_END, 3, 3, 3, 4};
    py_ngram m;
    const py_ngram_spec s = {.order = 1, .V = 5};
    CU_ASSERT_FATAL(!py_ngram_learn(&m, &s, t, 5, NULL));
    const py_context c = py_ngram_begin(&m);
    /* Discounts of 1.5 and 0.5 leave 1.5/4 and 0.5/4; 2/4 goes evenly to tokens 1 to 4. */
    CU_ASSERT_DOUBLE_EQUAL(exp((double)py_ngram_logp(&m, &c, 3)), 0.375 + 0.125, 0.02);
    CU_ASSERT_DOUBLE_EQUAL(exp((double)py_ngram_logp(&m, &c, 4)), 0.125 + 0.125, 0.01);
    CU_ASSERT_DOUBLE_EQUAL(exp((double)py_ngram_logp(&m, &c, 2)), 0.125, 0.005);
    py_ngram_free(&m);
}

static void ngrams_survive_a_file(void)
{
    int32_t t[TEXT];
    py_ngram m, n;
    rf_model *f = rf_model_new();
    const py_ngram_spec s = {.order = 3, .V = V};
    make_text(t);
    CU_ASSERT_FATAL(!py_ngram_learn(&m, &s, t, TEXT, NULL));
    CU_ASSERT_FATAL(!py_ngram_store(&m, "g", f, NULL));
    CU_ASSERT_FATAL(!py_ngram_load(&n, "g", f, NULL));
    CU_ASSERT(n.order == 3 && n.V == V && loss(&m, t) == loss(&n, t));
    py_ngram_free(&m);
    CU_ASSERT(py_ngram_load(&m, "h", f, NULL) == RF_EFORMAT);
    py_ngram_free(&m);
    py_ngram_free(&n);
    rf_model_free(f);
}

static void wrong_ngrams(void)
{
    const int32_t t[] = {1, 3, 99};
    py_ngram m;
    CU_ASSERT(py_ngram_learn(&m, &(py_ngram_spec){.order = 2, .V = 5}, t, 3, NULL) == RF_EINVAL);
    CU_ASSERT(py_ngram_learn(&m, &(py_ngram_spec){.order = 5, .V = 100}, t, 3, NULL) == RF_EINVAL);
    CU_ASSERT(py_ngram_learn(&m, &(py_ngram_spec){.order = 2, .V = 100}, t, 1, NULL) == RF_EFORMAT);
}

/* ---- Texts ----------------------------------------------------------------------------------- */

static void texts_become_tokens(void)
{
    const char text[] = "中国，A4 银行。\n";
    rf_error err = {0};
    rf_vocab *v = py_chars_learn(text, strlen(text), 1, 0, &err);
    rf_ids ids = {0}, words = {0};
    py_lexicon x;
    CU_ASSERT_FATAL(v && py_chars_good(v) && rf_vocab_size(v) == PY_FIRST + 1 + 4);
    py_text_chars(v, text, strlen(text), &ids);
    /* end 中 国 end latin 银 行 end */
    CU_ASSERT(ids.n == 8 && ids.at[0] == PY_END && ids.at[3] == PY_END && ids.at[4] == PY_LATIN);
    CU_ASSERT_FATAL(!read_lexicon(&x, lexicon_text, NULL));
    py_splitter s = {.x = &x};
    CU_ASSERT(py_text_words(&s, text, strlen(text), &words));
    CU_ASSERT(words.n == 6 && words.at[1] == PY_FIRST + py_lexicon_find(&x, "中国", 6));
    CU_ASSERT(words.at[3] == PY_UNKNOWN);
    py_splitter_free(&s);
    py_lexicon_free(&x);
    rf_ids_free(&ids);
    rf_ids_free(&words);
    rf_vocab_free(v);
}

static void test_sentences_are_noticed(void)
{
    static const char path[] = "bans.tsv";
    FILE *f = fopen(path, "w");
    CU_ASSERT_FATAL(f != NULL);
    fputs("ta1 shi4\t他是研究生物的\nni3 hao3\t你好\n", f);
    fclose(f);
    py_bans *b = py_bans_new();
    CU_ASSERT_FATAL(b && !py_bans_read(b, path, NULL));
    CU_ASSERT(py_bans_count(b) == 1); /* the other one is common speech */
    const char *const in = "我说，他是研究，生物的！真的。", *const out = "他是研究生，物理的。";
    CU_ASSERT(py_bans_hit(b, in, strlen(in)));
    CU_ASSERT(!py_bans_hit(b, out, strlen(out)));
    CU_ASSERT(!py_bans_hit(b, "你好", 6));
    py_bans_free(b);
    remove(path);
}

/* ---- The network ----------------------------------------------------------------------------- */

/* One step at a time, side by side in any order, is what the graph computes. */
static void machine_is_the_graph(void)
{
    enum { T = 5, TOKENS = 9 };
    const py_net_shape shape = {rf_cell_find("lstm"), TOKENS, 7, 7, 1, true};
    const int32_t x[T] = {1, 4, 8, 3, 3}, y[T] = {4, 8, 3, 3, 2};
    rf_device *d = rf_device_new(1, NULL);
    rf_graph *g = rf_graph_new(d);
    py_net *n = py_net_new(&shape, 0, NULL);
    rf_carried s;
    CU_ASSERT_FATAL(n && g && rf_carried_init(&s, n->rnn, 1));
    rf_params_init(n->params, 3);
    py_machine *m = py_machine_new(n, d, 4, RF_WEIGHTS_F32, NULL);
    CU_ASSERT_FATAL(m != NULL);
    rf_graph_begin(g, RF_INFER, rf_key_make(0, "test", 0));
    const rf_sequence q = py_net_apply(g, n, &s, x, T, 1);
    const rf_real *p = rf_value(g, py_net_logp(g, n, q.out, y)).data;
    float *a = calloc(T, py_machine_numbers(m) * sizeof *a);
    for (int t = 0; t < T; t++) {
        float *after = a + (size_t)t * py_machine_numbers(m);
        const float *before = t ? after - py_machine_numbers(m) : NULL;
        py_machine_step(m, &before, &x[t], 1, &after);
        CU_ASSERT_DOUBLE_EQUAL(py_machine_logp(m, after, y[t]), p[t], 1e-4);
    }
    free(a);
    py_machine_free(m);
    rf_carried_free(&s);
    py_net_free(n);
    rf_graph_free(g);
    rf_device_free(d);
}

int main(void)
{
    CU_TestInfo tests[] = {{"syllables are found", syllables_are_found},
                           {"readings are parsed", readings_are_parsed},
                           {"sounds alike, misspellings", sounds_alike},
                           {"every split", every_split},
                           {"what passes through", what_passes},
                           {"beginnings and misspellings", beginnings_and_misspellings},
                           {"lexica are read", lexica_are_read},
                           {"wrong lines are named", wrong_lines_are_named},
                           {"lexica survive a file", lexica_survive_a_file},
                           {"n-grams sum to one", ngrams_sum_to_one},
                           {"n-grams by hand", ngrams_by_hand},
                           {"n-grams survive a file", ngrams_survive_a_file},
                           {"wrong n-grams", wrong_ngrams},
                           {"texts become tokens", texts_become_tokens},
                           {"test sentences are noticed", test_sentences_are_noticed},
                           {"the machine is the graph", machine_is_the_graph},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "pinyin", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
