#!/usr/bin/env python3
"""The ABI grows both ways: old plugins in newer hosts, newer plugins in this host.
usage: test_growth.py CC SOURCE LIBREFRAIN REFRAIN RF_CHECK"""
import glob
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
import tap  # noqa: E402
from next_header import next_header  # noqa: E402

CC = shlex.split(sys.argv[1])
SOURCE, LIB, REFRAIN, CHECK = map(os.path.abspath, sys.argv[2:6])
HERE = os.path.join(SOURCE, "tests", "abi")
HELLO = os.path.join(SOURCE, "tests", "plugin", "hello", "hello.c")
WORK = tempfile.mkdtemp(prefix="refrain-abi-")
ENV = {**os.environ, "LD_LIBRARY_PATH": os.path.dirname(LIB)}


def headers(name, text):
    """A copy of all public headers with another plugin.h."""
    folder = os.path.join(WORK, name)
    shutil.copytree(os.path.join(SOURCE, "core", "include"), folder)
    with open(os.path.join(folder, "refrain", "plugin.h"), "w", encoding="utf-8") as f:
        f.write(text)
    return folder


def compile_to(out, include, *args):
    out = os.path.join(WORK, out)
    os.makedirs(os.path.dirname(out), exist_ok=True)
    subprocess.run([*CC, "-std=c17", "-D_GNU_SOURCE", "-O1", "-Wall", "-Werror", "-I" + include, *args, "-o", out],
                   check=True)
    return out


def plugin(out, include, source, *args):
    return compile_to(out, include, "-shared", "-fPIC", "-fvisibility=hidden", *args, source)


def run(*args):
    return subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV, timeout=100)


def setUpModule():
    read = lambda *p: open(os.path.join(SOURCE, *p), encoding="utf-8").read()
    now = read("core", "include", "refrain", "plugin.h")
    global OLD_PLUGIN, NEW_PLUGIN, NEEDY_PLUGIN, NEW_HOST
    old = headers("old", read("tests", "abi", "plugin_1_0.h"))
    new = headers("new", next_header(now))
    OLD_PLUGIN = plugin("1.0/refrain-hello.so", old, HELLO)
    NEW_PLUGIN = plugin("1.n/refrain-next.so", new, os.path.join(HERE, "next.c"), "-DNEEDS=0")
    NEEDY_PLUGIN = plugin("needy/refrain-next.so", new, os.path.join(HERE, "next.c"), "-DNEEDS=RF_ABI_MINOR")
    host = glob.glob(os.path.join(SOURCE, "core", "host", "*.c"))
    NEW_HOST = compile_to("bin/refrain", new, "-I" + os.path.join(SOURCE, "core"), '-DRF_PLUGIN_DIR="/nowhere"',
                          '-DRF_DATA_DIR="/nowhere"', *host, os.path.join(SOURCE, "apps", "refrain.c"), LIB,
                          "-ljansson", "-lutf8proc", "-lm", "-ldl", "-pthread")


def tearDownModule():
    shutil.rmtree(WORK)


class Growth(unittest.TestCase):
    def rows(self, *args):
        r = run(*args, "--format=json")
        self.assertEqual((r.returncode, r.stderr), (0, b""), args)
        return [json.loads(line)["row"] for line in r.stdout.decode().splitlines()]

    def test_old_plugin_in_this_host(self):
        self.assertEqual(self.rows(REFRAIN, OLD_PLUGIN, "count", "la", "你好"),
                         [{"word": "la", "bytes": 2}, {"word": "你好", "bytes": 6}])
        r = run(CHECK, OLD_PLUGIN)
        self.assertEqual(r.returncode, 0, r.stdout.decode())

    def test_old_plugin_in_the_next_host(self):
        self.assertEqual(self.rows(NEW_HOST, OLD_PLUGIN, "count", "la"), [{"word": "la", "bytes": 2}])
        self.assertEqual(run(NEW_HOST, OLD_PLUGIN, "say", "-n2", "--case=upper", "la").stdout, b"LA\nLA\n")
        self.assertEqual(run(NEW_HOST, OLD_PLUGIN, "say", "--help").stdout,
                         run(REFRAIN, OLD_PLUGIN, "say", "--help").stdout)

    def test_next_plugin_in_this_host(self):
        for verb in ("say", "again"):
            self.assertEqual(self.rows(REFRAIN, NEW_PLUGIN, verb),
                             [{"minor": self.minor(), "budget": -1, "case": "lower"}] * 2)
        r = run(CHECK, NEW_PLUGIN)
        self.assertEqual(r.returncode, 0, r.stdout.decode())

    def test_next_plugin_in_the_next_host(self):
        self.assertEqual(self.rows(NEW_HOST, NEW_PLUGIN, "again", "--times=1"),
                         [{"minor": self.minor() + 1, "budget": 0, "case": "lower"}])

    def test_plugin_that_needs_more_is_refused(self):
        r = run(REFRAIN, NEEDY_PLUGIN, "say")
        self.assertEqual((r.returncode, r.stdout), (2, b""))
        self.assertIn(f"needs plugin ABI 1.{self.minor() + 1} where this program has 1.{self.minor()}",
                      r.stderr.decode())
        self.assertEqual(len(self.rows(NEW_HOST, NEEDY_PLUGIN, "say")), 2)

    def minor(self):
        text = run(REFRAIN, "--version").stdout.decode()
        return int(text.split("ABI 1.")[1].split(")")[0])


if __name__ == "__main__":
    tap.main()
