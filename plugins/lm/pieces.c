/* lm/pieces.c -- ids to text for people. */
#include "pieces.h"

#define REPLACEMENT "\xEF\xBF\xBD"

/* How many bytes the character that begins with this one has; 1 for what begins none. */
static size_t expected(unsigned char first)
{
    return first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 1;
}

/* Move whole characters from `wait` to `out`; with `all` an incomplete one becomes U+FFFD. */
static void settle(rf_str *wait, rf_str *out, bool all)
{
    size_t at = 0;
    while (at < wait->n) {
        int n = rf_utf8_next(wait->s + at, wait->n - at, &(int32_t){0});
        size_t left = wait->n - at;
        if (n < 1 && !all && left < expected((unsigned char)wait->s[at])) break;
        if (n < 1)
            rf_str_put(out, REPLACEMENT);
        else
            rf_str_add(out, wait->s + at, (size_t)n);
        at += n < 1 ? 1 : (size_t)n;
    }
    rf_str rest = {0};
    rf_str_add(&rest, wait->s + at, wait->n - at);
    rf_str_free(wait);
    *wait = rest;
}

static rf_status flush(lm_pieces *p, bool all)
{
    rf_str out = {0};
    rf_status st = RF_OK;
    settle(&p->wait, &out, all);
    if (out.n) {
        st = rf_emit_text(p->host, p->item, out.s, out.n, p->logp);
        p->logp = 0;
    }
    rf_str_free(&out);
    return st;
}

rf_status lm_pieces_put(lm_pieces *p, int32_t id, double logp)
{
    rf_tokenizer_put(p->tokens, p->last, id, &p->wait);
    p->last = id;
    p->logp += logp;
    return p->wait.n ? flush(p, false) : RF_OK;
}

rf_status lm_pieces_end(lm_pieces *p)
{
    rf_status st = p->wait.n ? flush(p, true) : RF_OK;
    rf_str_free(&p->wait);
    return st;
}

void lm_pieces_text(const rf_tokenizer *t, int32_t last, const int32_t *ids, rf_index n,
                    rf_str *out)
{
    rf_str raw = {0};
    for (rf_index i = 0; i < n; i++) {
        rf_tokenizer_put(t, last, ids[i], &raw);
        last = ids[i];
    }
    if (raw.n) settle(&raw, out, true);
    rf_str_free(&raw);
}

void lm_unit_text(const rf_tokenizer *t, int32_t id, rf_str *out)
{
    size_t n = 0;
    const char *s = rf_tokenizer_at(t, id, &n);
    for (size_t at = 0; at < n;) {
        unsigned char byte = (unsigned char)s[at];
        int k = rf_utf8_next(s + at, n - at, &(int32_t){0});
        if (byte == '\n')
            rf_str_put(out, "\\n");
        else if (k < 1 || byte < 32 || byte == 127)
            rf_str_printf(out, "\\x%02x", byte);
        else
            rf_str_add(out, s + at, (size_t)k);
        at += k < 1 ? 1 : (size_t)k;
    }
}
