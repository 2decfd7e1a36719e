#!/usr/bin/env python3
"""Write plugin.h as a later minor version may look: every struct of data that may grow has grown, there
are a new kind of event and a new type of option, and RF_ABI_MINOR is one more.
usage: next_header.py plugin.h > next/refrain/plugin.h"""
import re
import sys

GROWN = {
    "rf_option": "const char *environment;",
    "rf_field": "double weight;",
    "rf_event": "double when;",
    "rf_run": "double budget;",
    "rf_verb": "const char *since;",
    "rf_plugin": "const char *homepage;",
}
TABLES = {
    "RF_EV_RECORD = 6": "RF_EV_RECORD = 6,\n    RF_EV_PIXEL = 7",
    "RF_PATH = 8": "RF_PATH = 8,\n    RF_COLOR = 9",
}


def next_header(text):
    minor = int(re.search(r"#define RF_ABI_MINOR (\d+)", text).group(1))
    text = text.replace(f"#define RF_ABI_MINOR {minor}", f"#define RF_ABI_MINOR {minor + 1}")
    for name, field in GROWN.items():
        text, n = re.subn(r"\n\} %s;" % name, "\n    %s\n} %s;" % (field, name), text)
        assert n == 1, name
    for old, new in TABLES.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


if __name__ == "__main__":
    print(next_header(open(sys.argv[1], encoding="utf-8").read()))
