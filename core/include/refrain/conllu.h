/* refrain/conllu.h -- sentences of tagged words: CoNLL-U, and `word/tag` text.
 *
 *     rf_conllu *r = rf_conllu_open("train.conllu", &err);
 *     rf_sentence *s;
 *     int st;
 *     while ((st = rf_conllu_next(r, &s, &err)) > 0) {
 *         for (size_t i = 0; i < s->words; i++)
 *             s->row[s->word[i]].column[RF_UPOS] = tag_of(s->row[s->word[i]].column[RF_FORM]);
 *         rf_conllu_write(s, &out);     // all that was not changed comes out as it was
 *     }
 *     rf_conllu_free(r);
 *
 * Both readers take files that need not fit into memory, gzip, "-" for standard input, and lines that
 * end in LF or in CR LF (all of them alike).  A byte order mark is passed over.  Messages begin with
 * "file:line: ".  Source: universaldependencies.org/format.html. */
#ifndef REFRAIN_CONLLU_H
#define REFRAIN_CONLLU_H

#include <refrain/base.h>

RF_BEGIN

/* ---- Sentences --------------------------------------------------------------------------------- */

/* The ten columns. */
enum {
    RF_ID,
    RF_FORM,
    RF_LEMMA,
    RF_UPOS,
    RF_XPOS,
    RF_FEATS,
    RF_HEAD,
    RF_DEPREL,
    RF_DEPS,
    RF_MISC,
    RF_COLUMNS
};
/* "ID" ... "MISC"; -1: there is no such column.  Case does not count. */
RF_API const char *rf_column_name(int column);
RF_API int rf_column_find(const char *name);

/* What a row is: a word, id 3; a token of several words, 3-4, before the first of them; a node that is
 * not in the text, 3.1, after word 3. */
typedef enum rf_row_kind { RF_ROW_WORD, RF_ROW_RANGE, RF_ROW_EMPTY } rf_row_kind;

/* Strings are UTF-8 and end in NUL.  A column that is NULL is written as "_". */
typedef struct rf_row {
    rf_row_kind kind;
    int32_t first, last;            /* word 3: 3, 3; range 3-4: 3, 4; empty node 3.1: 3, 1 */
    int32_t head;                   /* of a word that was read: 0 the root; -1: "_" */
    const char *column[RF_COLUMNS]; /* RF_ID is not looked at in writing: first and last are */
} rf_row;

typedef struct rf_sentence {
    size_t line;                /* where it begins in the file, from 1 */
    size_t comments;            /* lines that begin with "#" */
    const char *const *comment; /* [comments], whole lines */
    size_t rows;
    rf_row *row; /* [rows]; may be changed */
    size_t words;
    const int32_t *word; /* [words]: the row of word i + 1 */
    bool crlf;           /* lines end in CR LF */
} rf_sentence;

/* The text of comment "# name = text", or NULL. */
RF_API const char *rf_sentence_comment(const rf_sentence *s, const char *name);
/* Does a blank follow the row's token?  (No "SpaceAfter=No" in MISC.) */
RF_API bool rf_row_space_after(const rf_row *row);
/* Append the text: comment "text", or else the tokens with their blanks. */
RF_API void rf_sentence_text(const rf_sentence *s, rf_str *out);

/* ---- CoNLL-U ----------------------------------------------------------------------------------- */

typedef struct rf_conllu rf_conllu;

/* Read a file, or `n` bytes that live as long as the reader and go by `name` in messages.
 * NULL with err: as rf_lines_open. */
RF_API rf_conllu *rf_conllu_open(const char *path, rf_error *err);
RF_API rf_conllu *rf_conllu_lend(const char *text, size_t n, const char *name, rf_error *err);
RF_API void rf_conllu_free(rf_conllu *r);

/* The next sentence, valid until the next call.  1: a sentence; 0: no more; negative: a status.
 *
 * Checked: ten columns, none empty; ids in order, ranges that do not overlap and do not go beyond the
 * sentence; heads within 0 .. words, no cycle of them; UTF-8.  What is not: names of tags and
 * relations, the number of roots, columns of other rows than words.
 *
 * Errors: EFORMAT, "x.conllu:14: 3 columns where 10 are due", and for a file without any sentence;
 * EIO, ENOMEM. */
RF_API int rf_conllu_next(rf_conllu *r, rf_sentence **out, rf_error *err);

/* Append a sentence with its empty line.  A file whose sentences all end in one empty line comes back
 * byte by byte. */
RF_API void rf_conllu_write(const rf_sentence *s, rf_str *out);

/* ---- `word/tag` text ---------------------------------------------------------------------------- */

/* 迈向/v  充满/v  希望/n, one sentence or paragraph a line, words apart by blanks; [中国/ns  政府/n]nt
 * marks a compound.  The last "/" of a word divides it: "//w" is the word "/".  Source: the People's
 * Daily corpus of the Institute of Computational Linguistics, Peking University. */
typedef struct rf_tagged_word {
    const char *word, *tag;
    int32_t opens;      /* brackets before the word */
    const char *closes; /* those behind it, with their tags: "]nt"; "": none */
} rf_tagged_word;

typedef struct rf_tagged_line {
    size_t line;    /* in the file, from 1 */
    const char *id; /* of the paragraph, 19980101-01-001-001/m before the words; NULL: none */
    size_t words;
    rf_tagged_word *word; /* [words]; may be changed */
    bool crlf;
} rf_tagged_line;

typedef struct rf_tagged rf_tagged;
RF_API rf_tagged *rf_tagged_open(const char *path, rf_error *err);
RF_API rf_tagged *rf_tagged_lend(const char *text, size_t n, const char *name, rf_error *err);
RF_API void rf_tagged_free(rf_tagged *r);
/* The next line that is not empty: as rf_conllu_next.  Errors: EFORMAT, "x.txt:3: '新闻' where word/tag
 * is due (word 7)", brackets that do not fit, a file without a word. */
RF_API int rf_tagged_next(rf_tagged *r, rf_tagged_line **out, rf_error *err);
/* Append a line; `between` stands between words: "  " in the corpus named. */
RF_API void rf_tagged_write(const rf_tagged_line *l, const char *between, rf_str *out);

RF_END
#endif
