/* test_conllu.c -- CoNLL-U and word/tag text: what is read, what comes back, and every refusal. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <refrain/conllu.h>
#include <refrain/io.h>

#include "../suite.h"

#define REST    "\t_\t_\t_\t_\t_\t_\t_\t_\n" /* of a row, after id and form */
#define H(head) "\t_\t_\t_\t_\t" head "\t_\t_\t_\n"

static const char sample[] = "# sent_id = a\n# text = I don't know.\n"
                             "1\tI\tI\tPRON\tPRP\t_\t4\tnsubj\t_\t_\n"
                             "2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n"
                             "2\tdo\tdo\tAUX\tVBP\t_\t4\taux\t_\t_\n"
                             "3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_\n"
                             "4\tknow\tknow\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No|X=1\n"
                             "4.1\tit\tit\tPRON\t_\t_\t_\t_\t4:obj\t_\n"
                             "5\t.\t.\tPUNCT\t.\t_\t4\tpunct\t_\t_\n"
                             "\n"
                             "1\t我\t_\tPRON\t_\t_\t2\t_\t_\tSpaceAfter=No\n"
                             "2\t爱\t_\tVERB\t_\t_\t0\t_\t_\tSpaceAfter=No\n"
                             "\n";

/* Read everything, append what is written; the number of sentences or a status. */
static int copy(rf_conllu *r, rf_str *out, rf_error *err)
{
    rf_sentence *s;
    int st, n = 0;
    while ((st = rf_conllu_next(r, &s, err)) > 0) {
        rf_conllu_write(s, out);
        n++;
    }
    rf_conllu_free(r);
    return st < 0 ? st : n;
}

static int copy_text(const char *text, size_t n, rf_str *out, rf_error *err)
{
    return copy(rf_conllu_lend(text, n, "f", NULL), out, err);
}

static void sentences_are_read(void)
{
    rf_sentence *s;
    rf_str text = {0};
    rf_conllu *r = rf_conllu_lend(sample, strlen(sample), "f", NULL);
    CU_ASSERT_EQUAL_FATAL(rf_conllu_next(r, &s, NULL), 1);
    CU_ASSERT_EQUAL(s->line, 1);
    CU_ASSERT_EQUAL(s->comments, 2);
    CU_ASSERT_STRING_EQUAL(s->comment[0], "# sent_id = a");
    CU_ASSERT_STRING_EQUAL(rf_sentence_comment(s, "sent_id"), "a");
    CU_ASSERT_PTR_NULL(rf_sentence_comment(s, "sent"));
    CU_ASSERT_EQUAL_FATAL(s->rows, 7);
    CU_ASSERT_EQUAL_FATAL(s->words, 5);
    static const int32_t rows[] = {0, 2, 3, 4, 6};
    CU_ASSERT_EQUAL(memcmp(s->word, rows, sizeof rows), 0);
    const rf_row *range = &s->row[1], *know = &s->row[4], *it = &s->row[5];
    CU_ASSERT(range->kind == RF_ROW_RANGE && range->first == 2 && range->last == 3);
    CU_ASSERT(know->kind == RF_ROW_WORD && know->first == 4 && know->head == 0);
    CU_ASSERT(it->kind == RF_ROW_EMPTY && it->first == 4 && it->last == 1 && it->head == -1);
    CU_ASSERT_STRING_EQUAL(know->column[RF_XPOS], "VB");
    CU_ASSERT_STRING_EQUAL(it->column[RF_DEPS], "4:obj");
    CU_ASSERT(!rf_row_space_after(know) && rf_row_space_after(range));
    rf_sentence_text(s, &text);
    CU_ASSERT_STRING_EQUAL(text.s, "I don't know.");
    s->comments = 0;
    rf_str_clear(&text);
    rf_sentence_text(s, &text);
    CU_ASSERT_STRING_EQUAL(text.s, "I don't know.");
    CU_ASSERT_EQUAL_FATAL(rf_conllu_next(r, &s, NULL), 1);
    CU_ASSERT_EQUAL(s->line, 11);
    CU_ASSERT_EQUAL(s->words, 2);
    rf_str_clear(&text);
    rf_sentence_text(s, &text);
    CU_ASSERT_STRING_EQUAL(text.s, "我爱");
    CU_ASSERT_EQUAL(rf_conllu_next(r, &s, NULL), 0);
    CU_ASSERT_EQUAL(rf_conllu_next(r, &s, NULL), 0);
    rf_conllu_free(r);
    rf_str_free(&text);
}

static void columns_have_names(void)
{
    for (int i = 0; i < RF_COLUMNS; i++) CU_ASSERT_EQUAL(rf_column_find(rf_column_name(i)), i);
    CU_ASSERT_EQUAL(rf_column_find("upos"), RF_UPOS);
    CU_ASSERT_EQUAL(rf_column_find("up"), -1);
    CU_ASSERT_PTR_NULL(rf_column_name(RF_COLUMNS));
    CU_ASSERT_PTR_NULL(rf_column_name(-1));
}

static void copies_are_equal(void)
{
    rf_str out = {0}, dos = {0};
    CU_ASSERT_EQUAL(copy_text(sample, strlen(sample), &out, NULL), 2);
    CU_ASSERT_STRING_EQUAL(out.s, sample);
    for (const char *p = sample; *p; p++) {
        if (*p == '\n') rf_str_put(&dos, "\r");
        rf_str_add(&dos, p, 1);
    }
    rf_str_clear(&out);
    CU_ASSERT_EQUAL(copy_text(dos.s, dos.n, &out, NULL), 2);
    CU_ASSERT_STRING_EQUAL(out.s, dos.s);
    rf_str_clear(&out); /* no line end, no empty line, and a mark */
    CU_ASSERT_EQUAL(copy_text("\xef\xbb\xbf\n1\ta" REST, 23, &out, NULL), 1);
    CU_ASSERT_STRING_EQUAL(out.s, "1\ta" REST "\n");
    rf_str_free(&out);
    rf_str_free(&dos);
}

/* The same from a file, whose lines end in CR LF. */
static void files_are_read(void)
{
    char path[] = "/tmp/refrain-conllu-XXXXXX";
    rf_str out = {0};
    rf_error err = {0};
    const int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    static const char dos[] = "# x\r\n1\ta\t_\t_\t_\t_\t_\t_\t_\t_\r\n\r\n";
    CU_ASSERT_EQUAL(rf_file_write(path, dos, strlen(dos), NULL), RF_OK);
    CU_ASSERT_EQUAL(copy(rf_conllu_open(path, NULL), &out, NULL), 1);
    CU_ASSERT_STRING_EQUAL(out.s, dos);
    CU_ASSERT_EQUAL(rf_file_write(path, "1\ta\r\n", 5, NULL), RF_OK);
    CU_ASSERT_EQUAL(copy(rf_conllu_open(path, NULL), &out, &err), RF_EFORMAT);
    CU_ASSERT(!strncmp(err.text, path, strlen(path)));
    CU_ASSERT_STRING_EQUAL(err.text + strlen(path), ":1: 2 columns where 10 are due");
    unlink(path);
    CU_ASSERT_PTR_NULL(rf_conllu_open(path, NULL));
    CU_ASSERT_PTR_NULL(rf_tagged_open(path, NULL));
    rf_str_free(&out);
}

static void long_lines_are_read(void)
{
    const size_t n = 2 << 20;
    rf_str text = {0}, out = {0};
    char *form = malloc(n);
    memset(form, 'x', n);
    rf_str_put(&text, "1\t");
    rf_str_add(&text, form, n);
    rf_str_put(&text, REST "\n");
    CU_ASSERT_EQUAL(copy_text(text.s, text.n, &out, NULL), 1);
    CU_ASSERT(out.n == text.n && !memcmp(out.s, text.s, out.n));
    free(form);
    rf_str_free(&text);
    rf_str_free(&out);
}

static void bad_conllu_is_refused(void)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "f: no sentence in it"},
        {"\n\n", "f: no sentence in it"},
        {"1\ta\tb\n", "f:1: 3 columns where 10 are due"},
        {"# c\n1\n", "f:2: 1 column where 10 are due"},
        {" \n", "f:1: 1 column where 10 are due"},
        {"1\ta" REST "2\tb\t_\t_\t\t_\t_\t_\t_\t_\n", "f:2: column XPOS is empty; \"_\" is due"},
        {"1\ta" REST "3\tb" REST, "f:2: id 3 where 2 is due"},
        {"0\ta" REST, "f:1: id '0' is no word (3), range (3-4) or empty node (3.1)"},
        {"01\ta" REST, "f:1: id '01' is no word (3), range (3-4) or empty node (3.1)"},
        {"x\ta" REST, "f:1: id 'x' is no word (3), range (3-4) or empty node (3.1)"},
        {"1-\ta" REST, "f:1: id '1-' is no word (3), range (3-4) or empty node (3.1)"},
        {"99999999999\ta" REST,
         "f:1: id '99999999999' is no word (3), range (3-4) or empty node (3.1)"},
        {"2-3\ta" REST, "f:1: range 2-3 where word 1 comes next"},
        {"1\ta" REST "2-1\ta" REST, "f:2: range 2-1 ends before it begins"},
        {"1-2\tab" REST "1\ta" REST "2-3\tb" REST, "f:3: range 2-3 overlaps the one before"},
        {"1-2\tab" REST "1\ta" REST "\n", "f:2: a range goes on to word 2, the sentence to 1"},
        {"1\ta" REST "1.2\tb" REST, "f:2: empty node 1.2 where 1.1 is due"},
        {"1\ta" REST "2.1\tb" REST, "f:2: empty node 2.1 where 1.1 is due"},
        {"1\ta" H("x"), "f:1: head 'x' is no number"},
        {"1\ta" H("-1"), "f:1: head '-1' is no number"},
        {"1\ta" H("0") "2\tb" H("3"), "f:2: head 3 of word 2 is not within 0..2"},
        {"1\ta" H("0") "2\tb" H("2"), "f:2: word 2 is its own head"},
        {"1\ta" H("0") "2\tb" H("3") "3\tc" H("2"), "f:2: the heads of words 2 and 3 form a cycle"},
        {"1\ta" H("2") "2\tb" H("3") "3\tc" H("2"), "f:2: the heads of words 2 and 3 form a cycle"},
        {"1\ta" REST "# c\n", "f:2: a comment within a sentence"},
        {"# c\n\n1\ta" REST, "f:2: comments without a sentence"},
        {"1\ta" REST "\n2\tb" REST, "f:3: id 2 where 1 is due"},
        {"1\ta" REST "\r\n", "f:2: the line ends in CR LF, those before in LF"},
        {"\r\n1\ta" REST, "f:2: the line ends in LF, those before in CR LF"},
        {"1\ta\rb" REST, "f:1:4: a carriage return within the line"},
        {"1\ta\t_\t_\t_\t_\t_\t_\t_\t_\r", "f:1:20: a carriage return within the line"},
        {"1\ta" REST "2\t\xc3\xa9\xff" REST, "f:2:5: byte 0xff is not UTF-8"},
    };
    rf_str out = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rf_error err = {0};
        CU_ASSERT_EQUAL(copy_text(rows[i].text, strlen(rows[i].text), &out, &err), RF_EFORMAT);
        CU_ASSERT_STRING_EQUAL(err.text, rows[i].message);
    }
    rf_error err = {0};
    CU_ASSERT_EQUAL(copy_text("1\ta\0" REST, 3 + sizeof REST, &out, &err), RF_EFORMAT);
    CU_ASSERT_STRING_EQUAL(err.text, "f:1:4: a NUL byte within the line");
    rf_str_free(&out);
}

/* ---- word/tag text ---------------------------------------------------------------------------------- */

static int copy_tagged(const char *text, const char *between, rf_str *out, rf_error *err)
{
    rf_tagged_line *l;
    int st, n = 0;
    rf_tagged *r = rf_tagged_lend(text, strlen(text), "f", NULL);
    while ((st = rf_tagged_next(r, &l, err)) > 0) {
        rf_tagged_write(l, between, out);
        n++;
    }
    rf_tagged_free(r);
    return st < 0 ? st : n;
}

static void tagged_lines_are_read(void)
{
    static const char text[] = "19980101-01-001-001/m  迈向/v  [中国/ns  政府/n]nt  ——/w\n\n我/r "
                               "爱/v\n//w [/w ]/w a/b/n\n";
    rf_tagged_line *l;
    rf_tagged *r = rf_tagged_lend(text, strlen(text), "f", NULL);
    CU_ASSERT_EQUAL_FATAL(rf_tagged_next(r, &l, NULL), 1);
    CU_ASSERT_STRING_EQUAL(l->id, "19980101-01-001-001");
    CU_ASSERT_EQUAL_FATAL(l->words, 4);
    CU_ASSERT_STRING_EQUAL(l->word[0].word, "迈向");
    CU_ASSERT_STRING_EQUAL(l->word[0].tag, "v");
    CU_ASSERT_EQUAL(l->word[0].opens, 0);
    CU_ASSERT_EQUAL(l->word[1].opens, 1);
    CU_ASSERT_STRING_EQUAL(l->word[1].word, "中国");
    CU_ASSERT_STRING_EQUAL(l->word[1].closes, "");
    CU_ASSERT_STRING_EQUAL(l->word[2].tag, "n");
    CU_ASSERT_STRING_EQUAL(l->word[2].closes, "]nt");
    CU_ASSERT_EQUAL_FATAL(rf_tagged_next(r, &l, NULL), 1);
    CU_ASSERT_EQUAL(l->line, 3);
    CU_ASSERT_PTR_NULL(l->id);
    CU_ASSERT_EQUAL(l->words, 2);
    CU_ASSERT_EQUAL_FATAL(rf_tagged_next(r, &l, NULL), 1);
    CU_ASSERT_EQUAL_FATAL(l->words, 4);
    static const char *const due[] = {"/", "[", "]", "a/b"};
    for (int i = 0; i < 4; i++) CU_ASSERT_STRING_EQUAL(l->word[i].word, due[i]);
    CU_ASSERT_EQUAL(rf_tagged_next(r, &l, NULL), 0);
    rf_tagged_free(r);
}

static void tagged_copies_are_equal(void)
{
    static const char *const texts[] = {
        "19980101-01-001-001/m  迈向/v  [中国/ns  政府/n]nt\n",
        "19980101-01-001-001/m\n[[a/n  b/n]x  c/n]y  d/v\n//w\n",
        "a/n  [/w  ]/w\r\nb/v\r\n",
    };
    rf_str out = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        rf_str_clear(&out);
        CU_ASSERT(copy_tagged(texts[i], "  ", &out, NULL) > 0);
        CU_ASSERT_STRING_EQUAL(out.s, texts[i]);
    }
    rf_str_free(&out);
}

static void bad_tagged_is_refused(void)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "f: no word in it"},
        {" \n\n", "f: no word in it"},
        {"a/n b c/n\n", "f:1: 'b' where word/tag is due (word 2)"},
        {"a/n\n/n\n", "f:2: '/n' where word/tag is due (word 1)"},
        {"a/\n", "f:1: 'a/' where word/tag is due (word 1)"},
        {"[a/]n\n", "f:1: '[a/]n' where word/tag is due (word 1)"},
        {"a/n]nt\n", "f:1: 'a/n]nt' closes a bracket that is not open (word 1)"},
        {"[a/n [b/n]nt\n", "f:1: 1 bracket is not closed"},
        {"a/n\r\nb/n\n", "f:2: the line ends in LF, those before in CR LF"},
        {"a/n \xff/n\n", "f:1:5: byte 0xff is not UTF-8"},
    };
    rf_str out = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rf_error err = {0};
        CU_ASSERT_EQUAL(copy_tagged(rows[i].text, " ", &out, &err), RF_EFORMAT);
        CU_ASSERT_STRING_EQUAL(err.text, rows[i].message);
    }
    rf_str_free(&out);
    rf_tagged_free(NULL);
    rf_conllu_free(NULL);
}

int main(void)
{
    CU_TestInfo tests[] = {{"sentences are read", sentences_are_read},
                           {"columns have names", columns_have_names},
                           {"copies are equal", copies_are_equal},
                           {"files are read", files_are_read},
                           {"long lines are read", long_lines_are_read},
                           {"bad CoNLL-U is refused", bad_conllu_is_refused},
                           {"tagged lines are read", tagged_lines_are_read},
                           {"tagged copies are equal", tagged_copies_are_equal},
                           {"bad tagged text is refused", bad_tagged_is_refused},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "conllu", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
