/* base/arena.c -- many allocations, one release; and aligned memory outside of arenas.
 *
 * Invariant: every allocation is a multiple of 64 bytes at a multiple of 64, so a block as large as
 * the sum of all allocations holds them in any order.  Nothing is ever moved. */
#include <stdlib.h>
#include <string.h>
#if defined __linux__
#include <sys/mman.h>
#endif

#include <refrain/base.h>

#define ALIGN       ((size_t)64)
#define FIRST_BLOCK ((size_t)1 << 16)
#define HUGE_PAGE   ((size_t)1 << 21)
#define SLACK       8                /* one part in so many is kept above what was used */
#define LARGEST     (SIZE_MAX >> 25) /* what is above can only be a mistake */

typedef struct block {
    struct block *below;
    size_t size, used; /* of the bytes behind this header */
} block;

struct rf_arena {
    block *top;
    size_t next; /* least size of the next block */
    size_t used, mallocs;
};

_Static_assert(sizeof(block) <= ALIGN, "a block's header takes one unit of alignment");

static char *block_bytes(block *b) { return (char *)b + ALIGN; }

/* n rounded up to a multiple of ALIGN, or 0 if that is too much. */
static size_t round_up(size_t n) { return n > LARGEST ? 0 : (n + ALIGN - 1) / ALIGN * ALIGN; }

/* n bytes, n a multiple of ALIGN.  Large ones ask for huge pages: products of matrices touch so many
 * ordinary ones that looking these up takes a good part of the time. */
static void *take(size_t n)
{
    if (n < HUGE_PAGE) return aligned_alloc(ALIGN, n);
    /* C wants a multiple of the alignment; what is beyond n is never touched. */
    void *p = aligned_alloc(HUGE_PAGE, (n + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
#if defined MADV_HUGEPAGE
    if (p) (void)madvise(p, n, MADV_HUGEPAGE);
#endif
    return p;
}

rf_arena *rf_arena_new(size_t first)
{
    rf_arena *a = calloc(1, sizeof *a);
    if (a) a->next = first && round_up(first) ? round_up(first) : FIRST_BLOCK;
    return a;
}

static void free_blocks(rf_arena *a)
{
    while (a->top) {
        block *below = a->top->below;
        free(a->top);
        a->top = below;
    }
}

void rf_arena_free(rf_arena *a)
{
    if (!a) return;
    free_blocks(a);
    free(a);
}

/* Push a block of at least n bytes; blocks double, so their number stays small. */
static bool push_block(rf_arena *a, size_t n)
{
    size_t size = n > a->next ? n : a->next;
    block *b = take(size + ALIGN);
    if (!b && size > n) b = take((size = n) + ALIGN);
    if (!b) return false;
    *b = (block){.below = a->top, .size = size};
    a->top = b;
    a->mallocs++;
    a->next = size > LARGEST / 2 ? size : 2 * size;
    return true;
}

void *rf_arena_alloc(rf_arena *a, size_t n)
{
    n = round_up(n ? n : 1);
    if (!n) return NULL;
    if ((!a->top || a->top->size - a->top->used < n) && !push_block(a, n)) return NULL;
    void *p = block_bytes(a->top) + a->top->used;
    a->top->used += n;
    a->used += n;
    return p;
}

void *rf_arena_zalloc(rf_arena *a, size_t n)
{
    void *p = rf_arena_alloc(a, n);
    return p ? memset(p, 0, n) : NULL;
}

char *rf_arena_strdup(rf_arena *a, const char *s)
{
    size_t n = strlen(s) + 1;
    char *p = rf_arena_alloc(a, n);
    return p ? memcpy(p, s, n) : NULL;
}

void rf_arena_reset(rf_arena *a)
{
    if (a->top && a->top->below) {
        a->next = a->used + a->used / SLACK / ALIGN * ALIGN;
        free_blocks(a);
    }
    if (a->top) a->top->used = 0;
    a->used = 0;
}

size_t rf_arena_used(const rf_arena *a) { return a->used; }

size_t rf_arena_mallocs(const rf_arena *a) { return a->mallocs; }

void *rf_aligned_alloc(size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n)) return NULL;
    n = round_up(n ? n : 1);
    return n ? take(n) : NULL;
}

void *rf_aligned_calloc(size_t count, size_t size)
{
    void *p = rf_aligned_alloc(count, size);
    return p ? memset(p, 0, round_up(count * size)) : NULL;
}

void rf_aligned_free(void *p) { free(p); }

/* The pointer is copied as bytes: it may be of any type. */
bool rf_resize(void *pointer, size_t count, size_t size)
{
    void *p;
    if (size && count > SIZE_MAX / size) return false;
    memcpy(&p, pointer, sizeof p);
    p = realloc(p, count * size);
    if (!p) return false;
    memcpy(pointer, &p, sizeof p);
    return true;
}
