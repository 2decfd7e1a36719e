/* lab/mark.h -- the place in a text that an error is about: the line, and a caret under the character. */
#ifndef LAB_MARK_H
#define LAB_MARK_H

#include <refrain/task.h>

/* Set `where` to two lines: the line of text [n] that holds byte `at`, shortened to what fits a
 * terminal, and blanks with a caret under the character at that byte (n: behind the last one).  The
 * text is UTF-8; control characters are shown as blanks. */
void lab_mark(rf_str *where, const char *text, size_t n, size_t at);

/* How a run ends that may have set a mark: shows it, then rf_session_end. */
rf_status lab_end_marked(rf_session *s, rf_status st, const rf_str *where, const rf_error *err);

#endif
