/* pinyin/syllable.c -- the table of syllables, marks of tones, sounds that are alike,
 * misspellings. */
#include "syllable.h"

#include <string.h>

/* In the order of strcmp. */
static const char *const table[] = {
    "a",     "ai",    "an",    "ang",   "ao",     "ba",     "bai",   "ban",   "bang",  "bao",
    "bei",   "ben",   "beng",  "bi",    "bian",   "biao",   "bie",   "bin",   "bing",  "bo",
    "bu",    "ca",    "cai",   "can",   "cang",   "cao",    "ce",    "cen",   "ceng",  "cha",
    "chai",  "chan",  "chang", "chao",  "che",    "chen",   "cheng", "chi",   "chong", "chou",
    "chu",   "chua",  "chuai", "chuan", "chuang", "chui",   "chun",  "chuo",  "ci",    "cong",
    "cou",   "cu",    "cuan",  "cui",   "cun",    "cuo",    "da",    "dai",   "dan",   "dang",
    "dao",   "de",    "dei",   "den",   "deng",   "di",     "dia",   "dian",  "diao",  "die",
    "ding",  "diu",   "dong",  "dou",   "du",     "duan",   "dui",   "dun",   "duo",   "e",
    "ei",    "en",    "eng",   "er",    "fa",     "fan",    "fang",  "fei",   "fen",   "feng",
    "fo",    "fou",   "fu",    "ga",    "gai",    "gan",    "gang",  "gao",   "ge",    "gei",
    "gen",   "geng",  "gong",  "gou",   "gu",     "gua",    "guai",  "guan",  "guang", "gui",
    "gun",   "guo",   "ha",    "hai",   "han",    "hang",   "hao",   "he",    "hei",   "hen",
    "heng",  "hong",  "hou",   "hu",    "hua",    "huai",   "huan",  "huang", "hui",   "hun",
    "huo",   "ji",    "jia",   "jian",  "jiang",  "jiao",   "jie",   "jin",   "jing",  "jiong",
    "jiu",   "ju",    "juan",  "jue",   "jun",    "ka",     "kai",   "kan",   "kang",  "kao",
    "ke",    "kei",   "ken",   "keng",  "kong",   "kou",    "ku",    "kua",   "kuai",  "kuan",
    "kuang", "kui",   "kun",   "kuo",   "la",     "lai",    "lan",   "lang",  "lao",   "le",
    "lei",   "leng",  "li",    "lia",   "lian",   "liang",  "liao",  "lie",   "lin",   "ling",
    "liu",   "lo",    "long",  "lou",   "lu",     "luan",   "lun",   "luo",   "lv",    "lve",
    "ma",    "mai",   "man",   "mang",  "mao",    "me",     "mei",   "men",   "meng",  "mi",
    "mian",  "miao",  "mie",   "min",   "ming",   "miu",    "mo",    "mou",   "mu",    "na",
    "nai",   "nan",   "nang",  "nao",   "ne",     "nei",    "nen",   "neng",  "ni",    "nian",
    "niang", "niao",  "nie",   "nin",   "ning",   "niu",    "nong",  "nou",   "nu",    "nuan",
    "nun",   "nuo",   "nv",    "nve",   "o",      "ou",     "pa",    "pai",   "pan",   "pang",
    "pao",   "pei",   "pen",   "peng",  "pi",     "pian",   "piao",  "pie",   "pin",   "ping",
    "po",    "pou",   "pu",    "qi",    "qia",    "qian",   "qiang", "qiao",  "qie",   "qin",
    "qing",  "qiong", "qiu",   "qu",    "quan",   "que",    "qun",   "ran",   "rang",  "rao",
    "re",    "ren",   "reng",  "ri",    "rong",   "rou",    "ru",    "rua",   "ruan",  "rui",
    "run",   "ruo",   "sa",    "sai",   "san",    "sang",   "sao",   "se",    "sen",   "seng",
    "sha",   "shai",  "shan",  "shang", "shao",   "she",    "shei",  "shen",  "sheng", "shi",
    "shou",  "shu",   "shua",  "shuai", "shuan",  "shuang", "shui",  "shun",  "shuo",  "si",
    "song",  "sou",   "su",    "suan",  "sui",    "sun",    "suo",   "ta",    "tai",   "tan",
    "tang",  "tao",   "te",    "teng",  "ti",     "tian",   "tiao",  "tie",   "ting",  "tong",
    "tou",   "tu",    "tuan",  "tui",   "tun",    "tuo",    "wa",    "wai",   "wan",   "wang",
    "wei",   "wen",   "weng",  "wo",    "wu",     "xi",     "xia",   "xian",  "xiang", "xiao",
    "xie",   "xin",   "xing",  "xiong", "xiu",    "xu",     "xuan",  "xue",   "xun",   "ya",
    "yan",   "yang",  "yao",   "ye",    "yi",     "yin",    "ying",  "yo",    "yong",  "you",
    "yu",    "yuan",  "yue",   "yun",   "za",     "zai",    "zan",   "zang",  "zao",   "ze",
    "zei",   "zen",   "zeng",  "zha",   "zhai",   "zhan",   "zhang", "zhao",  "zhe",   "zhei",
    "zhen",  "zheng", "zhi",   "zhong", "zhou",   "zhu",    "zhua",  "zhuai", "zhuan", "zhuang",
    "zhui",  "zhun",  "zhuo",  "zi",    "zong",   "zou",    "zu",    "zuan",  "zui",   "zun",
    "zuo"};
enum { SYLLABLES = sizeof table / sizeof *table };

int py_syllable_count(void) { return SYLLABLES; }

const char *py_syllable_at(int base) { return base >= 0 && base < SYLLABLES ? table[base] : NULL; }

/* The first syllable that is not before the letters. */
static int lower_bound(const char *letters, size_t n)
{
    int lo = 0, hi = SYLLABLES;
    while (lo < hi) {
        const int mid = (lo + hi) / 2;
        if (strncmp(table[mid], letters, n) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

int py_syllable_prefix(const char *letters, size_t n, int *count)
{
    const int first = lower_bound(letters, n);
    int end = first;
    while (end < SYLLABLES && !strncmp(table[end], letters, n)) end++;
    *count = end - first;
    return first;
}

static int find(const char *letters, size_t n)
{
    const int at = lower_bound(letters, n);
    return at < SYLLABLES && !strncmp(table[at], letters, n) && !table[at][n] ? at : -1;
}

/* Other ways to write ü. */
int py_syllable_find(const char *letters, size_t n)
{
    char other[PY_SYLLABLE_LETTERS + 1] = {0};
    if (!n || n > PY_SYLLABLE_LETTERS) return -1;
    memcpy(other, letters, n);
    if (n == 3 && strchr("ln", other[0]) && !strncmp(other + 1, "ue", 2)) other[1] = 'v';
    if (n > 1 && strchr("jqxy", other[0]) && other[1] == 'v') other[1] = 'u';
    return find(other, n);
}

/* ---- Letters and readings -------------------------------------------------------------------- */

/* Marked letters, four tones each; a blank: there is none. */
static const struct mark {
    char letter;
    int32_t code[4];
} marks[] = {{'a', {0x101, 0xe1, 0x1ce, 0xe0}}, {'e', {0x113, 0xe9, 0x11b, 0xe8}},
             {'i', {0x12b, 0xed, 0x1d0, 0xec}}, {'o', {0x14d, 0xf3, 0x1d2, 0xf2}},
             {'u', {0x16b, 0xfa, 0x1d4, 0xf9}}, {'v', {0x1d6, 0x1d8, 0x1da, 0x1dc}}};

/* A letter with its mark in one code point. */
static bool marked(int32_t code, char *letter, int *tone)
{
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        for (int t = 0; t < 4; t++)
            if (marks[i].code[t] == code) {
                *letter = marks[i].letter;
                *tone = t + 1;
                return true;
            }
    return false;
}

/* Combining marks behind a letter. */
static size_t combining(const char *s, size_t n, char *letter, int *tone)
{
    static const int32_t tones[] = {0x304, 0x301, 0x30c, 0x300};
    int32_t code;
    const int k = rf_utf8_next(s, n, &code);
    if (k <= 0) return 0;
    if (code == 0x308 && *letter == 'u') {
        *letter = 'v';
        return (size_t)k + combining(s + k, n - (size_t)k, letter, tone);
    }
    for (int t = 0; t < 4; t++)
        if (tones[t] == code && !*tone) {
            *tone = t + 1;
            return (size_t)k;
        }
    return 0;
}

size_t py_letter(const char *s, size_t n, char *letter, int *tone)
{
    int32_t code;
    const int k = rf_utf8_next(s, n, &code);
    *tone = 0;
    if (k <= 0) return 0;
    if (code >= 'A' && code <= 'Z') code += 'a' - 'A';
    if (code == 0xdc || code == 0xfc) code = 'v';
    if (code >= 'a' && code <= 'z')
        *letter = (char)code;
    else if (!marked(code, letter, tone))
        return 0;
    return (size_t)k + combining(s + k, n - (size_t)k, letter, tone);
}

bool py_reading_parse(const char *s, size_t n, uint16_t *reading)
{
    char letters[PY_SYLLABLE_LETTERS + 2], letter = 0;
    size_t count = 0, i = 0, k;
    int tone = 0, mark;
    for (; i < n && (k = py_letter(s + i, n - i, &letter, &mark)) > 0; i += k) {
        if (count == PY_SYLLABLE_LETTERS || (mark && tone)) return false;
        letters[count++] = letter;
        if (mark) tone = mark;
    }
    if (i < n && s[i] >= '0' && s[i] <= '5' && !tone) {
        tone = s[i] == '0' ? 5 : s[i] - '0';
        i++;
    }
    const int base = i == n ? py_syllable_find(letters, count) : -1;
    if (base >= 0) *reading = PY_READING(base, tone);
    return base >= 0;
}

void py_reading_text(uint16_t reading, rf_str *out)
{
    const char *base = py_syllable_at(PY_BASE(reading));
    rf_str_put(out, base ? base : "?");
    if (PY_TONE(reading)) rf_str_printf(out, "%d", PY_TONE(reading));
}

/* The vowel that bears the mark: a, e, the o of ou, else the last one. */
static const char *marked_vowel(const char *base)
{
    const char *at = strpbrk(base, "ae");
    if (!at) at = strstr(base, "ou");
    for (const char *s = base; !at && (s = strpbrk(s, "iouv")); s++)
        if (!strpbrk(s + 1, "iouv")) at = s;
    return at;
}

void py_reading_marked(uint16_t reading, rf_str *out)
{
    const char *base = py_syllable_at(PY_BASE(reading));
    const int tone = PY_TONE(reading);
    const char *vowel = base && tone >= 1 && tone <= 4 ? marked_vowel(base) : NULL;
    for (const char *s = base ? base : "?"; *s; s++) {
        char c[4];
        int32_t code = *s == 'v' ? 0xfc : *s;
        for (size_t i = 0; s == vowel && i < sizeof marks / sizeof *marks; i++)
            if (marks[i].letter == *s) code = marks[i].code[tone - 1];
        rf_str_add(out, c, (size_t)rf_utf8_put(code, c));
    }
}

/* ---- Sounds that are alike ------------------------------------------------------------------- */

static const struct fuzzy {
    const char *name, *a, *b;
    bool final;
} fuzzy[] = {{"z-zh", "z", "zh", false},        {"c-ch", "c", "ch", false},
             {"s-sh", "s", "sh", false},        {"n-l", "n", "l", false},
             {"f-h", "f", "h", false},          {"r-l", "r", "l", false},
             {"k-g", "k", "g", false},          {"an-ang", "an", "ang", true},
             {"en-eng", "en", "eng", true},     {"in-ing", "in", "ing", true},
             {"ian-iang", "ian", "iang", true}, {"uan-uang", "uan", "uang", true}};
enum { FUZZY = sizeof fuzzy / sizeof *fuzzy };

const char *py_fuzzy_name(int i) { return i >= 0 && i < FUZZY ? fuzzy[i].name : NULL; }

bool py_fuzzy_parse(const char *list, uint32_t *groups, const char **item, size_t *n)
{
    *groups = 0;
    for (const char *rest = list; rf_list_next(&rest, item, n);) {
        int i = 0;
        if (*n == 3 && !memcmp(*item, "all", 3)) {
            *groups = (1u << FUZZY) - 1;
            continue;
        }
        if (!*n) continue;
        while (i < FUZZY && (strlen(fuzzy[i].name) != *n || memcmp(fuzzy[i].name, *item, *n))) i++;
        if (i == FUZZY) return false;
        *groups |= 1u << i;
    }
    return true;
}

static size_t initial_length(const char *s)
{
    if (!strchr("bpmfdtnlgkhjqxzcsryw", *s)) return 0;
    return strchr("zcs", *s) && s[1] == 'h' ? 2 : 1;
}

/* The k-th of what a group says for a sound; NULL: no more. */
static const char *other_sound(const char *sound, size_t n, bool final, uint32_t groups, int k)
{
    for (int i = 0; i < FUZZY; i++) {
        const struct fuzzy *f = &fuzzy[i];
        if (f->final != final || !(groups >> i & 1)) continue;
        const bool a = strlen(f->a) == n && !memcmp(f->a, sound, n);
        const bool b = strlen(f->b) == n && !memcmp(f->b, sound, n);
        if ((a || b) && k-- == 0) return a ? f->b : f->a;
    }
    return NULL;
}

static int join(const char *initial, size_t n, const char *final)
{
    char letters[16];
    const size_t m = strlen(final);
    if (n + m >= sizeof letters) return -1;
    memcpy(letters, initial, n);
    memcpy(letters + n, final, m);
    return find(letters, n + m);
}

int py_fuzzy_others(int base, uint32_t groups, int out[4], int differ[4])
{
    const char *s = table[base];
    const size_t n = initial_length(s);
    int count = 0;
    for (int k = -1; groups && k < 2; k++) {
        const char *initial = k < 0 ? s : other_sound(s, n, false, groups, k);
        if (!initial) break;
        const size_t length = k < 0 ? n : strlen(initial);
        for (int j = 0; j < 2; j++) {
            const char *final = j ? other_sound(s + n, strlen(s + n), true, groups, 0) : s + n;
            const int other = final ? join(initial, length, final) : -1;
            if (other < 0 || other == base || count == 4) continue;
            out[count] = other;
            differ[count++] = (k >= 0) + j;
        }
    }
    return count;
}

/* ---- Misspellings ---------------------------------------------------------------------------- */

static const struct correction {
    const char *wrong, *right;
} corrections[] = {{"gn", "ng"},     {"mg", "ng"},  {"iou", "iu"}, {"uei", "ui"},  {"uen", "un"},
                   {"iuo", "iu"},    {"on", "ong"}, {"uio", "uo"}, {"ain", "ian"}, {"aing", "iang"},
                   {"aung", "uang"}, {"hz", "zh"},  {"hs", "sh"},  {"hc", "ch"}};

int py_correction(const char *letters, size_t n, int k)
{
    char text[16];
    for (size_t i = 0; i < sizeof corrections / sizeof *corrections; i++) {
        const struct correction *c = &corrections[i];
        const size_t wrong = strlen(c->wrong), right = strlen(c->right);
        const char *at = n >= wrong && n < 9 ? memmem(letters, n, c->wrong, wrong) : NULL;
        if (!at) continue;
        const size_t before = (size_t)(at - letters), after = n - before - wrong;
        memcpy(text, letters, before);
        memcpy(text + before, c->right, right);
        memcpy(text + before + right, at + wrong, after);
        const int base = find(text, before + right + after);
        if (base >= 0 && k-- == 0) return base;
    }
    return -1;
}
