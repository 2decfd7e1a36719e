/* music/corpus.c -- corpora: files and folders read as songs. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <refrain/io.h>

#include "corpus.h"
#include "transcribe.h"
#include "tunes.h"

#define FILE_LIMIT ((size_t)1 << 26) /* most bytes of a file, after unpacking */
#define DEPTH      32                /* folders within folders */
#define TENTHS     10

song *music_corpus_song(const rf_score *s, const char *name, rf_error *err)
{
    return music_transcribe(s, name, NULL, 0, err);
}

void music_corpus_free(music_corpus *c)
{
    for (size_t i = 0; i < c->count; i++) song_free(c->song[i]);
    free(c->song);
    free(c->part);
    *c = (music_corpus){0};
}

rf_split music_corpus_split(const char *name)
{
    /* The low digits of FNV-1a differ most. */
    const uint64_t k = rf_hash(RF_HASH, name, strlen(name)) % TENTHS;
    return k == 0 ? RF_SPLIT_TEST : k == 1 ? RF_SPLIT_VALID : RF_SPLIT_TRAIN;
}

int music_corpus_shift(const song *s, rf_key key, uint64_t i)
{
    int low = SONG_HIGHEST, high = SONG_LOWEST;
    for (int k = 0; k < song_steps(s); k++) {
        if (s->melody[k].act == SONG_REST) continue;
        if (s->melody[k].pitch < low) low = s->melody[k].pitch;
        if (s->melody[k].pitch > high) high = s->melody[k].pitch;
    }
    const int down = low - SONG_LOWEST < 5 ? low - SONG_LOWEST : 5,
              up = SONG_HIGHEST - high < 6 ? SONG_HIGHEST - high : 6;
    return low > high ? 0 : -down + (int)(rf_uniform(key, i) * (down + up + 1));
}

/* ---- What is read ------------------------------------------------------------------------------ */

typedef struct reader {
    music_corpus *to;
    int steps;
    music_corpus_watch watch;
    rf_map *seen; /* melody and all: 1; melody alone: the part it is in */
    music_annotations *chords;
    char **path; /* files to be read */
    bool *named; /* by the caller */
    size_t paths, room;
    size_t done;
    int64_t total; /* steps */
    rf_error *err;
} reader;

static rf_status no_memory(const reader *r)
{
    return rf_fail(r->err, RF_ENOMEM, "no memory for the corpus");
}

static rf_status tell(const reader *r)
{
    return r->watch.progress(r->watch.ctx, (double)r->done, (double)r->paths);
}

static rf_status pass(reader *r, const char *piece, const char *why)
{
    r->to->passed++;
    return r->watch.pass ? r->watch.pass(r->watch.ctx, piece, why) : RF_OK;
}

/* ---- Pieces ------------------------------------------------------------------------------------ */

/* Melody as intervals, so that a transposed piece is the same. */
static uint64_t melody_hash(const song *x)
{
    uint64_t h = rf_hash(RF_HASH, &x->bar, sizeof x->bar);
    int before = 0;
    for (int i = 0; i < song_steps(x); i++) {
        const song_note n = x->melody[i];
        const int8_t step[2] = {
            (int8_t)n.act,
            (int8_t)(n.act == SONG_PRESS && before ? (n.pitch - before + 120) % 12 : 0)};
        if (n.act == SONG_PRESS) before = n.pitch;
        h = rf_hash(h, step, sizeof step);
    }
    return h;
}

static uint64_t chord_hash(const song *x, uint64_t h)
{
    int before = -1;
    for (int i = 0; i < 2 * x->bars; i++) {
        const song_chord c = x->chord[i];
        const int8_t step[2] = {
            c.quality,
            (int8_t)(c.root < 0 || before < 0 ? -1 - (c.root < 0) : (c.root - before + 12) % 12)};
        if (c.root >= 0) before = c.root;
        h = rf_hash(h, step, sizeof step);
    }
    return rf_hash(h, x->drums, (size_t)song_steps(x) * sizeof *x->drums);
}

uint64_t music_song_hash(const song *s, bool all)
{
    const uint64_t melody = melody_hash(s);
    return all ? chord_hash(s, ~melody) : melody;
}

static bool make_room(music_corpus *c)
{
    if (c->count < c->room) return true;
    const size_t room = c->room ? 2 * c->room : 64;
    if (!rf_resize(&c->song, room, sizeof *c->song) || !rf_resize(&c->part, room, sizeof *c->part))
        return false;
    c->room = room;
    return true;
}

/* Take the song, or free it. */
static rf_status add_song(reader *r, song *x, rf_split part, const rf_score *from)
{
    const uint64_t melody = music_song_hash(x, false), all = music_song_hash(x, true);
    if (rf_map_get(r->seen, (const char *)&all, sizeof all, 0)) {
        rf_status st = pass(r, x->name, "the same as a piece before");
        song_free(x);
        return st;
    }
    const int64_t where = rf_map_get(r->seen, (const char *)&melody, sizeof melody, (int64_t)part);
    r->total += song_steps(x);
    rf_status st = RF_OK;
    if (r->total > MUSIC_CORPUS_STEPS)
        st = rf_fail(r->err, RF_EINVAL, "%s: more than %lld steps in all", x->name,
                     (long long)MUSIC_CORPUS_STEPS);
    else if (!make_room(r->to) || !rf_map_put(r->seen, (const char *)&all, sizeof all, 1) ||
             !rf_map_put(r->seen, (const char *)&melody, sizeof melody, where))
        st = no_memory(r);
    else if (r->watch.take && from)
        st = r->watch.take(r->watch.ctx, from, x);
    if (st) {
        song_free(x);
        return st;
    }
    r->to->part[r->to->count] = (rf_split)where;
    r->to->song[r->to->count++] = x;
    return RF_OK;
}

/* Whether the piece is only to be passed over: it is the world's fault, and not asked for by name. */
static rf_status refuse(reader *r, const char *piece, bool named, const rf_error *why)
{
    if (why->status == RF_ENOMEM || why->status == RF_ECANCELLED)
        return rf_fail(r->err, why->status, "%s", why->text);
    const bool begins = !strncmp(why->text, piece, strlen(piece));
    if (!named) return pass(r, piece, why->text);
    return begins ? rf_fail(r->err, why->status, "%s", why->text)
                  : rf_fail(r->err, why->status, "%s: %s", piece, why->text);
}

static rf_status add_score(reader *r, const rf_score *s, const char *name, const char *piece,
                           rf_split part, bool named)
{
    rf_error why = {0};
    size_t n;
    const music_annotation *chord = music_annotations_of(r->chords, name, &n);
    song *x = music_transcribe(s, name, chord, n, &why);
    return x ? add_song(r, x, part, s) : refuse(r, piece, named, &why);
}

/* ---- Files ------------------------------------------------------------------------------------- */

static bool ends(const char *s, const char *end)
{
    const size_t n = strlen(s), k = strlen(end);
    return n > k && !strcasecmp(s + n - k, end);
}

static const char *const endings[] = {".gz", ".json", ".mid", ".midi", ".kar", NULL};

/* The file's name without folder and endings. */
static char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = strdup(slash ? slash + 1 : path);
    for (int i = 0; name && endings[i]; i++)
        if (ends(name, endings[i])) name[strlen(name) - strlen(endings[i])] = 0;
    return name;
}

static rf_status read_piece(reader *r, const rf_rolls *set, rf_split part, rf_index i,
                            const char *name)
{
    const rf_roll roll = rf_rolls_at(set, part, i);
    rf_str piece = {0};
    rf_str_printf(&piece, "%s %s %lld", name, rf_split_name(part), (long long)i + 1);
    rf_score *s = piece.failed ? NULL : rf_roll_score(&roll, r->steps);
    rf_status st = s ? add_score(r, s, piece.s, piece.s, part, false) : no_memory(r);
    rf_score_free(s);
    rf_str_free(&piece);
    return st ? st : tell(r);
}

static rf_status read_rolls(reader *r, const rf_str *text, const char *path, const char *name,
                            bool named)
{
    rf_error why = {0};
    rf_rolls *set = rf_rolls_parse(text->s, text->n, path, &why);
    rf_status st = set ? RF_OK : refuse(r, path, named, &why);
    for (int part = 0; set && part < RF_SPLITS; part++)
        for (rf_index i = 0; !st && i < rf_rolls_count(set, (rf_split)part); i++)
            st = read_piece(r, set, (rf_split)part, i, name);
    rf_rolls_free(set);
    return st;
}

static rf_status read_midi(reader *r, const rf_str *text, const char *path, const char *name,
                           bool named)
{
    rf_error why = {0};
    rf_score *s = rf_midi_parse(text->s, text->n, path, &why);
    rf_status st = s ? add_score(r, s, name, path, music_corpus_split(name), named)
                     : refuse(r, path, named, &why);
    rf_score_free(s);
    return st;
}

static rf_status read_tunes(reader *r, const rf_str *text, const char *path, bool named)
{
    rf_error why = {0};
    music_tunes *t = music_tunes_open(text->s, text->n, path);
    rf_status st = t ? RF_OK : no_memory(r);
    for (song *x; !st;) {
        if (music_tunes_next(t, &x, &why)) {
            st = refuse(r, path, named, &why);
            break;
        }
        if (!x) break;
        st = add_song(r, x, music_corpus_split(x->name), NULL);
    }
    music_tunes_free(t);
    return st;
}

static rf_status read_table(reader *r, const char *path, bool named)
{
    rf_error why = {0};
    music_annotations *chords = music_annotations_read(path, &why);
    if (!chords) return refuse(r, path, named, &why);
    music_annotations_free(r->chords);
    r->chords = chords;
    return RF_OK;
}

static rf_status read_file(reader *r, const char *path, bool named)
{
    rf_error why = {0};
    rf_str text = {0};
    if (ends(path, ".tsv") || ends(path, ".tsv.gz")) return read_table(r, path, named);
    if (rf_file_read(path, FILE_LIMIT, &text, &why)) return refuse(r, path, named, &why);
    char *name = name_of(path);
    rf_status st = name ? RF_OK : no_memory(r);
    const size_t blank = strspn(text.s, " \t\r\n");
    if (!st && ends(path, ".txt"))
        st = read_tunes(r, &text, path, named);
    else if (!st)
        st = text.s[blank] == '{' ? read_rolls(r, &text, path, name, named)
                                  : read_midi(r, &text, path, name, named);
    free(name);
    rf_str_free(&text);
    return st;
}

/* ---- Folders ----------------------------------------------------------------------------------- */

static rf_status add_path(reader *r, const char *path, bool named)
{
    if (r->paths == r->room) {
        const size_t room = r->room ? 2 * r->room : 256;
        if (!rf_resize(&r->path, room, sizeof *r->path) ||
            !rf_resize(&r->named, room, sizeof *r->named))
            return no_memory(r);
        r->room = room;
    }
    r->path[r->paths] = strdup(path);
    if (!r->path[r->paths]) return no_memory(r);
    r->named[r->paths++] = named;
    return RF_OK;
}

/* In folders: what can be music or a table of chords. */
static bool is_music(const char *path)
{
    static const char *const kinds[] = {".mid",     ".midi", ".kar",    ".mid.gz", ".json",
                                        ".json.gz", ".tsv",  ".tsv.gz", NULL};
    for (int i = 0; kinds[i]; i++)
        if (ends(path, kinds[i])) return true;
    return false;
}

/* By bytes, tables of chords first. */
static int in_order(const struct dirent **a, const struct dirent **b)
{
    const char *x = (*a)->d_name, *y = (*b)->d_name;
    const bool xt = ends(x, ".tsv") || ends(x, ".tsv.gz"),
               yt = ends(y, ".tsv") || ends(y, ".tsv.gz");
    return xt != yt ? yt - xt : strcmp(x, y);
}

static int not_hidden(const struct dirent *e) { return e->d_name[0] != '.'; }

static rf_status add_folder(reader *r, const char *folder, int depth);

static rf_status add_entry(reader *r, const char *path, int depth)
{
    struct stat s;
    if (stat(path, &s)) return RF_OK; /* a link that leads nowhere */
    if (S_ISDIR(s.st_mode)) return add_folder(r, path, depth + 1);
    return is_music(path) ? add_path(r, path, false) : RF_OK;
}

static rf_status add_folder(reader *r, const char *folder, int depth)
{
    struct dirent **e;
    if (depth > DEPTH)
        return rf_fail(r->err, RF_EINVAL, "%s: folders are nested more than %d deep", folder,
                       DEPTH);
    const int n = scandir(folder, &e, not_hidden, in_order);
    if (n < 0) return rf_fail(r->err, RF_EIO, "%s: cannot be read", folder);
    rf_status st = RF_OK;
    for (int i = 0; i < n; i++) {
        rf_str path = {0};
        rf_str_printf(&path, "%s%s%s", folder, ends(folder, "/") ? "" : "/", e[i]->d_name);
        if (!st) st = path.failed ? no_memory(r) : add_entry(r, path.s, depth);
        rf_str_free(&path);
        free(e[i]);
    }
    free(e);
    return st;
}

static rf_status collect(reader *r, const char *const *paths, size_t n)
{
    rf_status st = RF_OK;
    for (size_t i = 0; i < n && !st; i++) {
        struct stat s;
        const bool folder = !stat(paths[i], &s) && S_ISDIR(s.st_mode);
        st = folder ? add_folder(r, paths[i], 0) : add_path(r, paths[i], true);
    }
    return st;
}

rf_status music_corpus_read(music_corpus *out, const char *const *paths, size_t n, int steps,
                            music_corpus_watch watch, rf_error *err)
{
    rf_error mine = {0};
    reader r = {.to = out, .steps = steps, .watch = watch, .err = err ? err : &mine};
    r.seen = rf_map_new();
    rf_status st = r.seen ? collect(&r, paths, n) : no_memory(&r);
    for (; r.done < r.paths && !st; r.done++) {
        st = tell(&r);
        if (!st) st = read_file(&r, r.path[r.done], r.named[r.done]);
    }
    for (size_t i = 0; i < r.paths; i++) free(r.path[i]);
    free(r.path);
    free(r.named);
    rf_map_free(r.seen);
    music_annotations_free(r.chords);
    return st;
}
