#!/usr/bin/env python3
"""Every public header compiles alone and with all others, as C and as C++.  usage: test_headers.py INCLUDE CC CXX"""
import glob
import os
import shlex
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
import tap  # noqa: E402

INCLUDE = os.path.abspath(sys.argv[1])
HEADERS = sorted(os.path.basename(p) for p in glob.glob(os.path.join(INCLUDE, "refrain", "*.h")))
LANGUAGES = {
    "C": shlex.split(sys.argv[2]) + ["-std=c17", "-x", "c", "-Wstrict-prototypes"],
    "C++": shlex.split(sys.argv[3]) + ["-std=c++11", "-x", "c++"],
}
FLAGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror", "-Wno-variadic-macros", "-fsyntax-only"]


class Headers(unittest.TestCase):
    def compiles(self, language, *headers):
        code = "".join(f"#include <refrain/{h}>\n" for h in headers) + "extern int refrain_headers;\n"
        r = subprocess.run([*LANGUAGES[language], *FLAGS, "-I" + INCLUDE, "-"], input=code.encode(),
                           stderr=subprocess.PIPE)
        self.assertEqual(r.returncode, 0, r.stderr.decode())

    def test_each_alone(self):
        for language in LANGUAGES:
            for header in HEADERS:
                with self.subTest(header=header, language=language):
                    self.compiles(language, header)

    def test_all_together_in_both_orders(self):
        for language in LANGUAGES:
            self.compiles(language, *HEADERS, *HEADERS)
            self.compiles(language, *reversed(HEADERS))


if __name__ == "__main__":
    tap.main()
