/* fuzz_date.c -- any text as a date; what is one comes back as it was, to the day. */
#include <string.h>

#include "../../plugins/lab/table.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char text[64] = {0}, again[32];
    double days;
    if (n >= sizeof text) return 0;
    memcpy(text, data, n);
    if (!lab_date_parse(text, &days)) return 0;
    MUST(days > -800000 && days < 3000000);
    lab_date_text(days, again);
    MUST(!strncmp(text, again, 10) || strstr(text, ":59:")); /* seconds are rounded */
    return 0;
}
