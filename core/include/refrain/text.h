/* refrain/text.h -- text to numbers and back: UTF-8, vocabularies, byte pair encoding, tokenizers.
 *
 * Text is UTF-8; what is not is an error that names file, line and byte, never a guess. */
#ifndef REFRAIN_TEXT_H
#define REFRAIN_TEXT_H

#include <refrain/base.h>

RF_BEGIN

/* ---- UTF-8 ------------------------------------------------------------------------------------- */

/* The code point at s and its length in bytes, 1 to 4; 0: n is 0; -1: not UTF-8. */
RF_API int rf_utf8_next(const char *s, size_t n, int32_t *code);
/* Write a code point; its length in bytes, or 0: no such code point. */
RF_API int rf_utf8_put(int32_t code, char out[4]);
/* Errors: EFORMAT "poem.txt:3:17: byte 0xff is not UTF-8" (line and byte in the line, both from 1). */
RF_API rf_status rf_utf8_check(const char *s, size_t n, const char *name, rf_error *err);
/* Code points; columns on a terminal (Chinese characters take two).  The text must be valid. */
RF_API size_t rf_utf8_count(const char *s, size_t n);
RF_API size_t rf_utf8_width(const char *s, size_t n);

/* Append a whole text file to `out` (see rf_file_read), checked, without a byte order mark.
 * Errors: those of rf_file_read and rf_utf8_check. */
RF_API rf_status rf_text_read(const char *path, rf_str *out, rf_error *err);

/* ---- Growing arrays of ids --------------------------------------------------------------------- */

/* Start it as {0}.  When memory runs out `failed` is set and further additions do nothing. */
typedef struct rf_ids {
    int32_t *at;
    size_t n, cap;
    bool failed;
} rf_ids;

RF_API void rf_ids_add(rf_ids *a, int32_t id);
RF_API void rf_ids_free(rf_ids *a);

/* ---- Vocabularies: entries numbered from 0 ----------------------------------------------------- */

typedef struct rf_vocab rf_vocab;

#define RF_UNK "<unk>" /* what is not in the vocabulary */
#define RF_EOS "<eos>" /* the end of a line */
#define RF_BOS "<bos>" /* the start of one, where a task needs it */
#define RF_PAD "<pad>"

RF_API rf_vocab *rf_vocab_new(void);
RF_API void rf_vocab_free(rf_vocab *v);
/* The id of an entry, which is added if new.  -1: no memory. */
RF_API int32_t rf_vocab_add(rf_vocab *v, const char *bytes, size_t n);
/* The id of an entry, or -1. */
RF_API int32_t rf_vocab_find(const rf_vocab *v, const char *bytes, size_t n);
RF_API int32_t rf_vocab_size(const rf_vocab *v);
/* The bytes of an entry, NUL-terminated besides.  n may be NULL. */
RF_API const char *rf_vocab_at(const rf_vocab *v, int32_t id, size_t *n);

/* A vocabulary of counted entries: the special ones first, then the others by falling count (equal
 * counts in order of bytes).
 *
 *   special    NULL-terminated; may be NULL
 *   min_count  entries seen less often are left out
 *   max_size   most entries, special ones included; 0: no limit
 *
 * NULL with err: ENOMEM. */
RF_API rf_vocab *rf_vocab_build(const rf_map *counts, const char *const *special, int64_t min_count,
                                int32_t max_size, rf_error *err);

/* Append as a JSON array of strings (what is not UTF-8: {"hex": "ff00"}), and read it back: ids and
 * bytes are the same.  NULL with err: EFORMAT (not such an array, an entry twice), ENOMEM. */
RF_API rf_status rf_vocab_write(const rf_vocab *v, rf_str *json, rf_error *err);
RF_API rf_vocab *rf_vocab_parse(const char *json, size_t n, rf_error *err);

/* ---- Byte pair encoding ------------------------------------------------------------------------ */

/* Merges of subword units, in the file format of subword-nmt ("#version: 0.2"): learning and applying
 * give what subword-nmt gives.  Words end at blanks (space, tab, CR, VT, FF) and line ends.
 * Source: Sennrich, Haddow, Birch, "Neural machine translation of rare words with subword units",
 * ACL 2016; github.com/rsennrich/subword-nmt 0.3.8. */
typedef struct rf_bpe rf_bpe;

/* Learn up to `merges` merges of pairs seen at least min_count times (subword-nmt's default: 2).
 * `name` stands for the text in messages.  NULL with err: EFORMAT (text is not UTF-8), ENOMEM. */
RF_API rf_bpe *rf_bpe_learn(const char *text, size_t n, const char *name, int32_t merges,
                            int64_t min_count, rf_error *err);
/* Read a codes file's text.  NULL with err: EFORMAT "codes.bpe:7: 3 units where 2 are due"; ENOMEM. */
RF_API rf_bpe *rf_bpe_parse(const char *codes, size_t n, const char *name, rf_error *err);
RF_API void rf_bpe_free(rf_bpe *b);
RF_API int32_t rf_bpe_merges(const rf_bpe *b);
/* Append as a codes file. */
RF_API void rf_bpe_write(const rf_bpe *b, rf_str *codes);
/* Append the lengths in bytes of the pieces of one word.  The word must be valid UTF-8. */
RF_API void rf_bpe_split(const rf_bpe *b, const char *word, size_t n, rf_ids *lengths);
/* Append the text with every word in pieces, "un@@ likely", lines kept.  The text must be valid. */
RF_API void rf_bpe_apply(const rf_bpe *b, const char *text, size_t n, rf_str *out);
/* The same, but pieces that `known` does not have ("un@@", "likely": what stands in the text) are cut
 * again, as often as a merge made them: subword-nmt's apply_bpe with a vocabulary and a threshold, of
 * which `known` holds what was seen often enough.  NULL: as above. */
RF_API void rf_bpe_apply_known(const rf_bpe *b, const rf_vocab *known, const char *text, size_t n,
                               rf_str *out);
/* Append the text with its pieces joined: "un@@ likely" is "unlikely". */
RF_API void rf_bpe_undo(const char *text, size_t n, rf_str *out);

/* ---- Tokenizers: text to ids and back ---------------------------------------------------------- */

/* What one id stands for.
 *
 *   byte  one byte: 256 ids, any bytes come back as they were
 *   char  one code point, line ends included: known text comes back as it was
 *   word  what stands between blanks; a line end is <eos>: comes back with single blanks
 *   bpe   a piece of a word, "un@@" when the word goes on; a line end is <eos> */
typedef int32_t rf_unit;
enum { RF_BYTE, RF_CHAR, RF_WORD, RF_BPE, RF_UNITS };

/* "byte", "char", "word", "bpe"; NULL: none. */
RF_API const char *rf_unit_name(rf_unit u);
/* -1: there is no such unit. */
RF_API rf_unit rf_unit_find(const char *name);

/* One tokenizer serves one thread at a time (it remembers the words it has split). */
typedef struct rf_tokenizer rf_tokenizer;

typedef struct rf_tokenizer_options {
    rf_unit unit;
    int32_t max_size;  /* most entries of the vocabulary; 0: no limit */
    int64_t min_count; /* entries seen less often become <unk>; 0 is 1 */
    int32_t merges;    /* bpe: merges to learn; 0 is 10000 */
    const rf_bpe *bpe; /* bpe: merges that were learned before (copied), or NULL */
} rf_tokenizer_options;

/* Learn from a text; `name` stands for it in messages.
 * NULL with err: EINVAL (unit), EFORMAT (text is not UTF-8; never for bytes), ENOMEM. */
RF_API rf_tokenizer *rf_tokenizer_learn(const rf_tokenizer_options *o, const char *text, size_t n,
                                        const char *name, rf_error *err);
RF_API void rf_tokenizer_free(rf_tokenizer *t);

RF_API rf_unit rf_tokenizer_unit(const rf_tokenizer *t);
/* Ids are 0 .. size-1. */
RF_API int32_t rf_tokenizer_size(const rf_tokenizer *t);
/* The id of what is not known (-1 for bytes), and the id that ends a line ("\n" or <eos>). */
RF_API int32_t rf_tokenizer_unk(const rf_tokenizer *t);
RF_API int32_t rf_tokenizer_eos(const rf_tokenizer *t);
/* What an id stands for, for tables: "a", "\n", "un@@", "<eos>".  n may be NULL. */
RF_API const char *rf_tokenizer_at(const rf_tokenizer *t, int32_t id, size_t *n);

/* Append the ids of a text.  A last line without "\n" gets no end-of-line id, so a prompt stays open.
 *
 *   name     stands for the text in messages
 *   unknown  NULL, or where the number of units that became <unk> is added
 *
 * Errors: EFORMAT (not UTF-8; then nothing is appended), ENOMEM. */
RF_API rf_status rf_tokenizer_encode(rf_tokenizer *t, const char *text, size_t n, const char *name,
                                     rf_ids *ids, int64_t *unknown, rf_error *err);
/* Append the text of n ids.  Unknown characters come out as U+FFFD, unknown words as <unk>. */
RF_API void rf_tokenizer_decode(const rf_tokenizer *t, const int32_t *ids, size_t n, rf_str *out);
/* Append the text of one id that follows `last` (-1: nothing), for text that streams out. */
RF_API void rf_tokenizer_put(const rf_tokenizer *t, int32_t last, int32_t id, rf_str *out);

/* Append as a JSON text, and read it back: ids are the same.  NULL with err: EFORMAT, ENOMEM. */
RF_API rf_status rf_tokenizer_write(const rf_tokenizer *t, rf_str *json, rf_error *err);
RF_API rf_tokenizer *rf_tokenizer_parse(const char *json, size_t n, rf_error *err);

RF_END
#endif
