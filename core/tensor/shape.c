/* tensor/shape.c -- what a list of dimensions means. */
#include <assert.h>
#include <refrain/tensor.h>
#include <stdio.h>

rf_shape rf_shape_make(int rank, const rf_index *dim)
{
    assert(rank >= 0 && rank <= RF_MAX_RANK);
    rf_shape s = {.rank = rank};
    for (int i = 0; i < rank; i++) s.dim[i] = dim[i];
    return s;
}

rf_index rf_shape_count(rf_shape s)
{
    bool empty = false;
    rf_index n = 1;
    for (int i = 0; i < s.rank; i++) {
        if (s.dim[i] < 0) return -1;
        if (s.dim[i] == 0) empty = true;
    }
    for (int i = 0; i < s.rank && !empty; i++)
        if (__builtin_mul_overflow(n, s.dim[i], &n)) return -1;
    return empty ? 0 : n;
}

bool rf_shape_equal(rf_shape a, rf_shape b)
{
    if (a.rank != b.rank) return false;
    for (int i = 0; i < a.rank; i++)
        if (a.dim[i] != b.dim[i]) return false;
    return true;
}

const char *rf_shape_text(rf_shape s, char buf[RF_SHAPE_TEXT])
{
    /* 6 dimensions of at most 20 characters, with separators, fit. */
    int n = snprintf(buf, RF_SHAPE_TEXT, "[");
    for (int i = 0; i < s.rank && n < RF_SHAPE_TEXT; i++)
        n += snprintf(buf + n, (size_t)(RF_SHAPE_TEXT - n), i ? ",%lld" : "%lld",
                      (long long)s.dim[i]);
    if (n < RF_SHAPE_TEXT) snprintf(buf + n, (size_t)(RF_SHAPE_TEXT - n), "]");
    return buf;
}

bool rf_shape_broadcast(rf_shape a, rf_shape b, rf_shape *out)
{
    rf_shape s = {.rank = a.rank > b.rank ? a.rank : b.rank};
    for (int i = 1; i <= s.rank; i++) {
        const rf_index x = i <= a.rank ? a.dim[a.rank - i] : 1;
        const rf_index y = i <= b.rank ? b.dim[b.rank - i] : 1;
        if (x != y && x != 1 && y != 1) return false;
        s.dim[s.rank - i] = x == 1 ? y : x;
    }
    *out = s;
    return true;
}
