/* test_annotate.c -- plain text told by phrases, and networks that begin with what others have learned. */
#include <string.h>

#include "../../plugins/pinyin/annotate.h"
#include "../../plugins/pinyin/annotate_plain.h"
#include "../../plugins/pinyin/source.h"
#include "../suite.h"

static const char characters[] =
    "U+884C: xíng,háng\nU+94F6: yín\nU+5F97: dé,de,děi\nU+89C9: jué,jiào\n"
    "U+542C: tīng\nU+6728: mù\nU+6746: gān,gǎn\nU+6211: wǒ\n";
static const char first[] = "银行: yín háng\n觉得: jué de\n木杆: mù gān\n";
static const char second[] = "木杆: mù gǎn\n银行: yín háng\n";

/* A lexis of these lexica that has learned from the text as plain. */
static bool learn(an_lexis *x, an_corpus *c, const char *text)
{
    rf_error err = {0};
    rf_ids which = {0};
    const an_keep keep = {.chars = 1, .pairs = 1, .all = true};
    py_source *s = py_source_new();
    bool good = s && !py_source_parse(s, characters, sizeof characters - 1, "c", &err) &&
                !py_source_parse(s, first, sizeof first - 1, "f", &err) &&
                !py_source_parse(s, second, sizeof second - 1, "s", &err) &&
                !py_source_build(s, 100, NULL, &x->x, &err) &&
                !an_plain_parse(c, (an_text){text, strlen(text), "text"}, &err);
    for (int32_t i = 0; i < (int32_t)an_corpus_count(c); i++) rf_ids_add(&which, i);
    good = good && !an_lexis_learn(x, c, which.at, which.n, &keep, &err);
    py_source_free(s);
    rf_ids_free(&which);
    return good;
}

static bool encode(an_lexis *x, an_set *s, const an_corpus *c, int32_t i)
{
    const int32_t from = c->start.at[i], n = c->start.at[i + 1] - from;
    return !an_lexis_encode(x, s, c->code.at + from, NULL, (size_t)n, NULL);
}

static void sentences_are_parted(void)
{
    an_lexis x = {0};
    an_corpus c = {0};
    CU_ASSERT(learn(&x, &c, "我听。银行！我 我\r\n\n听"));
    CU_ASSERT(an_corpus_count(&c) == 4);
    static const int32_t start[] = {0, 3, 6, 8, 9};
    for (size_t i = 0; i < c.start.n && i < 5; i++) CU_ASSERT(c.start.at[i] == start[i]);
    for (size_t i = 0; i < c.reading.n; i++) CU_ASSERT(c.reading.at[i] == -1);
    an_corpus_free(&c);
    an_lexis_free(&x);
}

static const char *reading_at(const an_lexis *x, const an_set *s, rf_index k, rf_str *out)
{
    rf_str_clear(out);
    rf_str_put(out, "");
    if (s->right.at[k] >= 0) py_reading_text(x->reading[s->first.at[k] + s->right.at[k]], out);
    return out->s;
}

/* 行 is told; 得 is, with the neutral tone; of 杆 the lexica do not agree; 我 and 听 have no choice. */
static void phrases_tell(void)
{
    an_lexis x = {0};
    an_corpus c = {0};
    an_set s = {0};
    rf_str out = {0};
    CU_ASSERT(learn(&x, &c, "我银行听\n我觉得\n我木杆\n我听"));
    for (int32_t i = 0; i < 4; i++) {
        CU_ASSERT(encode(&x, &s, &c, i));
        if (i == 2) {
            uint16_t gan1 = 0, gan3 = 0;
            const rf_index k = s.start[s.n - 1] + 2;
            py_reading_parse("gan1", 4, &gan1);
            py_reading_parse("gan3", 4, &gan3);
            CU_ASSERT(s.column[AN_HINT].at[k] == 1 + gan1);
            CU_ASSERT(s.column[AN_OTHER].at[k] == 1 + gan3);
        }
        an_plain_tell(&x, &s, rf_key_make(1, "test", 0));
    }
    CU_ASSERT_FATAL(s.n == 2 && s.first.n == 7 && s.column[AN_PLACE].n == 7);
    CU_ASSERT_STRING_EQUAL(reading_at(&x, &s, 2, &out), "hang2");
    CU_ASSERT_STRING_EQUAL(reading_at(&x, &s, 0, &out), "");
    CU_ASSERT_STRING_EQUAL(reading_at(&x, &s, 6, &out), "de5");
    rf_str_free(&out);
    an_set_free(&s);
    an_corpus_free(&c);
    an_lexis_free(&x);
}

/* Of many draws some show the phrase, some hide it, its pairs, or its other characters; the character
 * itself is always seen. */
static void phrases_are_hidden(void)
{
    an_lexis x = {0};
    an_corpus c = {0};
    an_set s = {0};
    int shown = 0, pairs = 0, hint = 0, word = 0;
    enum { DRAWS = 400 };
    CU_ASSERT_FATAL(learn(&x, &c, "我银行听"));
    for (int i = 0; i < DRAWS; i++) {
        an_set_clear(&s);
        CU_ASSERT(encode(&x, &s, &c, 0));
        an_plain_tell(&x, &s, rf_key_make(1, "test", (uint64_t)i));
        CU_ASSERT_FATAL(s.n == 1 && s.right.at[2] >= 0 && s.column[AN_CHAR].at[2] > 0);
        CU_ASSERT(s.column[AN_CHAR].at[0] > 0 && s.column[AN_CHAR].at[3] > 0);
        shown += s.column[AN_HINT].at[2] > 0;
        if (s.column[AN_HINT].at[2]) continue;
        if (s.column[AN_BEFORE].at[2]) {
            hint++;
        } else if (s.column[AN_CHAR].at[1]) {
            pairs++;
        } else {
            word++;
            CU_ASSERT(s.column[AN_PLACE].at[2] == AN_ALONE && !s.column[AN_BEFORE].at[3]);
        }
    }
    CU_ASSERT(shown > DRAWS / 10 && shown < DRAWS / 3 && hint > DRAWS / 6 && pairs > DRAWS / 6 &&
              word > DRAWS / 6);
    CU_ASSERT(shown + pairs + hint + word == DRAWS);
    an_set_free(&s);
    an_corpus_free(&c);
    an_lexis_free(&x);
}

/* ---- Beginning with another -------------------------------------------------------------------- */

static an_net *network(const char *text, int members, uint64_t seed)
{
    an_lexis x = {0};
    an_corpus c = {0};
    rf_error err = {0};
    const an_shape shape = {.cell = rf_cell_find("lstm"),
                            .hidden = 3,
                            .embed = 4,
                            .pair = 2,
                            .hint = 2,
                            .layers = 1,
                            .members = members};
    CU_ASSERT_FATAL(learn(&x, &c, text));
    an_net *m = an_net_new(&shape, &x, &err);
    CU_ASSERT_FATAL(m != NULL);
    rf_params_init(m->params, seed);
    an_corpus_free(&c);
    return m;
}

static bool same_row(const an_net *a, const char *name_a, int32_t i, const an_net *b,
                     const char *name_b, int32_t j)
{
    const rf_tensor *x = &rf_params_find(a->params, name_a)->value,
                    *y = &rf_params_find(b->params, name_b)->value;
    const rf_index n = x->shape.dim[1];
    return n == y->shape.dim[1] &&
           !memcmp(x->data + i * n, y->data + j * n, (size_t)n * sizeof(rf_real));
}

static void rows_are_taken_over(void)
{
    an_net *from = network("我银行听", 2, 1), *to = network("听得得得觉觉觉", 3, 2),
           *old = network("听得得得觉觉觉", 3, 2);
    static const char *const members[][2] = {{"char.weight", "char.weight"},
                                             {"1.char.weight", "1.char.weight"},
                                             {"2.char.weight", "char.weight"}};
    CU_ASSERT(an_net_begin(to, &(an_model){.m = from}, 1) > 0);
    for (int k = 0; k < 3; k++) {
        const int32_t i = rf_vocab_find(to->lexis.chars, "听", 3),
                      j = rf_vocab_find(from->lexis.chars, "听", 3);
        CU_ASSERT_FATAL(i > 0 && j > 0 && i != j);
        CU_ASSERT(same_row(to, members[k][0], i, from, members[k][1], j));
        const int32_t alone = rf_vocab_find(to->lexis.chars, "觉", 3);
        CU_ASSERT(same_row(to, members[k][0], alone, old, members[k][0], alone));
    }
    CU_ASSERT(same_row(to, "2.rnn.weight_hh_l0", 0, from, "rnn.weight_hh_l0", 0));
    CU_ASSERT(!same_row(old, "2.rnn.weight_hh_l0", 0, from, "rnn.weight_hh_l0", 0));
    an_net_free(from);
    an_net_free(to);
    an_net_free(old);
}

int main(void)
{
    CU_TestInfo tests[] = {{"sentences are parted", sentences_are_parted},
                           {"phrases tell", phrases_tell},
                           {"phrases are hidden", phrases_are_hidden},
                           {"rows are taken over", rows_are_taken_over},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "annotate", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
