/* caption/captions.c -- see captions.h: pictures and captions, and files of lines and rows. */
#include "captions.h"

#include <refrain/io.h>
#include <stdlib.h>
#include <string.h>

#include "captions_read.h"

const char *const cap_languages[] = {[CAP_EN] = "en", [CAP_ZH] = "zh", NULL};
const char *const cap_language_choices[] = {
    [CAP_EN] = "en", [CAP_ZH] = "zh", [CAP_LANGUAGES] = "both", NULL};

void cap_captions_free(cap_captions *c)
{
    free(c->file);
    free(c->split);
    free(c->caption);
    rf_map_free(c->number);
    rf_arena_free(c->texts);
    *c = (cap_captions){0};
}

/* ---- Pictures and captions --------------------------------------------------------------------- */

static rf_status no_memory(const cap_reading *r)
{
    return rf_fail(r->err, RF_ENOMEM, "%s: no memory for captions", r->name);
}

rf_status cap_reading_fail(const cap_reading *r, const char *what, size_t n, const char *text)
{
    const int shown = (int)(n < 80 ? n : 80);
    if (!text) return rf_fail(r->err, RF_EFORMAT, "%s:%zu: %s", r->name, r->line, what);
    return rf_fail(r->err, RF_EFORMAT, "%s:%zu: %s '%.*s'", r->name, r->line, what, shown, text);
}

static bool begin(cap_captions *c)
{
    if (!c->number) c->number = rf_map_new();
    if (!c->texts) c->texts = rf_arena_new(1 << 16);
    return c->number && c->texts;
}

static const char *keep(cap_captions *c, const char *s, size_t n)
{
    char *copy = rf_arena_alloc(c->texts, n + 1);
    if (!copy) return NULL;
    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

static bool grow_pictures(cap_captions *c)
{
    if (c->pictures < c->picture_cap) return true;
    const rf_index cap = c->picture_cap ? 2 * c->picture_cap : 256;
    if (!rf_resize(&c->file, (size_t)cap, sizeof *c->file) ||
        !rf_resize(&c->split, (size_t)cap, sizeof *c->split))
        return false;
    c->picture_cap = cap;
    return true;
}

rf_status cap_reading_picture(cap_reading *r, const char *file, size_t n, rf_index *out)
{
    cap_captions *c = r->c;
    if (!n) return cap_reading_fail(r, "the picture has no name", 0, NULL);
    *out = rf_map_get(c->number, file, n, -1);
    if (*out >= 0) return RF_OK;
    if (!grow_pictures(c) || !(c->file[c->pictures] = keep(c, file, n)) ||
        !rf_map_put(c->number, file, n, c->pictures))
        return no_memory(r);
    c->split[c->pictures] = NULL;
    *out = c->pictures++;
    return RF_OK;
}

rf_status cap_reading_split(cap_reading *r, rf_index picture, const char *split, size_t n)
{
    const char **had = &r->c->split[picture], *file = r->c->file[picture];
    if (!n) return RF_OK;
    if (*had && (strlen(*had) != n || memcmp(*had, split, n)))
        return rf_fail(r->err, RF_EFORMAT, "%s:%zu: %.80s is in '%.*s' here, and was in '%.40s'",
                       r->name, r->line, file, (int)(n < 40 ? n : 40), split, *had);
    if (!*had) *had = keep(r->c, split, n);
    return *had ? RF_OK : no_memory(r);
}

static void trim(const char **s, size_t *n)
{
    while (*n && (**s == ' ' || **s == '\t')) ++*s, --*n;
    while (*n && ((*s)[*n - 1] == ' ' || (*s)[*n - 1] == '\t')) --*n;
}

static bool has_chinese(const char *s, size_t n)
{
    int32_t code;
    for (int k; (k = rf_utf8_next(s, n, &code)) > 0; s += k, n -= (size_t)k)
        if ((code >= 0x3400 && code <= 0x9fff) || (code >= 0x20000 && code <= 0x323af)) return true;
    return false;
}

rf_status cap_reading_caption(cap_reading *r, rf_index picture, int language, const char *text,
                              size_t n)
{
    cap_captions *c = r->c;
    trim(&text, &n);
    if (!n) return cap_reading_fail(r, "no caption", 0, NULL);
    if (c->n == c->caption_cap) {
        const rf_index cap = c->caption_cap ? 2 * c->caption_cap : 1024;
        if (!rf_resize(&c->caption, (size_t)cap, sizeof *c->caption)) return no_memory(r);
        c->caption_cap = cap;
    }
    if (r->language >= 0) language = r->language;
    if (language < 0) language = has_chinese(text, n) ? CAP_ZH : CAP_EN;
    const char *copy = keep(c, text, n);
    if (!copy) return no_memory(r);
    c->caption[c->n++] = (cap_caption){picture, language, copy};
    return RF_OK;
}

rf_index cap_captions_find(const cap_captions *c, const char *file)
{
    if (!c->number) return -1;
    const char *base = strrchr(file, '/');
    const rf_index i = rf_map_get(c->number, file, strlen(file), -1);
    return i < 0 && base ? rf_map_get(c->number, base + 1, strlen(base + 1), -1) : i;
}

bool cap_captions_within(const cap_captions *c, rf_index picture, const char *split)
{
    return !split || (c->split[picture] && !strcmp(c->split[picture], split));
}

/* ---- Lines -------------------------------------------------------------------------------------- */

static size_t blanks(const char *s, size_t n)
{
    size_t k = 0;
    while (k < n && (s[k] == ' ' || s[k] == '\t' || s[k] == '\r' || s[k] == '\n')) k++;
    return k;
}

/* The next line that is not blank, without its end.  False: no more. */
static bool next_line(cap_reading *r, const char **line, size_t *n)
{
    while (r->left) {
        const char *nl = memchr(r->at, '\n', r->left);
        const size_t whole = nl ? (size_t)(nl - r->at) + 1 : r->left;
        *line = r->at;
        *n = whole - (nl != NULL);
        if (*n && (*line)[*n - 1] == '\r') --*n;
        r->at += whole;
        r->left -= whole;
        r->line++;
        if (blanks(*line, *n) < *n) return true;
    }
    return false;
}

/* "1000_ab.jpg#0 A child climbs", "1000_ab.jpg#enc#0 A child climbs". */
static bool cut_token(const char *line, size_t n, size_t *file, size_t *text)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = i + 1;
        if (line[i] != '#') continue;
        while (k < n && line[k] >= '0' && line[k] <= '9') k++;
        if (k == i + 1 || (k < n && line[k] != ' ' && line[k] != '\t')) continue;
        *text = k;
        *file = i;
        while (i && line[i - 1] >= 'a' && line[i - 1] <= 'z') i--;
        if (i && i < *file && line[i - 1] == '#') *file = i - 1;
        return true;
    }
    return false;
}

static rf_status read_token(cap_reading *r, const char *line, size_t n)
{
    size_t file, text;
    rf_index picture;
    if (!cut_token(line, n, &file, &text))
        return cap_reading_fail(r, "PICTURE#NUMBER CAPTION is due, not", n, line);
    const rf_status st = cap_reading_picture(r, line, file, &picture);
    return st ? st : cap_reading_caption(r, picture, -1, line + text, n - text);
}

/* ---- Rows ---------------------------------------------------------------------------------------- */

enum { FILE_COLUMN, SPLIT_COLUMN, SAID_COLUMN, CAPTION_COLUMN, LANGUAGE_COLUMN };
enum { COLUMNS = LANGUAGE_COLUMN + CAP_LANGUAGES, FIELDS = 64 };

typedef struct layout {
    int at[COLUMNS], columns; /* -1: not there */
} layout;

typedef struct field {
    const char *s;
    size_t n;
} field;

static int cut_row(const char *line, size_t n, field *out)
{
    int columns = 0;
    for (size_t i = 0, from = 0; i <= n; i++) {
        if (i < n && line[i] != '\t') continue;
        if (columns < FIELDS) out[columns] = (field){line + from, i - from};
        columns++;
        from = i + 1;
    }
    return columns;
}

static bool is_word(field f, const char *word)
{
    return f.n == strlen(word) && !memcmp(f.s, word, f.n);
}

static int find_column(const field *f, int columns, const char *name)
{
    for (int i = 0; i < columns; i++)
        if (is_word(f[i], name)) return i;
    return -1;
}

/* Whether the first row names the columns. */
static bool named_layout(const field *f, int columns, layout *x)
{
    static const char *const names[] = {[FILE_COLUMN] = "file",
                                        [SPLIT_COLUMN] = "split",
                                        [SAID_COLUMN] = "language",
                                        [CAPTION_COLUMN] = "caption"};
    for (int i = 0; i < LANGUAGE_COLUMN; i++) x->at[i] = find_column(f, columns, names[i]);
    for (int i = 0; i < CAP_LANGUAGES; i++)
        x->at[LANGUAGE_COLUMN + i] = find_column(f, columns, cap_languages[i]);
    if (x->at[FILE_COLUMN] < 0) x->at[FILE_COLUMN] = find_column(f, columns, "image");
    if (x->at[CAPTION_COLUMN] < 0) x->at[CAPTION_COLUMN] = find_column(f, columns, "description");
    return x->at[FILE_COLUMN] >= 0;
}

static void usual_layout(int columns, bool splits, layout *x)
{
    for (int i = 0; i < COLUMNS; i++) x->at[i] = -1;
    x->at[FILE_COLUMN] = 0;
    if (splits || columns > 2) x->at[SPLIT_COLUMN] = 1;
    if (splits) return;
    if (columns < 4) x->at[CAPTION_COLUMN] = columns - 1;
    for (int i = 0; i < CAP_LANGUAGES && columns == 4; i++) x->at[LANGUAGE_COLUMN + i] = 2 + i;
}

/* From the first row; *named: it has names and no caption. */
static rf_status find_layout(cap_reading *r, const field *f, int columns, bool splits, layout *x,
                             bool *named)
{
    if (columns > FIELDS) return cap_reading_fail(r, "a row has at most 64 columns", 0, NULL);
    *named = named_layout(f, columns, x);
    if (!*named && (columns < 2 || (!splits && columns > 4)))
        return rf_fail(r->err, RF_EFORMAT,
                       "%s:%zu: %d column%s where %s are due, or names of columns", r->name,
                       r->line, columns, columns == 1 ? "" : "s",
                       splits ? "file and split" : "2 to 4");
    if (!*named) usual_layout(columns, splits, x);
    x->columns = columns;
    bool any = splits && x->at[SPLIT_COLUMN] >= 0;
    for (int i = CAPTION_COLUMN; i < COLUMNS && !splits; i++) any |= x->at[i] >= 0;
    if (any) return RF_OK;
    return cap_reading_fail(
        r, splits ? "no column is named split" : "no column is named caption, en or zh", 0, NULL);
}

/* What the column of languages says; -1: there is none. */
static rf_status find_language(cap_reading *r, const layout *x, const field *f, int *out)
{
    *out = -1;
    if (x->at[SAID_COLUMN] < 0) return RF_OK;
    const field said = f[x->at[SAID_COLUMN]];
    for (int i = 0; i < CAP_LANGUAGES; i++)
        if (is_word(said, cap_languages[i])) *out = i;
    return *out >= 0 ? RF_OK : cap_reading_fail(r, "en or zh is due, not", said.n, said.s);
}

static rf_status read_row(cap_reading *r, const layout *x, const field *f)
{
    rf_index picture;
    int said;
    const field file = f[x->at[FILE_COLUMN]];
    rf_status st = cap_reading_picture(r, file.s, file.n, &picture);
    const int split = x->at[SPLIT_COLUMN];
    if (!st && split >= 0) st = cap_reading_split(r, picture, f[split].s, f[split].n);
    if (!st) st = find_language(r, x, f, &said);
    for (int i = CAPTION_COLUMN; i < COLUMNS && !st; i++) {
        if (x->at[i] < 0) continue;
        field text = f[x->at[i]];
        trim(&text.s, &text.n);
        const int language = i < LANGUAGE_COLUMN ? said : i - LANGUAGE_COLUMN;
        if (language >= 0 && r->language >= 0 && language != r->language) continue;
        if (i >= LANGUAGE_COLUMN && !text.n) continue; /* none in this language */
        st = cap_reading_caption(r, picture, language, text.s, text.n);
    }
    return st;
}

/* Of a picture that has captions. */
static rf_status read_split(cap_reading *r, const layout *x, const field *f)
{
    const field file = f[x->at[FILE_COLUMN]], split = f[x->at[SPLIT_COLUMN]];
    const rf_index picture = rf_map_get(r->c->number, file.s, file.n, -1);
    if (!split.n) return cap_reading_fail(r, "no split", 0, NULL);
    if (picture < 0) return RF_OK;
    r->known = true;
    return cap_reading_split(r, picture, split.s, split.n);
}

static rf_status read_rows(cap_reading *r, const char *line, size_t n, bool splits)
{
    layout x;
    field f[FIELDS];
    bool named = false;
    rf_status st = find_layout(r, f, cut_row(line, n, f), splits, &x, &named);
    for (bool more = !named || next_line(r, &line, &n); more && !st;
         more = next_line(r, &line, &n)) {
        const int columns = cut_row(line, n, f);
        if (columns != x.columns)
            return rf_fail(r->err, RF_EFORMAT, "%s:%zu: %d column%s where the first row has %d",
                           r->name, r->line, columns, columns == 1 ? "" : "s", x.columns);
        st = splits ? read_split(r, &x, f) : read_row(r, &x, f);
    }
    return st;
}

/* ---- Files --------------------------------------------------------------------------------------- */

static rf_status check_text(const char *text, size_t n, const char *name, rf_error *err)
{
    const char *nul = n ? memchr(text, '\0', n) : NULL;
    size_t line = 1;
    if (!nul) return rf_utf8_check(text, n, name, err);
    for (const char *s = text; s < nul; s++) line += *s == '\n';
    return rf_fail(err, RF_EFORMAT, "%s:%zu: a NUL byte", name, line);
}

enum { TOKENS, ROWS, JSON, LINES };

/* What a text looks like, by its first line; *line: that, or NULL. */
static int kind_of(cap_reading *r, const char **line, size_t *n)
{
    size_t file, text;
    if (!next_line(r, line, n)) {
        *line = NULL;
        return LINES;
    }
    if ((*line)[blanks(*line, *n)] == '{') return JSON;
    if (cut_token(*line, *n, &file, &text)) return TOKENS;
    return memchr(*line, '\t', *n) ? ROWS : LINES;
}

bool cap_captions_look(const char *text, size_t n)
{
    cap_reading r = {.at = text, .left = n};
    const char *line;
    return kind_of(&r, &line, &n) != LINES;
}

rf_status cap_captions_parse(cap_captions *c, const char *text, size_t n, const char *name,
                             int language, rf_error *err)
{
    cap_reading r = {.c = c, .at = text, .left = n, .name = name, .language = language, .err = err};
    cap_reading whole = r;
    const char *line = NULL;
    size_t m = 0;
    rf_status st = check_text(text, n, name, err);
    if (st) return st;
    if (!begin(c)) return no_memory(&r);
    const int kind = kind_of(&r, &line, &m);
    if (kind == JSON) return cap_reading_json(&whole);
    if (kind == ROWS) return read_rows(&r, line, m, false);
    if (!line) return cap_reading_fail(&r, "no captions", 0, NULL);
    if (kind == LINES)
        return cap_reading_fail(
            &r, "PICTURE#NUMBER CAPTION, columns apart by tabs, or JSON is due, not", m, line);
    do st = read_token(&r, line, m);
    while (!st && next_line(&r, &line, &m));
    return st;
}

/* "zh:captions.txt" */
static int language_before(const char **path)
{
    for (int i = 0; i < CAP_LANGUAGES; i++) {
        const size_t n = strlen(cap_languages[i]);
        if (strncmp(*path, cap_languages[i], n) || (*path)[n] != ':') continue;
        *path += n + 1;
        return i;
    }
    return -1;
}

rf_status cap_captions_read(cap_captions *c, const char *path, rf_error *err)
{
    rf_str text = {0};
    const int language = language_before(&path);
    rf_status st = rf_text_read(path, &text, err);
    if (!st) st = cap_captions_parse(c, text.s, text.n, path, language, err);
    rf_str_free(&text);
    return st;
}

rf_status cap_captions_parse_splits(cap_captions *c, const char *text, size_t n, const char *name,
                                    rf_error *err)
{
    cap_reading r = {.c = c, .at = text, .left = n, .name = name, .language = -1, .err = err};
    const char *line;
    size_t m;
    rf_status st = check_text(text, n, name, err);
    if (st) return st;
    if (!begin(c)) return no_memory(&r);
    if (next_line(&r, &line, &m)) st = read_rows(&r, line, m, true);
    if (st || r.known) return st;
    return rf_fail(err, RF_EFORMAT, "%s: none of its pictures has a caption", name);
}

rf_status cap_captions_splits(cap_captions *c, const char *path, rf_error *err)
{
    rf_str text = {0};
    rf_status st = rf_text_read(path, &text, err);
    if (!st) st = cap_captions_parse_splits(c, text.s, text.n, path, err);
    rf_str_free(&text);
    return st;
}
