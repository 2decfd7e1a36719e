/* text/segment.h -- what the rules of splitting share. */
#ifndef TEXT_SEGMENT_H
#define TEXT_SEGMENT_H

#include <refrain/segment.h>

/* What a rule knows of a word besides; cleared in the end. */
enum {
    RFI_SEGMENT_SHORT = 1u << 8, /* an abbreviation with its full stop */
    RFI_SEGMENT_TITLE =
        1u << 9,                /* one that a name or number follows: never the end of a sentence */
    RFI_SEGMENT_FACE = 1u << 10 /* an emoticon */
};

void rfi_segment_add(rf_segments *s, size_t at, size_t n, uint32_t flags);
/* Cut word i behind its first n bytes; the rest gets `flags` and what follows it. */
void rfi_segment_cut(rf_segments *s, size_t i, size_t n, uint32_t flags);

/* The kinds of characters that rules tell apart. */
typedef enum rfi_kind { RFI_LETTER, RFI_DIGIT, RFI_BLANK, RFI_MARK } rfi_kind;
/* The character at s, of which n bytes are left (n > 0): its kind, code and length. */
rfi_kind rfi_segment_kind(const char *s, size_t n, int32_t *code, size_t *length);

void rfi_segment_english(const char *text, size_t n, rf_segments *out);
void rfi_segment_chinese(const char *text, size_t n, rf_segments *out);
void rfi_segment_blanks(const char *text, size_t n, rf_segments *out);

#endif
