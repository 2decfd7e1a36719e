/* translate/units.h -- one side of a translation: lines of text to ids and back.
 *
 *     text      Hello, world!
 *     words     Hello , world !          by the language
 *     letters   hello , world !          lower-cased, or true-cased
 *     pieces    hel@@ lo , wor@@ ld !    by the unit
 *     ids       17 9 5 23 11 6
 *
 * and back, where what was made of punctuation and capitals is undone. */
#ifndef TRANSLATE_UNITS_H
#define TRANSLATE_UNITS_H

#include <refrain/model.h>

#include "dictionary.h"
#include "parallel.h"

/* How a text is divided into words.
 *
 *   none  it is already: blanks stand between words, and so they are written
 *   en    punctuation stands apart: English, and what else has blanks between words
 *   zh    a character is a word, letters or digits side by side are one; with bpe, so are
 *         characters side by side */
enum { TR_NONE, TR_EN, TR_ZH, TR_LANGUAGES };
/* What happens to capitals: they stay; all become small; the first word of a sentence gets the form
 * that it most often has elsewhere. */
enum { TR_KEEP, TR_LOWER, TR_TRUE, TR_LETTERS };
/* What an id stands for: a word; a letter of a word ("h@@ i"; in Chinese: a character); a piece that
 * was learned. */
enum { TR_WORD, TR_CHAR, TR_BPE, TR_UNITS };
/* What two sides share: nothing; what merges were learned; the vocabulary too, so that an id is the
 * same piece on both. */
enum { TR_SEPARATE, TR_JOINT_CODES, TR_JOINT, TR_JOINTS };

/* Words of options, ended by NULL, in the order above. */
extern const char *const tr_languages[], *const tr_letters[], *const tr_unit_names[],
                                                                  *const tr_joints[];

/* Every vocabulary begins with these. */
enum { TR_PAD, TR_UNK, TR_BOS, TR_EOS, TR_SPECIAL };

typedef struct tr_units_options {
    int language, letters, unit;
    int32_t merges;    /* bpe */
    int64_t min_count; /* of a unit that is in the vocabulary; 0 is 1.  Rarer pieces of bpe are cut
                          again, which is the vocabulary threshold of subword-nmt */
    int32_t max_size;  /* of the vocabulary, special ids included; 0: any */
} tr_units_options;

/* What is done, of `total` (0: not known); an error of its own stops what tells it. */
typedef rf_status tr_tell(void *ctx, double done, double total);

/* One serves one thread at a time. */
typedef struct tr_units tr_units;

/* Learn both sides from their lines.
 *
 *   o, text, out  [2]; text[k] may be cut to its first lines by the caller
 *   joint         TR_SEPARATE ...; other than that needs equal units, and TR_JOINT_CODES bpe; merges
 *                 are those of o[0] then
 *
 * Free out[0] and out[1] each.  Errors: EINVAL, ENOMEM; then out is NULL, NULL. */
rf_status tr_units_learn(const tr_units_options o[2], const tr_text *const text[2], int joint,
                         tr_units *out[2], rf_error *err);
void tr_units_free(tr_units *u);

const tr_units_options *tr_units_asked(const tr_units *u);
/* Ids are 0 .. size-1; what stands for one, "hel@@". */
int32_t tr_units_size(const tr_units *u);
const char *tr_units_at(const tr_units *u, int32_t id);
/* Hash of everything that ids depend on. */
uint64_t tr_units_hash(const tr_units *u);

/* Append a line's ids, without TR_BOS and TR_EOS.  The line is valid UTF-8.
 *
 *   pieces  NULL, or where the pieces are added, as many as ids, also those that are unknown
 *
 * Errors: ENOMEM. */
rf_status tr_units_encode(tr_units *u, const char *line, size_t n, rf_ids *ids, tr_text *pieces,
                          rf_error *err);
/* Append all lines of a text, a sentence each; tell is called now and then with the lines that are done.
 * Errors: ENOMEM, what tell returns. */
rf_status tr_units_encode_all(tr_units *u, const tr_text *t, tr_sentences *s, tr_tell *tell,
                              void *ctx, rf_error *err);
/* Append the text of ids, up to the first TR_EOS; other special ids are left out, but TR_UNK, which is
 * "<unk>".  No line end. */
void tr_units_decode(const tr_units *u, const int32_t *ids, size_t n, rf_str *out);
/* Append the text of pieces apart by blanks, "hel@@ lo , <unk>": for pieces that are no ids. */
void tr_units_compose(const tr_units *u, const char *pieces, size_t n, rf_str *out);

/* Append as a JSON text, for rf_model_set_table, and read it back: ids are the same.  NULL with err:
 * EFORMAT, ENOMEM. */
rf_status tr_units_write(const tr_units *u, rf_str *json, rf_error *err);
tr_units *tr_units_parse(const char *json, size_t n, rf_error *err);
/* Under a key of a model's metadata, such as "translate.source". */
rf_status tr_units_store(const tr_units *u, rf_model *m, const char *key, rf_error *err);
tr_units *tr_units_load(const rf_model *m, const char *key, rf_error *err);

#endif
