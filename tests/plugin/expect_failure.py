#!/usr/bin/env python3
"""usage: expect_failure.py RF_CHECK PLUGIN TEST: rf-check fails in exactly that test, for a reason."""
import subprocess
import sys

check, plugin, test = sys.argv[1:]
run = subprocess.run([check, plugin], stdout=subprocess.PIPE, text=True, timeout=100)
lines = run.stdout.splitlines()
failed = [line.split(" - ")[1] for line in lines if line.startswith("not ok")]
passed = [line.split(" - ")[1] for line in lines if line.startswith("ok")]
planned = int(lines[0].split("..")[1])
print("".join("    " + line + "\n" for line in lines))  # indented: not the TAP of this test
if run.returncode != 1 or failed != [test]:
    sys.exit(f"{plugin}: failed {failed}, exit {run.returncode}, where {test} alone is due")
if len(failed) + len(passed) != planned:
    sys.exit(f"{plugin}: {len(failed) + len(passed)} results where {planned} are due")
if not any(line.startswith("# ") and not line.endswith(": ") for line in lines):
    sys.exit(f"{plugin}: no reason is given")
