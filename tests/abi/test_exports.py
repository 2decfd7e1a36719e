#!/usr/bin/env python3
"""A plugin exports its entry alone, librefrain rf_* alone.  usage: test_exports.py LIBREFRAIN PLUGIN..."""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
import tap  # noqa: E402

LIB, PLUGINS = sys.argv[1], sys.argv[2:]
# Of the sanitizers' and the profiler's run time, when built with them.
FOREIGN = ("__asan", "__ubsan", "__tsan", "__sanitizer", "__odr_asan", "__gcov", "__llvm", "__start_", "__stop_", "mangle_path")


def exported(path):
    out = subprocess.run(["nm", "-D", "--defined-only", path], stdout=subprocess.PIPE, check=True, text=True).stdout
    names = {line.split()[2].split("@")[0] for line in out.splitlines() if line.split()[1] != "A"}
    return {n for n in names if not n.startswith(FOREIGN)}


class Exports(unittest.TestCase):
    def test_librefrain(self):
        names = exported(LIB)
        self.assertIn("rf_main", names)
        self.assertEqual({n for n in names if not n.startswith("rf_")}, set())

    def test_plugins(self):
        for path in PLUGINS:
            with self.subTest(path=path):
                self.assertEqual(exported(path), {"rf_plugin_entry_1"})


if __name__ == "__main__":
    tap.main()
