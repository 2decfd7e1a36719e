/* fuzz_ledger.c -- any bytes as the log of an odyssey: an error with a text, or trainings to be asked for. */
#include "../../plugins/lab/ledger.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rf_error err = {0};
    lab_outcome out = {0};
    json_t *common = json_pack("{s:s, s:s}", "refrain", "odyssey", "rate", "0.1:0.3");
    lab_ledger *l = lab_ledger_parse((const char *)data, n, "fuzz", common, &err);
    MUST(!l == (err.status != RF_OK) && (l || err.text[0]));
    if (l && lab_ledger_get(l, (lab_entry){"lstm", 1, 2}, &out)) MUST(lab_ledger_found(l) > 0);
    MUST(out.epochs >= 0 && out.parameters >= 0);
    lab_ledger_free(l);
    json_decref(common);
    return 0;
}
