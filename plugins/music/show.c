/* music/show.c -- the verb show: a piece as a piano roll. */
#include "music.h"

enum { SHOW_SVG, SHOW_FROM, SHOW_BARS, SHOW_GRID, SHOW_SOURCE };

const rf_option music_show_options[] = {[SHOW_SVG] = {.name = "svg",
                                                      .type = RF_OUTFILE,
                                                      .flags = RF_OPT_REQUIRED,
                                                      .help = "the picture to write"},
                                        [SHOW_FROM] = {.name = "from",
                                                       .type = RF_INT,
                                                       .def = "1",
                                                       .min = 1,
                                                       .max = 1e6,
                                                       .meta = "BAR",
                                                       .help = "the first bar"},
                                        [SHOW_BARS] = {.name = "bars",
                                                       .type = RF_INT,
                                                       .def = "0",
                                                       .min = 0,
                                                       .max = RF_BARS_DRAWN,
                                                       .meta = "N",
                                                       .help = "how many bars; 0: all, up to 2000"},
                                        [SHOW_GRID] = MUSIC_GRID_OPTION,
                                        [SHOW_SOURCE] = MUSIC_SOURCE_OPTIONS,
                                        {0}};

rf_status music_show(rf_session *ses, const rf_run *r)
{
    const rf_host *h = ses->host;
    const char *path = r->opt[SHOW_SVG].as.s;
    const rf_extract part = {r->opt[SHOW_FROM].as.i - 1, r->opt[SHOW_BARS].as.i};
    rf_error err = {0};
    rf_score *s = music_source_read(r, SHOW_SOURCE, &err);
    rf_status st = s ? music_score_snap(&s, r->opt[SHOW_GRID].as.i, &err) : err.status;
    if (!st && part.first && part.first >= rf_score_bars(s))
        st = rf_fail(&err, RF_EINVAL, "--from: bar %lld, where there are %lld",
                     (long long)part.first + 1, (long long)rf_score_bars(s));
    if (!st) st = h->progress(h, 0, 1, "pictures");
    if (!st) st = rf_score_draw(s, part, path, &err);
    if (!st) st = rf_emit_file(h, path, "piano roll", "image/svg+xml");
    rf_score_free(s);
    return rf_session_end(ses, st, &err);
}
