/* test_segment.c -- raw text to words and sentences, drafts of CoNLL-U, and scores of divisions. */
#include <stdlib.h>
#include <string.h>

#include <refrain/segment.h>

#include "../suite.h"

/* The words of a text with what stands between them: "+" in a token, "|" without a blank, " " with one,
 * "/" before a sentence, "#" before a paragraph. */
static void show(rf_segment_rule rule, const char *text, rf_str *out)
{
    rf_segments s = {0};
    rf_str_clear(out);
    CU_ASSERT_EQUAL(rf_segment_text(rule, text, strlen(text), &s, NULL), RF_OK);
    for (size_t i = 0; i < s.n; i++) {
        const rf_segment *w = &s.word[i];
        const bool space = i && w[-1].flags & RF_SEGMENT_SPACE;
        const char *between = !i                                ? ""
                              : w->flags & RF_SEGMENT_PARAGRAPH ? "#"
                              : w->flags & RF_SEGMENT_SENTENCE  ? "/"
                              : w->flags & RF_SEGMENT_INSIDE    ? "+"
                              : space                           ? " "
                                                                : "|";
        rf_str_put(out, between);
        rf_str_add(out, text + w->at, w->n);
    }
    if (s.n)
        CU_ASSERT(s.word[0].flags & RF_SEGMENT_PARAGRAPH && s.word[0].flags & RF_SEGMENT_SENTENCE);
    if (!out->s) rf_str_put(out, "");
    rf_segments_free(&s);
}

static void check_rows(rf_segment_rule rule, const char *const (*rows)[2], size_t n)
{
    rf_str out = {0};
    for (size_t i = 0; i < n; i++) {
        show(rule, rows[i][0], &out);
        CU_ASSERT_STRING_EQUAL(out.s, rows[i][1]);
    }
    rf_str_free(&out);
}
#define CHECK_ROWS(rule, rows) check_rows(rule, rows, sizeof rows / sizeof *rows)

static void english_words(void)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"  \n ", ""},
        {"I don't know.", "I do+n't know|."},
        {"They'd've said it’s Elena's.", "They+'d+'ve said it+’s Elena+'s|."},
        {"I cannot, won't and dont", "I can+not|, wo+n't and do+nt"},
        {"gonna WANNA", "gon+na WAN+NA"},
        {"my parents' house", "my parents+' house"},
        {"the 'best friends' here", "the '|best friends|' here"},
        {"O'Brien's ma'am", "O'Brien+'s ma'am"},
        {"search-engine e-mail non-profit", "search|-|engine e-mail non-profit"},
        {"and/or w/o c/o 9/11", "and|/|or w/o c|/|o 9/11"},
        {"$5.50 US$20 5% 1,000", "$|5.50 US$|20 5|% 1,000"},
        {"5pm 7:30PM 2p.m. 1st 1970s 80's", "5|pm 7:30|PM 2|p.m. 1st 1970s 80's"},
        {"5-10 345-9945 713-853-7557 1969-1970", "5|-|10 345-9945 713-853-7557 1969|-|1970"},
        {"12/25/2001 1/2 3.", "12/25/2001 1|/|2 3|."},
        {"Mr. J. Smith of the U.S. army", "Mr. J. Smith of the U.S. army"},
        {"No. 5, oh no.", "No. 5|, oh no|."},
        {"(see http://x.org/a?b=1, or a.b@c.com).", "(|see http://x.org/a?b=1|, or a.b@c.com|)|."},
        {"whitehouse.gov SAMPLE.DOC 02-05-02.doc .doc",
         "whitehouse.gov SAMPLE.DOC 02-05-02.doc .doc"},
        {"comp.mail.maps end.Next", "comp.mail.maps end|.|Next"},
        {"well... no!!! what?! -- yes", "well|... no|!!!/what|?!/-- yes"},
        {"fun :) ok :-( XD", "fun :) ok :-( XD"},
        {"http:/x a:b", "http|:|/|x a|:|b"},
        {"\"Hi,\" 'he' “said” ''", "\"|Hi|,|\" '|he|' “|said|” ''"},
        {"in '72 get 'em", "in '72 get 'em"},
        {"AT&T R&D me&you", "AT&T R&D me|&|you"},
        {"-> ===== [a] {b} *c*", "-> ===== [|a|] {|b|} *|c|*"},
        {"caf\xc3\xa9 na\xc3\xafve\xc2\xa0x", "café naïve x"},
        {"#1 @home +44", "#|1 @|home +44"},
    };
    CHECK_ROWS(RF_SEGMENT_ENGLISH, rows);
}

static void english_sentences(void)
{
    static const char *const rows[][2] = {
        {"It is. They go! Why? ok", "It is|./They go|!/Why|?/ok"},
        {"He said \"Go.\" She went (fast.) Then", "He said \"|Go|.|\"/She went (|fast|.|)/Then"},
        {"Dr. No went. Mr. T. Jones", "Dr. No went|./Mr. T. Jones"},
        {"to the U.S. The end", "to the U.S|./The end"},
        {"to the U.S. government", "to the U.S. government"},
        {"pears, etc.", "pears|, etc|."},
        {"Well... He did... not", "Well|.../He did|... not"},
        {"Great. :) Bye", "Great|. :)/Bye"},
        {"1. Open it. 2. Close it.", "1|. Open it|./2|. Close it|."},
        {"A head\n\nA text. One\nline", "A head#A text|./One line"},
        {"Hm . . . yes", "Hm . . ./yes"},
    };
    CHECK_ROWS(RF_SEGMENT_ENGLISH, rows);
}

static void chinese_and_blanks(void)
{
    static const char *const chinese[][2] = {
        {"我爱购物", "我|爱|购|物"},
        {"买iPhone15和ＣＤ", "买|iPhone15|和|ＣＤ"},
        {"好。不好！", "好|。/不|好|！"},
        {"他说：“好。”走了", "他|说|：|“|好|。|”/走|了"},
        {"什么？！……啊", "什|么|？|！|…|…/啊"},
        {"一\n二 三", "一#二 三"},
    };
    static const char *const blanks[][2] = {
        {"I do n't .\n  ok  \n\n:)", "I do n't ./ok#:)"},
        {"我 爱\r\n购物", "我 爱/购物"},
    };
    CHECK_ROWS(RF_SEGMENT_CHINESE, chinese);
    CHECK_ROWS(RF_SEGMENT_BLANKS, blanks);
    for (int i = 0; rf_segment_name(i); i++)
        CU_ASSERT_EQUAL(rf_segment_find(rf_segment_name(i)), i);
    CU_ASSERT_EQUAL(rf_segment_find("french"), -1);
    rf_segments s = {0};
    CU_ASSERT_EQUAL(rf_segment_text(RF_SEGMENT_ENGLISH, "a\xff", 2, &s, NULL), RF_EFORMAT);
    CU_ASSERT_EQUAL(rf_segment_text(RF_SEGMENT_ENGLISH, "a\0b", 3, &s, NULL), RF_EFORMAT);
    CU_ASSERT_EQUAL(rf_segment_text((rf_segment_rule)17, "a", 1, &s, NULL), RF_EINVAL);
    rf_segments_free(&s);
}

static void drafts_are_conllu(void)
{
    static const char text[] = "I don't\nknow. Bye\n\nEnd";
    static const char due[] = "# newpar\n# text = I don't know.\n"
                              "1\tI\t_\t_\t_\t_\t_\t_\t_\t_\n"
                              "2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n"
                              "2\tdo\t_\t_\t_\t_\t_\t_\t_\t_\n"
                              "3\tn't\t_\t_\t_\t_\t_\t_\t_\t_\n"
                              "4\tknow\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n"
                              "5\t.\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
                              "# text = Bye\n1\tBye\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
                              "# newpar\n# text = End\n1\tEnd\t_\t_\t_\t_\t_\t_\t_\t_\n\n";
    rf_segments s = {0};
    rf_str out = {0};
    rf_draft *d = rf_draft_new();
    CU_ASSERT_EQUAL(rf_segment_text(RF_SEGMENT_ENGLISH, text, strlen(text), &s, NULL), RF_OK);
    for (size_t i = 0, k; i < s.n; i += k) {
        const rf_sentence *made = rf_draft_sentence(d, text, &s, i, &k, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(made);
        CU_ASSERT_EQUAL(made->words, k);
        for (size_t w = 0; w < k; w++) CU_ASSERT_EQUAL(made->row[made->word[w]].first, (int32_t)w + 1);
        rf_conllu_write(made, &out);
    }
    CU_ASSERT_STRING_EQUAL(out.s, due);
    rf_draft_free(d);
    rf_draft_free(NULL);
    rf_segments_free(&s);
    rf_str_free(&out);
}

/* ---- Scores ------------------------------------------------------------------------------------------ */

/* "abc a b c;d": token abc with words a, b, c, then d; "/" ends a sentence; a word's tag is its first
 * letter unless `tag`. */
static rf_division *divide(const char *spec, const char *tag)
{
    rf_division *d = rf_division_new();
    rf_row rows[32];
    char text[32][32];
    rf_sentence s = {.row = rows};
    int32_t words = 0, covered = 0;
    for (const char *p = spec;; p++) {
        const size_t n = strcspn(p, " ;/");
        const bool opens = p[n] == ' ' && words >= covered;
        rf_row *row = &rows[s.rows];
        memcpy(text[s.rows], p, n);
        text[s.rows][n] = '\0';
        *row = (rf_row){.kind = opens ? RF_ROW_RANGE : RF_ROW_WORD};
        row->column[RF_FORM] = text[s.rows++];
        row->column[RF_UPOS] = tag ? tag : row->column[RF_FORM];
        if (opens) { /* words up to the next ; or / */
            row->first = words + 1;
            for (const char *q = p + n; *q && *q != ';' && *q != '/'; q++) covered += *q == ' ';
            covered = row->last = covered < words ? words : covered;
        } else {
            row->first = row->last = ++words;
            if (covered < words) covered = words;
        }
        p += n;
        if (!*p || *p == '/') {
            CU_ASSERT_EQUAL(rf_division_add(d, &s, NULL), RF_OK);
            s.rows = 0;
            words = covered = 0;
        }
        if (!*p) return d;
    }
}

static rf_division_scores compare(const char *gold, const char *system)
{
    rf_division *g = divide(gold, NULL), *s = divide(system, NULL);
    rf_division_scores out = {0};
    CU_ASSERT_EQUAL(rf_division_compare(g, s, &out, NULL), RF_OK);
    rf_division_free(g);
    rf_division_free(s);
    return out;
}

/* The evaluator's own tests. */
static void words_are_aligned(void)
{
    static const struct {
        const char *gold, *system;
        int64_t words, gold_words, system_words;
    } rows[] = {
        {"a", "a", 1, 1, 1},
        {"a;b;c", "a;b;c", 3, 3, 3},
        {"abc a b c", "a;b;c", 3, 3, 3},
        {"a;bc b c;d", "a;b;cd c d", 4, 4, 4},
        {"abc;d", "a;b;c;d", 1, 2, 4},
        {"a;bc;d", "a;b;c;d", 2, 3, 4},
        {"abcd", "a;b;c;d", 0, 1, 4},
        {"abc a b c;d", "abc a b c;d", 4, 4, 4},
        {"abcd a b c d", "ab a b;cd c d", 4, 4, 4},
        {"abc a b c;de d e", "a;bcd b c d;e", 5, 5, 5},
        {"abc x b y", "a;b;c", 1, 3, 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const rf_division_scores s = compare(rows[i].gold, rows[i].system);
        CU_ASSERT_EQUAL(s.words.right, rows[i].words);
        CU_ASSERT_EQUAL(s.words.gold, rows[i].gold_words);
        CU_ASSERT_EQUAL(s.words.system, rows[i].system_words);
    }
}

static void scores_are_counted(void)
{
    rf_division *gold = divide("ab a b;c;d/e;f", NULL), *system = divide("ab a b;cd;e/f", "a");
    rf_division_scores s;
    CU_ASSERT_EQUAL_FATAL(rf_division_compare(gold, system, &s, NULL), RF_OK);
    CU_ASSERT(s.tokens.gold == 5 && s.tokens.system == 4 && s.tokens.right == 3);
    CU_ASSERT(s.sentences.gold == 2 && s.sentences.system == 2 && s.sentences.right == 0);
    CU_ASSERT(s.words.gold == 6 && s.words.system == 5 && s.words.right == 4);
    CU_ASSERT_DOUBLE_EQUAL(s.words.precision, 0.8, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(s.words.recall, 4 / 6., 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(s.words.f1, 8 / 11., 1e-12);
    CU_ASSERT_EQUAL(s.column[RF_UPOS].right, 1); /* a */
    CU_ASSERT_DOUBLE_EQUAL(s.column[RF_UPOS].f1, 2 / 11., 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(s.column[RF_UPOS].accuracy, 0.25, 1e-12);
    CU_ASSERT_EQUAL(s.column[RF_FORM].right, 4);
    static const int32_t pairs[] = {0, 0, 1, 1, 4, 3, 5, 4};
    CU_ASSERT_EQUAL_FATAL(s.aligned, 4);
    CU_ASSERT_EQUAL(memcmp(s.pair, pairs, sizeof pairs), 0);
    CU_ASSERT_EQUAL(rf_division_words(gold), 6);
    CU_ASSERT_STRING_EQUAL(rf_division_column(gold, 4, RF_FORM), "e");
    rf_division_free(gold);
    rf_division_free(system);
}

static void divisions_that_differ_are_refused(void)
{
    rf_error err = {0};
    rf_division_scores s;
    rf_division *a = divide("ab;c", NULL), *b = divide("a;bd", NULL), *none = rf_division_new();
    CU_ASSERT_EQUAL(rf_division_compare(a, b, &s, &err), RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text, "the texts differ at character 3: 'd' where gold has 'c'");
    CU_ASSERT_EQUAL(rf_division_compare(a, none, &s, NULL), RF_EINVAL);
    CU_ASSERT_EQUAL(rf_division_compare(none, a, &s, NULL), RF_EINVAL);
    rf_division_free(a);
    rf_division_free(b);
    rf_division_free(none);
    rf_division_free(NULL);
}

int main(void)
{
    CU_TestInfo tests[] = {{"English words", english_words},
                           {"English sentences", english_sentences},
                           {"Chinese and blanks", chinese_and_blanks},
                           {"drafts are CoNLL-U", drafts_are_conllu},
                           {"words are aligned", words_are_aligned},
                           {"scores are counted", scores_are_counted},
                           {"divisions that differ are refused", divisions_that_differ_are_refused},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "segment", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
