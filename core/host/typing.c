/* host/typing.c -- rf.live/1 at a terminal: each key is answered at once, candidates stand on one line.
 *
 *     你好|shijie   1 世界 2 时节 3 使节
 *
 * The line is drawn on standard error and erased; what is finished goes to the host as text, as if the
 * verb had run.  Invariant: whatever happens, the terminal is as it was when the function returns. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "host/host.h"

enum { PAGE = 9, WAIT_MS = 200, USUAL_COLUMNS = 80 };
/* What keys send. */
enum {
    CTRL_C = 3,
    CTRL_D = 4,
    BACKSPACE = 8,
    TAB = 9,
    ENTER = 10,
    CTRL_U = 21,
    ESCAPE = 27,
    DELETE = 127
};

typedef struct typist {
    const rf_host *h;
    const rf_live *live;
    rf_live_state *l;
    const volatile sig_atomic_t *stops;
    rf_str line, picked;
    uint32_t page;  /* first candidate that is shown */
    uint32_t shown; /* how many fit */
    int64_t item;
    int64_t keys;
    double slowest; /* seconds from a key to the candidates */
    bool done;
} typist;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- The line -------------------------------------------------------------------------------- */

static size_t columns(void)
{
    struct winsize w;
    return !ioctl(STDERR_FILENO, TIOCGWINSZ, &w) && w.ws_col > 1 ? w.ws_col - 1u
                                                                 : USUAL_COLUMNS - 1;
}

/* The end of a text that fits into so many columns. */
static const char *tail(const char *s, size_t most)
{
    while (*s && rfi_width(s, strlen(s)) > most) {
        s++;
        while (((unsigned char)*s & 0xc0) == 0x80) s++;
    }
    return s;
}

static rf_status draw(typist *t)
{
    const size_t width = columns();
    const char *typed = tail(t->live->typed(t->l), width / 2);
    const char *text;
    double score;
    rf_str_clear(&t->line);
    rf_str_put(&t->line, tail(t->live->done(t->l), width / 4));
    rf_str_printf(&t->line, "%s%s  ", *typed ? "|" : "", typed);
    t->shown = 0;
    for (uint32_t i = t->page; i < t->live->count(t->l) && t->shown < PAGE; i++, t->shown++) {
        const size_t before = t->line.n;
        const rf_status st = t->live->candidate(t->l, i, &text, &score);
        if (st) return st;
        rf_str_printf(&t->line, " %u %s", t->shown + 1, text);
        if (t->line.failed || rfi_width(t->line.s, t->line.n) <= width) continue;
        if (t->shown) t->line.s[t->line.n = before] = 0;
        if (t->shown) break;
    }
    if (t->line.failed) return t->h->fail(t->h, RF_ENOMEM, "no memory");
    fprintf(stderr, "\r\033[K%s", t->line.s);
    fflush(stderr);
    return RF_OK;
}

static void erase_line(void)
{
    fputs("\r\033[K", stderr);
    fflush(stderr);
}

static void refuse(void)
{
    fputc('\a', stderr);
    fflush(stderr);
}

/* ---- Keys ------------------------------------------------------------------------------------ */

static rf_status emit(typist *t, const char *s, size_t n)
{
    rf_event ev = rf_event_of(RF_EV_TEXT, t->item, -1);
    ev.u.text = (rf_text){s, n, (double)NAN};
    return t->h->emit(t->h, &ev);
}

/* What is done is an answer; then the next begins. */
static rf_status finish(typist *t)
{
    rf_status st = t->live->count(t->l) ? t->live->pick(t->l, 0) : RF_OK;
    if (st) return st;
    rf_str_clear(&t->picked);
    rf_str_put(&t->picked, t->live->done(t->l));
    rf_str_put(&t->picked, t->live->typed(t->l)); /* what has no candidate stays as it was typed */
    if (t->picked.failed) return t->h->fail(t->h, RF_ENOMEM, "no memory");
    erase_line();
    if (t->picked.n) st = emit(t, t->picked.s, t->picked.n);
    if (!st && t->picked.n) st = emit(t, "\n", 1);
    t->item += t->picked.n > 0;
    return st ? st : t->live->clear(t->l);
}

static rf_status pick(typist *t, uint32_t i)
{
    if (i < t->shown) return t->live->pick(t->l, t->page + i);
    refuse();
    return RF_OK;
}

static rf_status turn_page(typist *t, bool on)
{
    if (on && t->page + t->shown < t->live->count(t->l))
        t->page += t->shown;
    else if (!on)
        t->page -= t->page < PAGE ? t->page : PAGE;
    return RF_OK;
}

/* Whether another byte of the same key is there. */
static bool more(void)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&p, 1, 20) > 0;
}

static bool next_byte(char *c) { return more() && read(STDIN_FILENO, c, 1) == 1; }

/* Arrows and pages turn pages; Escape alone forgets all; other keys of their kind are nothing. */
static rf_status escape(typist *t)
{
    char c = 0;
    if (!next_byte(&c)) return t->live->clear(t->l);
    if (c != '[' && c != 'O') return RF_OK;
    do
        if (!next_byte(&c)) return RF_OK;
    while ((unsigned char)c < 0x40);
    if (strchr("ABCD", c)) return turn_page(t, c == 'B' || c == 'C');
    return RF_OK;
}

/* A character of one to four bytes. */
static rf_status type(typist *t, char first)
{
    const unsigned char c = (unsigned char)first;
    const size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    char s[5] = {first};
    for (size_t i = 1; i < n; i++)
        if (!next_byte(&s[i])) return RF_OK;
    return c < ' ' ? RF_OK : t->live->key(t->l, s);
}

static rf_status obey(typist *t, char c)
{
    const bool typed = *t->live->typed(t->l);
    if (c == ESCAPE) return escape(t);
    if (c == TAB) return turn_page(t, true);
    if (c == CTRL_C) return RF_ECANCELLED;
    if (c == ENTER) return finish(t);
    if (c == BACKSPACE || c == DELETE) return t->live->erase(t->l);
    if (c == CTRL_U) return t->live->clear(t->l);
    if (c == CTRL_D) t->done = !typed;
    if (c == CTRL_D) return t->done ? finish(t) : RF_OK;
    if (typed && c >= '0' && c <= '9') return pick(t, c == '0' ? PAGE : (uint32_t)(c - '1'));
    if (typed && c == ' ') return pick(t, 0);
    return type(t, c);
}

/* A key turns back to the first page, but for those that turn pages. */
static rf_status answer(typist *t, char c)
{
    const double from = now();
    const uint32_t page = t->page;
    rf_status st = obey(t, c);
    if (t->page == page && c != ESCAPE && c != TAB) t->page = 0;
    if (t->page >= t->live->count(t->l)) t->page = 0;
    if (!st && !t->done) st = draw(t);
    const double took = now() - from;
    if (c != ESCAPE && took > t->slowest) t->slowest = took;
    t->keys++;
    return st;
}

/* ---- The terminal ---------------------------------------------------------------------------- */

static rf_status type_on(typist *t)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    rf_status st = draw(t);
    char c;
    while (!st && !t->done) {
        const int ready = poll(&p, 1, WAIT_MS);
        if (*t->stops) return RF_ECANCELLED;
        if (ready <= 0) continue;
        const ssize_t n = read(STDIN_FILENO, &c, 1);
        if (n == 1) st = answer(t, c);
        if (n == 0 || (n < 0 && errno != EINTR)) t->done = true; /* the terminal is gone */
    }
    return st;
}

static rf_status type_raw(typist *t)
{
    struct termios before, raw;
    if (tcgetattr(STDIN_FILENO, &before)) return t->h->fail(t->h, RF_EIO, strerror(errno));
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_iflag &= ~(tcflag_t)IXON;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)) return t->h->fail(t->h, RF_EIO, strerror(errno));
    const rf_status st = type_on(t);
    erase_line();
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    return st;
}

bool rfi_typing_fits(const rf_module *m, const rf_module_verb *v)
{
    const rf_live *live = m->plugin->query(RF_LIVE);
    return live && RF_HAS(live->size, rf_live, candidate) && !strcmp(live->verb, v->def.name) &&
           isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

rf_status rfi_typing_run(const rf_module *m, const rf_host *h, rf_session *s, const rf_run *run,
                         const volatile sig_atomic_t *stops)
{
    typist t = {.h = h, .live = m->plugin->query(RF_LIVE), .stops = stops};
    char told[96];
    rf_status st = t.live->begin(s, run, &t.l);
    if (st) return st;
    h->log(h, RF_LOG_INFO,
           "a number picks, the space bar takes the first, Enter ends the line, Tab shows more, "
           "Escape forgets, Ctrl-D ends");
    st = type_raw(&t);
    snprintf(told, sizeof told, "%lld keys, the slowest answered in %.1f ms", (long long)t.keys,
             1e3 * t.slowest);
    h->log(h, RF_LOG_DEBUG, told);
    t.live->end(t.l);
    rf_str_free(&t.line);
    rf_str_free(&t.picked);
    return st;
}
