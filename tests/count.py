"""Count test cases: count.py TESTLOG.json STATUS

Reads what `meson test` wrote, one JSON object a line, one for each program.  A CUnit program says how
many tests it ran in its summary, a TAP program has one line a test; any other counts as one.  The
last line is "N passed, N failed" and, where there are any, "N skipped".  Exits 1 unless all is well.
"""
import json
import re
import sys

CUNIT = re.compile(r"^\s+tests\s+\d+\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*$", re.M)
TAP = re.compile(r"^(not ok|ok)\b(.*)$", re.M)


def count(program):
    """passed, failed, skipped of one program."""
    out = program.get("stdout") or ""
    result = program["result"]
    passed = failed = skipped = 0
    for ran, ok, bad, inactive in CUNIT.findall(out):
        passed, failed, skipped = passed + int(ok), failed + int(bad), skipped + int(inactive)
    if not passed + failed + skipped:
        for word, rest in TAP.findall(out):
            if re.search(r"#\s*skip", rest, re.I):
                skipped += 1
            elif word == "ok":
                passed += 1
            else:
                failed += 1
    if result in ("OK", "EXPECTEDFAIL"):
        return passed or (0 if skipped else 1), failed, skipped
    if result == "SKIP":
        return passed, failed, skipped or 1
    return passed, failed or 1, skipped


def main():
    with open(sys.argv[1], encoding="utf-8") as log:
        programs = [json.loads(line) for line in log]
    passed, failed, skipped = (sum(column) for column in zip(*map(count, programs)))
    if int(sys.argv[2]) and not failed:
        failed = 1  # meson itself saw something wrong
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


sys.exit(main())
