/* base/map.c -- a map from bytes to numbers that remembers the order of insertion.
 *
 * An array of entries in order of insertion, and an open-addressing table of their numbers plus one
 * (0: free), a power of two in size and at most half full.  Key bytes live in chunks that never
 * move, so a key that was handed out stays valid until the map is freed.  Nothing is ever removed. */
#include <stdlib.h>
#include <string.h>

#include <refrain/base.h>

#define CHUNK ((size_t)1 << 16)

typedef struct entry {
    const char *key;
    size_t n;
    uint64_t hash;
    int64_t value;
} entry;

typedef struct chunk {
    struct chunk *below;
    size_t size, used;
    char bytes[];
} chunk;

struct rf_map {
    entry *entries;
    size_t count, cap;
    uint32_t *slots;
    size_t slot_count;
    chunk *top;
};

rf_map *rf_map_new(void) { return calloc(1, sizeof(rf_map)); }

void rf_map_free(rf_map *m)
{
    if (!m) return;
    while (m->top) {
        chunk *below = m->top->below;
        free(m->top);
        m->top = below;
    }
    free(m->entries);
    free(m->slots);
    free(m);
}

/* Eight bytes at a time, each folded in by a multiplication. */
static uint64_t hash_bytes(const char *key, size_t n)
{
    uint64_t h = 0x9e3779b97f4a7c15u ^ n;
    while (n) {
        uint64_t w = 0;
        size_t k = n < 8 ? n : 8;
        memcpy(&w, key, k);
        h = (h ^ w) * 0xd6e8feb86659fd93u;
        h ^= h >> 32;
        key += k;
        n -= k;
    }
    return h;
}

/* The slot of the key: its entry's, or the free one where it would stand. */
static size_t find_slot(const rf_map *m, const char *key, size_t n, uint64_t hash)
{
    size_t mask = m->slot_count - 1;
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        if (!m->slots[i]) return i;
        const entry *e = &m->entries[m->slots[i] - 1];
        if (e->hash == hash && e->n == n && (!n || !memcmp(e->key, key, n))) return i;
    }
}

static bool grow_slots(rf_map *m)
{
    size_t count = m->slot_count ? 2 * m->slot_count : 64, mask = count - 1;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (!slots) return false;
    for (size_t k = 0; k < m->count; k++) {
        size_t i = (size_t)m->entries[k].hash & mask;
        while (slots[i]) i = (i + 1) & mask;
        slots[i] = (uint32_t)(k + 1);
    }
    free(m->slots);
    m->slots = slots;
    m->slot_count = count;
    return true;
}

static bool grow_entries(rf_map *m)
{
    size_t cap = m->cap ? 2 * m->cap : 32;
    if (m->count >= UINT32_MAX - 1) return false;
    entry *e = realloc(m->entries, cap * sizeof *e);
    if (!e) return false;
    m->entries = e;
    m->cap = cap;
    return true;
}

/* A copy of the key, NUL-terminated. */
static const char *keep_key(rf_map *m, const char *key, size_t n)
{
    if (n > SIZE_MAX / 2) return NULL;
    if (!m->top || m->top->size - m->top->used < n + 1) {
        size_t size = n + 1 > CHUNK ? n + 1 : CHUNK;
        chunk *c = malloc(sizeof *c + size);
        if (!c) return NULL;
        *c = (chunk){.below = m->top, .size = size};
        m->top = c;
    }
    char *p = m->top->bytes + m->top->used;
    if (n) memcpy(p, key, n);
    p[n] = '\0';
    m->top->used += n + 1;
    return p;
}

/* The entry of the key, made with value 0 if new.  NULL: no memory. */
static entry *entry_of(rf_map *m, const char *key, size_t n)
{
    if (2 * m->count >= m->slot_count && !grow_slots(m)) return NULL;
    uint64_t hash = hash_bytes(key, n);
    size_t i = find_slot(m, key, n, hash);
    if (m->slots[i]) return &m->entries[m->slots[i] - 1];
    if (m->count == m->cap && !grow_entries(m)) return NULL;
    const char *copy = keep_key(m, key, n);
    if (!copy) return NULL;
    entry *e = &m->entries[m->count++];
    *e = (entry){.key = copy, .n = n, .hash = hash};
    m->slots[i] = (uint32_t)m->count;
    return e;
}

bool rf_map_put(rf_map *m, const char *key, size_t n, int64_t value)
{
    entry *e = entry_of(m, key, n);
    if (e) e->value = value;
    return e != NULL;
}

int64_t rf_map_get(const rf_map *m, const char *key, size_t n, int64_t absent)
{
    if (!m->count) return absent;
    uint32_t k = m->slots[find_slot(m, key, n, hash_bytes(key, n))];
    return k ? m->entries[k - 1].value : absent;
}

int64_t rf_map_add(rf_map *m, const char *key, size_t n, int64_t by)
{
    entry *e = entry_of(m, key, n);
    return e ? (e->value += by) : INT64_MIN;
}

size_t rf_map_count(const rf_map *m) { return m->count; }

const char *rf_map_at(const rf_map *m, size_t i, size_t *n, int64_t *value)
{
    const entry *e = &m->entries[i];
    if (n) *n = e->n;
    if (value) *value = e->value;
    return e->key;
}
