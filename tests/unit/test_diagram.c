/* test_diagram.c -- diagrams: every box beyond its inputs, nothing on top of anything, few crossings. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include <refrain/io.h>

#include "../suite.h"
#include "io/diagram.h"
#include "svg.h"

static rf_str drawn(const rf_diagram *d)
{
    rf_str s = {0};
    rf_diagram_svg(d, &s);
    CU_ASSERT_FALSE_FATAL(s.failed);
    CU_ASSERT(well_formed(s.s));
    CU_ASSERT_PTR_NULL(strstr(s.s, "nan"));
    CU_ASSERT_PTR_NULL(strstr(s.s, "inf"));
    return s;
}

/* e = (a + b)(b + 1) */
static rf_diagram *example(rf_flow flow)
{
    rf_diagram *d = rf_diagram_new("e = (a + b)·(b + 1)", flow);
    const int a = rf_diagram_node(d, RF_DIAGRAM_INPUT, "a", "= 2", "∂e/∂a = 2");
    const int b = rf_diagram_node(d, RF_DIAGRAM_INPUT, "b", "= 1", "∂e/∂b = 5");
    const int c = rf_diagram_node(d, RF_DIAGRAM_PLAIN, "c = a + b", "= 3", NULL);
    const int dd = rf_diagram_node(d, RF_DIAGRAM_PLAIN, "d = b + 1", "= 2", NULL);
    const int e = rf_diagram_node(d, RF_DIAGRAM_OUTPUT, "e = c·d", "= 6\n<&>", NULL);
    CU_ASSERT(rf_diagram_edge(d, b, dd, "1"));
    CU_ASSERT(rf_diagram_edge(d, a, c, "1"));
    CU_ASSERT(rf_diagram_edge(d, b, c, "1"));
    CU_ASSERT(rf_diagram_edge(d, c, e, "d = 2"));
    CU_ASSERT(rf_diagram_edge(d, dd, e, NULL));
    CU_ASSERT(rf_diagram_note(d, "forward 8, reverse 5"));
    return d;
}

static void the_lectures_example(void)
{
    for (rf_flow flow = RF_DIAGRAM_UP; flow <= RF_DIAGRAM_RIGHT; flow++) {
        rf_diagram *d = example(flow);
        rf_str a = drawn(d), b = drawn(d);
        CU_ASSERT_STRING_EQUAL(a.s, b.s);
        CU_ASSERT_EQUAL(count(a.s, "<rect"), 1 + 5);
        CU_ASSERT_EQUAL(count(a.s, "<path"), 2 * 5); /* each with its tip */
        CU_ASSERT_PTR_NOT_NULL(strstr(a.s, ">d = 2<"));
        CU_ASSERT_PTR_NOT_NULL(strstr(a.s, ">&lt;&amp;&gt;<"));
        CU_ASSERT_PTR_NOT_NULL(strstr(a.s, ">forward 8, reverse 5<"));
        rf_diagram_free(d);
        rf_str_free(&a);
        rf_str_free(&b);
    }
    rf_diagram_free(NULL);
}

static void what_is_no_edge(void)
{
    rf_diagram *d = rf_diagram_new(NULL, RF_DIAGRAM_UP);
    rf_str s = drawn(d); /* nothing at all is a picture too */
    rf_str_free(&s);
    CU_ASSERT_FALSE(rf_diagram_edge(d, 0, 0, NULL));
    CU_ASSERT_EQUAL(rf_diagram_node(d, RF_DIAGRAM_PLAIN, "a", NULL, NULL), 0);
    CU_ASSERT_FALSE(rf_diagram_edge(d, 0, 0, NULL));
    CU_ASSERT_FALSE(rf_diagram_edge(d, 0, 1, NULL));
    CU_ASSERT_FALSE(rf_diagram_edge(d, -1, 0, NULL));
    s = drawn(d);
    CU_ASSERT_EQUAL(count(s.s, "<path"), 0);
    rf_str_free(&s);
    rf_diagram_free(d);
}

/* ---- Layouts ------------------------------------------------------------------------------------ */

static rf_diagram *blank(int boxes)
{
    rf_diagram *d = rf_diagram_new(NULL, RF_DIAGRAM_UP);
    for (int i = 0; i < boxes; i++) {
        char name[16];
        snprintf(name, sizeof name, "v%d", i);
        CU_ASSERT_EQUAL(rf_diagram_node(d, RF_DIAGRAM_PLAIN, name, NULL, NULL), i);
    }
    return d;
}

/* Boxes of different widths; labels on every edge, or on none. */
static rfi_layout laid_out(const rf_diagram *d, bool labels)
{
    rfi_item *box = calloc(d->boxes + 1, sizeof *box);
    rfi_item *label = calloc(d->edges + 1, sizeof *label);
    rfi_layout l;
    for (size_t i = 0; i < d->boxes; i++) {
        const double half = 10 + (double)(i * 7 % 40);
        box[i] = (rfi_item){.before = half, .after = half, .depth = 20 + (double)(i % 3) * 15};
    }
    for (size_t e = 0; e < d->edges; e++)
        if (labels) label[e] = (rfi_item){.before = 4, .after = 30, .depth = 15};
    CU_ASSERT_FATAL(rfi_layout_make(&l, d, box, label));
    free(box);
    free(label);
    return l;
}

/* What the invariants of io/diagram.h say. */
static void is_sound(const rfi_layout *l, const rf_diagram *d)
{
    int wrong = 0;
    for (int r = 0; r < l->ranks; r++)
        for (int k = l->first[r]; k + 1 < l->first[r + 1]; k++) {
            const rfi_item *x = &l->item[l->order[k]], *y = &l->item[l->order[k + 1]];
            wrong += x->rank != r || y->place != x->place + 1;
            wrong += !(x->at + x->after + 10 < y->at - y->before);
        }
    for (int u = 0; u < l->items; u++) {
        const rfi_item *x = &l->item[u];
        wrong += !(x->at - x->before > -1e-6 && x->at + x->after < l->across + 1e-6);
        wrong += !(l->base[x->rank] + x->depth < l->along + 1e-6);
    }
    for (size_t e = 0; e < d->edges; e++) {
        const int first = l->edge_piece[e], last = l->edge_piece[e + 1] - 1;
        const rfi_edge *x = &d->edge[e];
        wrong += last < first;
        wrong += l->piece[first].low != (l->back[e] ? x->to : x->from);
        wrong += l->piece[last].high != (l->back[e] ? x->from : x->to);
        for (int k = first; k <= last; k++) {
            const rfi_piece *p = &l->piece[k];
            wrong += l->item[p->high].rank != l->item[p->low].rank + 1;
            wrong += k < last && (p[1].low != p->high || !l->item[p->high].bend);
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static int crossings(const rfi_layout *l)
{
    int n = 0;
    for (int p = 0; p < l->pieces; p++)
        for (int q = 0; q < p; q++) {
            const rfi_piece *a = &l->piece[p], *b = &l->piece[q];
            if (l->item[a->low].rank != l->item[b->low].rank) continue;
            const int low = l->item[a->low].place - l->item[b->low].place;
            const int high = l->item[a->high].place - l->item[b->high].place;
            n += (low < 0 && high > 0) || (low > 0 && high < 0);
        }
    return n;
}

static void graphs_at_random(void)
{
    const rf_key key = rf_key_make(7, "diagram", 0);
    uint64_t at = 0;
    for (int k = 0; k < 60; k++) {
        const int n = 2 + k;
        rf_diagram *d = blank(n);
        for (int e = 0; e < n + n / 2; e++) {
            const int from = (int)(rf_uniform(key, at++) * n),
                      to = (int)(rf_uniform(key, at++) * n);
            if (from != to) CU_ASSERT(rf_diagram_edge(d, from, to, NULL)); /* circles too */
        }
        rfi_layout l = laid_out(d, k % 2);
        is_sound(&l, d);
        rf_arena_free(l.arena);
        rf_diagram_free(d);
    }
}

static void inputs_stand_below(void)
{
    rf_diagram *d = blank(4);
    rf_diagram_edge(d, 0, 1, NULL);
    rf_diagram_edge(d, 1, 2, NULL);
    rf_diagram_edge(d, 3, 2, NULL); /* used late: it stands near to where it is used */
    rfi_layout l = laid_out(d, false);
    is_sound(&l, d);
    CU_ASSERT_EQUAL(l.ranks, 3);
    CU_ASSERT_EQUAL(l.item[3].rank, 1);
    rf_arena_free(l.arena);
    l = laid_out(d, true);
    is_sound(&l, d);
    CU_ASSERT_EQUAL(l.ranks, 5); /* labels between */
    rf_arena_free(l.arena);
    rf_diagram_free(d);
}

/* A tree whose leaves come in the worst order, and a ladder that is twisted: both can do without. */
static void crossings_are_undone(void)
{
    rf_diagram *d = blank(15);
    for (int leaf = 0; leaf < 8; leaf++) rf_diagram_edge(d, leaf, 8 + leaf % 4, NULL);
    for (int k = 0; k < 4; k++) rf_diagram_edge(d, 8 + k, 12 + k % 2, NULL);
    rf_diagram_edge(d, 12, 14, NULL);
    rf_diagram_edge(d, 13, 14, NULL);
    rfi_layout l = laid_out(d, false);
    is_sound(&l, d);
    CU_ASSERT_EQUAL(crossings(&l), 0);
    rf_arena_free(l.arena);
    rf_diagram_free(d);
    d = blank(12);
    for (int k = 0; k < 6; k++) {
        rf_diagram_edge(d, k, 6 + (k * 5 + 2) % 6, NULL);
        rf_diagram_edge(d, k, 6 + (k * 5 + 7) % 6, NULL);
    }
    l = laid_out(d, true);
    is_sound(&l, d);
    CU_ASSERT(crossings(&l) <= 10); /* a ring of twelve in two ranks: five at least, each twice */
    rf_arena_free(l.arena);
    rf_diagram_free(d);
}

static void long_edges_are_straight(void)
{
    rf_diagram *d = blank(6);
    for (int k = 0; k + 1 < 6; k++) rf_diagram_edge(d, k, k + 1, NULL);
    rf_diagram_edge(d, 0, 5, NULL); /* beside all of the others */
    rfi_layout l = laid_out(d, false);
    is_sound(&l, d);
    const int first = l.edge_piece[5];
    for (int k = first + 1; k + 1 < l.edge_piece[6]; k++)
        CU_ASSERT_DOUBLE_EQUAL(l.item[l.piece[k].low].at, l.item[l.piece[k].high].at, 3);
    rf_arena_free(l.arena);
    rf_diagram_free(d);
}

static void edges_beside_each_other(void)
{
    rf_diagram *d = blank(2);
    for (int k = 0; k < 3; k++) rf_diagram_edge(d, 0, 1, NULL);
    for (int labels = 0; labels < 2; labels++) {
        rfi_layout l = laid_out(d, labels);
        is_sound(&l, d);
        CU_ASSERT_EQUAL(crossings(&l), 0);
        for (int e = 1; e < 3; e++) {
            const rfi_piece *p = &l.piece[l.edge_piece[e]], *q = &l.piece[l.edge_piece[e - 1]];
            CU_ASSERT(fabs(p->low_port - q->low_port) > 5);
        }
        rf_arena_free(l.arena);
    }
    rf_diagram_free(d);
}

static void a_circle(void)
{
    rf_diagram *d = blank(3);
    for (int k = 0; k < 3; k++) rf_diagram_edge(d, k, (k + 1) % 3, "h");
    rfi_layout l = laid_out(d, true);
    is_sound(&l, d);
    CU_ASSERT_EQUAL(l.back[0] + l.back[1] + l.back[2], 1);
    rf_arena_free(l.arena);
    rf_str s = drawn(d);
    rf_str_free(&s);
    rf_diagram_free(d);
}

static void large(void)
{
    rf_diagram *d = blank(1500);
    for (int k = 1; k < 1500; k++) {
        rf_diagram_edge(d, k - 1 - (k % 3), k, NULL);
        if (k > 20) rf_diagram_edge(d, k - 20, k, NULL);
    }
    rfi_layout l = laid_out(d, false);
    is_sound(&l, d);
    rf_arena_free(l.arena);
    rf_diagram_free(d);
}

static void to_a_file(void)
{
    char path[] = "/tmp/refrain-diagram-XXXXXX";
    rf_error err = {0};
    rf_str file = {0};
    CU_ASSERT_FATAL(close(mkstemp(path)) == 0);
    rf_diagram *d = example(RF_DIAGRAM_UP);
    CU_ASSERT_EQUAL(rf_diagram_write(d, path, &err), RF_OK);
    CU_ASSERT_EQUAL(rf_file_read(path, 0, &file, &err), RF_OK);
    rf_str s = drawn(d);
    CU_ASSERT_STRING_EQUAL(file.s, s.s);
    CU_ASSERT_EQUAL(rf_diagram_write(d, "/no/such/folder/d.svg", &err), RF_EIO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/no/such/folder/d.svg"));
    unlink(path);
    rf_diagram_free(d);
    rf_str_free(&s);
    rf_str_free(&file);
}

int main(void)
{
    CU_TestInfo tests[] = {{"the lecture's example", the_lectures_example},
                           {"what is no edge", what_is_no_edge},
                           {"graphs at random", graphs_at_random},
                           {"inputs stand below", inputs_stand_below},
                           {"crossings are undone", crossings_are_undone},
                           {"long edges are straight", long_edges_are_straight},
                           {"edges beside each other", edges_beside_each_other},
                           {"a circle", a_circle},
                           {"large", large},
                           {"to a file", to_a_file},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{.pName = "diagram", .pTests = tests}, CU_SUITE_INFO_NULL};
    return run_suites(suites);
}
