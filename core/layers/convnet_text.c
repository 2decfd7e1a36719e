/* layers/convnet_text.c -- lists of layers as text; the grammar stands in refrain/convnet.h. */
#include <refrain/convnet.h>

#include <stdlib.h>
#include <string.h>

enum { NUMBER_MOST = 65536 };

/* A number at *at, which moves on; -1: there is none, or it is too large. */
static int32_t number(const char **at)
{
    int32_t n = -1;
    for (; **at >= '0' && **at <= '9'; ++*at) {
        n = (n < 0 ? 0 : n) * 10 + (**at - '0');
        if (n > NUMBER_MOST) return -1;
    }
    return n;
}

/* What an item begins with. */
static bool read_kind(const char **at, rf_convnet_row *r)
{
    static const struct {
        const char *word;
        rf_convnet_kind kind;
    } words[] = {{"max", RF_CONVNET_MAX_POOL},
                 {"mean", RF_CONVNET_MEAN_POOL},
                 {"all", RF_CONVNET_GLOBAL_MEAN},
                 {"d", RF_CONVNET_DEPTHWISE}};
    *r = (rf_convnet_row){.act = RF_CONV_RELU};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strncmp(*at, words[i].word, strlen(words[i].word))) {
            *at += strlen(words[i].word);
            r->kind = words[i].kind;
            return true;
        }
    const bool plus = **at == '+';
    *at += plus;
    r->kind = plus ? RF_CONVNET_ADD : RF_CONVNET_CONV;
    return (*(plus ? &r->back : &r->channels) = number(at)) > 0;
}

/* Which letters an item of a kind may have. */
static const char *const letters[] = {
    [RF_CONVNET_CONV] = "/kglp@",  [RF_CONVNET_DEPTHWISE] = "/klp@",
    [RF_CONVNET_MAX_POOL] = "/k@", [RF_CONVNET_MEAN_POOL] = "/k@",
    [RF_CONVNET_ADD] = "l",        [RF_CONVNET_GLOBAL_MEAN] = "@"};

static bool read_letter(const char **at, rf_convnet_row *r)
{
    const char letter = *(*at)++;
    if (!strchr(letters[r->kind], letter)) return false;
    if (letter == 'l') r->act = RF_CONV_LINEAR;
    if (letter == 'p') r->plain = true;
    if (letter == 'l' || letter == 'p') return true;
    int32_t *to = letter == '/'   ? &r->stride
                  : letter == 'k' ? &r->window
                  : letter == 'g' ? &r->groups
                                  : &r->back;
    return (*to = number(at)) > 0;
}

rf_status rf_convnet_parse(const char *text, rf_convnet_row *row, int *n, rf_error *err)
{
    static const char blanks[] = " \t";
    *n = 0;
    for (const char *at = text + strspn(text, blanks); *at; at += strspn(at, blanks)) {
        const char *item = at;
        const int length = (int)strcspn(at, blanks);
        if (*n == RF_CONVNET_LAYERS)
            return rf_fail(err, RF_EINVAL, "more than %d layers", RF_CONVNET_LAYERS);
        bool ok = read_kind(&at, &row[*n]);
        while (ok && at < item + length) ok = read_letter(&at, &row[*n]);
        if (!ok)
            return rf_fail(err, RF_EINVAL, "%.*s: is no layer; 32/2, d, max, mean, all or +2 are",
                           length < 40 ? length : 40, item);
        ++*n;
    }
    return *n ? RF_OK : rf_fail(err, RF_EINVAL, "there is no layer");
}
