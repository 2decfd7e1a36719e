/* svg.h -- what tests of pictures look at. */
#ifndef UNIT_SVG_H
#define UNIT_SVG_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Every element is closed in order, attributes are quoted, and no bare &. */
static inline bool well_formed(const char *s)
{
    char stack[16][16];
    int depth = 0;
    for (; *s; s++) {
        if (*s == '&' && strncmp(s, "&amp;", 5) && strncmp(s, "&lt;", 4) && strncmp(s, "&gt;", 4) &&
            strncmp(s, "&quot;", 6))
            return false;
        if (*s == '>') return false; /* those of tags are passed over below */
        if (*s != '<') continue;
        bool closes = s[1] == '/';
        char name[16] = {0};
        sscanf(s + 1 + closes, "%15[a-z]", name);
        int quotes = 0;
        for (s++; *s && (*s != '>' || quotes % 2); s++) quotes += *s == '"';
        if (!*s || quotes % 2) return false;
        if (closes && (!depth-- || strcmp(stack[depth], name))) return false;
        if (!closes && s[-1] != '/' && depth < 16) strcpy(stack[depth++], name);
    }
    return depth == 0;
}

static inline int count(const char *s, const char *what)
{
    int n = 0;
    for (; (s = strstr(s, what)); s++) n++;
    return n;
}

#endif
