/* text/english_words.c -- see english.h.  Lists are short: they are looked through. */
#include "text/english.h"

#include <string.h>
#include <strings.h>

static const char *const titles[] = {
    "mr",  "mrs", "ms",     "dr",   "st",   "prof",  "gen", "lt",  "col",  "sgt",    "capt", "cmdr",
    "adm", "gov", "sen",    "sens", "rep",  "reps",  "rev", "hon", "pres", "messrs", "mt",   "ft",
    "vs",  "fig", "vol",    "pp",   "attn", "arrv",  "lv",  "maj", "supt", "jan",    "feb",  "mar",
    "apr", "jun", "jul",    "aug",  "sept", "sep",   "oct", "nov", "dec",  "e.g",    "i.e",  "eg",
    "cf",  "esp", "approx", "mob",  "ext",  "a.k.a", "fr",  "br",  "bros", "p.s",    NULL};
static const char *const shorts[] = {
    "inc",  "corp", "co",   "ltd",   "llc",   "jr",  "sr",   "etc",  "al",  "mon",  "tue",
    "tues", "wed",  "thu",  "thur",  "thurs", "fri", "sat",  "sun",  "ave", "blvd", "rd",
    "dept", "univ", "assn", "p.m",   "a.m",   "ph",  "ph.d", "yrs",  "hrs", "mins", "lb",
    "lbs",  "oz",   "spec", "misc",  "conf",  "sec", "para", "aplo", "que", "ariz", "calif",
    "colo", "conn", "fla",  "ga",    "ill",   "kan", "la",   "mass", "md",  "mich", "minn",
    "mo",   "neb",  "nev",  "okla",  "ont",   "pa",  "tenn", "tex",  "va",  "vt",   "wash",
    "wis",  "wyo",  "plc",  "s.p.a", NULL};
static const char *const prefixes[] = {
    "e",      "non",   "pre",   "anti",    "mid",   "re",   "post",  "co",
    "over",   "pro",   "multi", "ex",      "sub",   "semi", "cross", "neo",
    "psycho", "socio", "arch",  "counter", "intra", "un",   "ultra", "super",
    "mini",   "macro", "quasi", "pseudo",  "meh",   "bi",   "tri",   NULL};
static const char *const hyphened[] = {"uh-oh", "uh-huh",  "t-shirt",     "t-shirts", "yo-yo",
                                       "ha-ha", "bye-bye", "tae-kwon-do", NULL};
static const char *const endings[] = {
    "com", "org", "net",  "gov", "edu",  "info", "biz", "uk",   "ca",  "au",  "jp",   "cn",  "ru",
    "tv",  "doc", "docx", "xls", "xlsx", "pdf",  "htm", "html", "txt", "jpg", "jpeg", "gif", "png",
    "zip", "exe", "ppt",  "url", "php",  "asp",  "mp3", "wav",  "avi", "csv", "xml",  NULL};
static const char *const units[] = {
    "am", "pm",  "a.m", "p.m", "a.m.", "p.m.", "mm",  "cm",  "km",  "kg",      "mg", "ml", "ft",
    "lb", "lbs", "oz",  "mph", "kw",   "mw",   "mwh", "kwh", "ghz", "mhz",     "gb", "mb", "kb",
    "k",  "hr",  "hrs", "min", "mins", "yrs",  "bn",  "mil", "yr",  "persons", "cc", "hz", NULL};
static const char *const starters[] = {
    "the",  "he",  "she",   "it",    "in",    "on",     "this",    "that", "these",
    "they", "we",  "i",     "but",   "and",   "there",  "however", "if",   "when",
    "what", "you", "his",   "her",   "their", "our",    "my",      "as",   "at",
    "for",  "so",  "since", "after", "also",  "please", "thanks",  "not",  NULL};
static const char *const clipped[] = {"em",    "til", "till", "cause", "cuz", "bout",
                                      "round", "n",   "tis",  "twas",  "s",   "re",
                                      "ve",    "ll",  "m",    "d",     NULL};
static const char *const numbered[] = {"no", "nos", "p", "art", NULL};
static const char *const *const lists[] = {
    [RFI_EN_TITLES] = titles,     [RFI_EN_SHORT] = shorts,    [RFI_EN_PREFIXES] = prefixes,
    [RFI_EN_HYPHENED] = hyphened, [RFI_EN_ENDINGS] = endings, [RFI_EN_UNITS] = units,
    [RFI_EN_STARTERS] = starters, [RFI_EN_CLIPPED] = clipped, [RFI_EN_NUMBERED] = numbered,
};

bool rfi_english_has(rfi_english_list list, const char *s, size_t n)
{
    for (const char *const *w = lists[list]; *w; w++)
        if (!strncasecmp(*w, s, n) && !(*w)[n]) return true;
    return false;
}

/* ---- Words that are two --------------------------------------------------------------------------- */

static const struct {
    const char *word;
    unsigned char cut;
} twins[] = {
    {"cannot", 3}, {"gonna", 3}, {"wanna", 3},  {"gotta", 3},   {"dont", 2},    {"wont", 2},
    {"cant", 2},   {"didnt", 3}, {"doesnt", 4}, {"couldnt", 5}, {"wouldnt", 5}, {"shouldnt", 6},
    {"isnt", 2},   {"wasnt", 3}, {"werent", 4}, {"havent", 4},  {"hasnt", 3},   {"hadnt", 3},
    {"arent", 3},  {"arnt", 2},  {"aint", 2},   {"im", 1},      {"ive", 1},     {"youre", 3},
    {"youll", 3},  {"youve", 3}, {"theyre", 4}, {"theyve", 4},  {"theres", 5},  {"thats", 4},
    {"whats", 4},  {"hes", 2},   {"shes", 3},   {"lets", 3},    {"lemme", 3},   {"gimme", 3},
    {"outta", 3},  {"elses", 4}, {"wana", 2},   {"mustnt", 4},  {"heres", 4},   {"wheres", 5},
};

/* An apostrophe: ', ` or U+2019; its bytes. */
static size_t apostrophe(const char *s, size_t n)
{
    if (n && (*s == '\'' || *s == '`')) return 1;
    return n >= 3 && !memcmp(s, "\xe2\x80\x99", 3) ? 3 : 0;
}

/* What may stand behind an apostrophe, and what may stand before it. */
static const struct {
    const char *before, *after;
} suffixes[] = {{"n", "t"}, {"", "s"}, {"", "m"}, {"", "re"}, {"", "ve"}, {"", "ll"}, {"", "d"}};

static bool ends_in(const char *s, size_t n, const char *what)
{
    const size_t m = strlen(what);
    return n >= m && !strncasecmp(s + n - m, what, m);
}

static size_t cut_suffix(const char *s, size_t n)
{
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        const size_t tail = strlen(suffixes[i].after), head = strlen(suffixes[i].before);
        if (!ends_in(s, n, suffixes[i].after)) continue;
        for (size_t mark = 1; mark <= 3; mark += 2) {
            if (n < tail + mark + head + 1 || apostrophe(s + n - tail - mark, tail + mark) != mark)
                continue;
            if (ends_in(s, n - tail - mark, suffixes[i].before)) return n - tail - mark - head;
        }
    }
    return 0;
}

size_t rfi_english_cut(const char *s, size_t n)
{
    const size_t suffix = cut_suffix(s, n);
    if (suffix) return suffix;
    for (size_t i = 0; i < sizeof twins / sizeof *twins; i++)
        if (strlen(twins[i].word) == n && !strncasecmp(twins[i].word, s, n)) return twins[i].cut;
    return 0;
}

/* ---- Emoticons ---------------------------------------------------------------------------------------- */

size_t rfi_english_face(const char *s, size_t n)
{
    static const char *const faces[] = {
        ":-)", ":-(", ";-)", ":-D", ":-P", ":-/", ":'(", "^_^", ">:(", "=-)", "8-)", ":-p",
        ":)",  ":(",  "(:",  ";)",  ":D",  ":P",  ":p",  ":/",  ":\\", "=)",  "=(",  "=D",
        ":]",  ":[",  ":|",  ":*",  ";P",  ";D",  "<3",  "XD",  "xD",  ":o",  ":O",  ":3"};
    for (size_t i = 0; i < sizeof faces / sizeof *faces; i++) {
        const size_t m = strlen(faces[i]);
        if (n >= m && !memcmp(s, faces[i], m)) return m;
    }
    return 0;
}
