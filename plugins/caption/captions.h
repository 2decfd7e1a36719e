/* caption/captions.h -- pictures and what people say of them, from files of captions.
 *
 *     cap_captions c = {0};
 *     cap_captions_read(&c, "zh:flickr8kzhc.caption.txt.gz", &err);
 *     cap_captions_read(&c, "flickr8kenc.caption.txt", &err);     // other captions of the same pictures
 *     cap_captions_splits(&c, "split.tsv", &err);
 *     for (rf_index i = 0; i < c.n; i++) ... c.caption[i].text of c.file[c.caption[i].picture] ...
 *     cap_captions_free(&c);
 *
 * What is in a file, its content says:
 *
 *     1000_ab.jpg#0<TAB or blank>A child climbs .        token lines of Flickr8k; also 1000_ab.jpg#enc#0
 *     000003.png<TAB>seen<TAB>a star<TAB>一个星形           rows: file, split, English, Chinese; or file,
 *                                                        split, caption; or file, caption
 *     {"images": [{"id": 7, "file_name": "7.jpg"}], "annotations": [{"image_id": 7, "caption": "A dog."}]}
 *
 * The first row may name its columns, in any order: file (or image), split, language (en or zh), caption
 * (or description), en, zh; others are passed over.  A caption is Chinese where its column, its row, "zh:" before the name
 * of the file, or else a Chinese character in it says so. */
#ifndef CAPTION_CAPTIONS_H
#define CAPTION_CAPTIONS_H

#include <refrain/metric_text.h>
#include <refrain/text.h>

enum { CAP_EN, CAP_ZH, CAP_LANGUAGES };
/* "en", "zh", NULL. */
extern const char *const cap_languages[];
/* The same and "both", for options. */
extern const char *const cap_language_choices[];

typedef struct cap_caption {
    rf_index picture;
    int language;
    const char *text; /* as in the file, without blanks around it; never empty */
} cap_caption;

/* Start it as {0}. */
typedef struct cap_captions {
    rf_index pictures;
    const char *
        *file; /* [pictures] as the files name them, all different, in the order of the files */
    const char **split; /* [pictures] NULL: nobody says */
    rf_index n;
    cap_caption *caption; /* [n] in the order of the files */
    /* private */
    rf_index picture_cap, caption_cap;
    rf_map *number; /* of a file */
    rf_arena *texts;
} cap_captions;

void cap_captions_free(cap_captions *c);

/* Add the captions of a file, which may be packed with gzip; path: with "en:" or "zh:" before it, all
 * are in this language, and of columns of both only this one is read.
 * Errors: EIO; EFORMAT, with name and line (no caption; a picture in two splits); ENOMEM. */
rf_status cap_captions_read(cap_captions *c, const char *path, rf_error *err);
/* The same of n bytes; language: -1: each caption's own. */
rf_status cap_captions_parse(cap_captions *c, const char *text, size_t n, const char *name,
                             int language, rf_error *err);
/* Whether the bytes look like such a file, rather than lines of text. */
bool cap_captions_look(const char *text, size_t n);
/* In which split pictures are, from rows of file and split; pictures without captions are passed over.
 * Errors: as above; EFORMAT (none of the pictures is there). */
rf_status cap_captions_splits(cap_captions *c, const char *path, rf_error *err);
rf_status cap_captions_parse_splits(cap_captions *c, const char *text, size_t n, const char *name,
                                    rf_error *err);

/* The picture of that name, or, where none is, of what stands behind the last "/" of the name; -1:
 * there is none. */
rf_index cap_captions_find(const cap_captions *c, const char *file);
/* Whether a picture is in a split; split NULL: all are. */
bool cap_captions_within(const cap_captions *c, rf_index picture, const char *split);

/* Append the words of a caption, apart by single blanks, without punctuation and in small letters:
 *
 *   English  as in a treebank: someone 's, do n't; t-shirt is one
 *   Chinese  each character; Latin letters and digits side by side are one
 *
 * They are what is learned, told and compared.  Errors: EFORMAT (not UTF-8), ENOMEM. */
rf_status cap_words(int language, const char *text, size_t n, rf_str *out, rf_error *err);
/* Append words as they are written: those of English with their blanks, those of Chinese without. */
void cap_words_join(int language, const char *words, size_t n, rf_str *out);
/* A metric of texts that are such words already: number `metric` of rf_text_metric_find.  NULL with err:
 * ENOMEM. */
rf_text_metric *cap_metric_new(int metric, rf_error *err);

#endif
