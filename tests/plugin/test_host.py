#!/usr/bin/env python3
"""What a person meets: help, hints, formats, exit statuses, signals.  usage: test_host.py REFRAIN HELLO.so VERSE.so"""
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import unicodedata
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
import tap  # noqa: E402

REFRAIN, HELLO, VERSE = map(os.path.abspath, sys.argv[1:4])


def run(*args, env=None, **kw):
    kw.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([REFRAIN, *args], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60,
                          env={**os.environ, **(env or {})}, **kw)


def hello(*args, **kw):
    return run(HELLO, *args, **kw)


def columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


class CommandLine(unittest.TestCase):
    def out(self, *args):
        r = hello(*args)
        self.assertEqual((r.returncode, r.stderr), (0, b""), args)
        return r.stdout.decode()

    def test_forms_of_an_option(self):
        for form in (["--times=2"], ["--times", "2"], ["-n2"], ["-n", "2"], ["--times=2e0"], ["-qn2"]):
            self.assertEqual(self.out("say", *form, "la"), "la\nla\n", form)

    def test_last_one_holds(self):
        self.assertEqual(self.out("say", "-n9", "--times=1", "la"), "la\n")

    def test_operands_after_dashes(self):
        self.assertEqual(self.out("say", "--", "--times", "-x"), "--times -x\n")

    def test_options_after_operands(self):
        self.assertEqual(self.out("say", "la", "--case", "upper"), "LA\n")

    def test_options_of_the_host_before_the_verb(self):
        self.assertIn('"event":"text"', self.out("--format=json", "say", "la"))

    def refused(self, expected, *args):
        r = hello(*args)
        text = r.stderr.decode()
        self.assertEqual((r.returncode, r.stdout), (2, b""), args)
        self.assertIn(expected, text)
        self.assertEqual(len(text.splitlines()), 2, text)
        self.assertIn("--help'", text)

    def test_hints(self):
        self.refused("did you mean --times?", "say", "--tiems=2", "la")
        self.refused("did you mean --times?", "say", "--tim=2", "la")
        self.refused("did you mean upper?", "say", "--case=uper", "la")
        self.refused("did you mean say?", "sya", "la")
        self.refused("an option of say, not of count", "count", "--times=2", "la")

    def test_absurd_values(self):
        self.refused("0 is out of range: 1 to 1000000", "say", "--times=0", "la")
        self.refused("whole number", "say", "--times=2.5", "la")
        self.refused("whole number", "say", "--times=two", "la")
        self.refused("whole number", "say", "--times=", "la")
        self.refused("whole number", "say", "--times= 2", "la")
        self.refused("too large", "say", "--times=1e300", "la")
        self.refused("whole number", "say", "--times=nan", "la")
        self.refused("out of range", "say", "--times=99999999999", "la")
        self.refused("a value is due", "say", "la", "--times")
        self.refused("none of as-is, upper", "say", "--case=", "la")
        self.refused("takes no value", "say", "--no-quiet=1", "la")
        self.refused("no such option", "say", "-z", "la")
        self.refused("uses no model", "say", "--model=x", "la")
        self.refused("WORD... is due", "say")


class Descriptions(unittest.TestCase):
    def test_help_fits_80_columns(self):
        for args in (["--help"], ["say", "--help"], ["say", "--help=all"], ["count", "-h"]):
            r = hello(*args)
            self.assertEqual((r.returncode, r.stderr), (0, b""))
            for line in r.stdout.decode().splitlines():
                self.assertLessEqual(columns(line), 80, line)

    def test_help_tells_range_unit_and_default(self):
        text = hello("say", "--help").stdout.decode()
        self.assertIn("(times, 1 to 1000000; default 1)", text)
        self.assertIn("你好", text)

    def test_version(self):
        self.assertIn("org.refrain.hello", hello("--version").stdout.decode())

    def test_no_command(self):
        r = hello()
        self.assertEqual((r.returncode, r.stdout), (2, b""))
        self.assertIn("usage:", r.stderr.decode())

    def test_man_page(self):
        text = hello("--man").stdout.decode()
        self.assertTrue(text.splitlines()[1].startswith(".TH REFRAIN-HELLO 1"))
        for word in ("\\-\\-times", "EXIT STATUS", "你好"):
            self.assertIn(word, text)

    def test_completion_is_bash(self):
        script = hello("--completion=bash").stdout
        self.assertEqual(subprocess.run(["bash", "-n"], input=script).returncode, 0)
        script += b"""
COMP_WORDS=(refrain-hello sa); COMP_CWORD=1; _refrain_hello 2>/dev/null; echo "${COMPREPLY[@]}"
COMP_WORDS=(refrain-hello say --case = u); COMP_CWORD=4; _refrain_hello 2>/dev/null; echo "${COMPREPLY[@]}"
COMP_WORDS=(refrain-hello say --ti); COMP_CWORD=2; _refrain_hello 2>/dev/null; echo "${COMPREPLY[@]}"
"""
        out = subprocess.run(["bash"], input=script, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.assertEqual(out.stdout.decode().split("\n"), ["say", "upper", "--times=", ""])

    def test_listing(self):
        r = run("plugins", "--plugin-dir", os.path.dirname(HELLO), "--format=json")
        rows = [json.loads(line)["row"] for line in r.stdout.splitlines()]
        row = [x for x in rows if x["task"] == "hello"][0]
        self.assertEqual(row["commands"], ["say", "count"])


class Formats(unittest.TestCase):
    def test_text(self):
        lines = hello("count", "a", "你好").stdout.decode().splitlines()
        self.assertEqual(lines[1:], ["a" + " " * 13 + "1", "你好" + " " * 10 + "6"])

    def test_tsv(self):
        out = hello("count", "a\tb", "c\\d", "--format=tsv").stdout.decode()
        self.assertEqual(out, "#count\titem\tword\tbytes\ncount\t0\ta\\tb\t3\ncount\t1\tc\\\\d\t3\n")

    def test_json(self):
        words = ['"', "\\", "a\nb\x01", "你好", "\x7f"]
        out = hello("count", *words, "--format=json").stdout.decode().splitlines()
        self.assertEqual([json.loads(line)["row"]["word"] for line in out], words)

    def test_json_of_bytes_that_are_no_text(self):
        out = hello("count", b"\xff\xc3", "--format=json").stdout
        self.assertEqual(json.loads(out.decode())["row"]["word"], "\ufffd\ufffd")


class Card(unittest.TestCase):
    def setUp(self):
        meta = {"refrain.plugin": '"org.refrain.hello"', "refrain.options": '{"cell":"lstm","hidden":2}',
                "refrain.metrics": '{"valid_loss":1.25}', "foreign": "no JSON"}
        tensors = {"weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
                   "cursor": {"dtype": "I64", "shape": [], "data_offsets": [24, 32]}}
        header = json.dumps({"__metadata__": meta, **tensors}).encode()
        header += b" " * (-len(header) % 8)
        self.file = tempfile.NamedTemporaryFile(suffix=".safetensors")
        self.file.write(len(header).to_bytes(8, "little") + header + bytes(32))
        self.file.flush()

    def tearDown(self):
        self.file.close()

    def test_json(self):
        r = run("model", self.file.name, "--format=json")
        self.assertEqual((r.returncode, r.stderr), (0, b""))
        rows = [json.loads(line) for line in r.stdout.decode().splitlines()]
        table = lambda name: [x["row"] for x in rows if x["table"] == name]
        self.assertIn({"name": "refrain.plugin", "value": "org.refrain.hello"}, table("metadata"))
        self.assertIn({"name": "foreign", "value": "no JSON"}, table("metadata"))
        self.assertEqual(table("options"), [{"name": "cell", "value": "lstm"}, {"name": "hidden", "value": "2"}])
        self.assertEqual(table("metrics"), [{"name": "valid_loss", "value": "1.25"}])
        self.assertIn({"name": "weight", "type": "F32", "shape": [2, 3], "bytes": 24}, table("tensor"))
        self.assertEqual(table("total"), [{"tensors": 2, "parameters": 6, "bytes": 32}])

    def test_text(self):
        self.assertIn("[2 3]", run("model", self.file.name).stdout.decode())

    def test_what_is_no_model(self):
        for path in ("/no/such/file", "/dev/null", HELLO, "/"):
            r = run("model", path)
            self.assertEqual((r.returncode, r.stdout), (1, b""), path)
            self.assertIn(path, r.stderr.decode())
            self.assertEqual(len(r.stderr.splitlines()), 1)


class Search(unittest.TestCase):
    def test_every_place_is_told(self):
        r = run("nosuch", env={"REFRAIN_PLUGIN_PATH": "/nowhere/a:/nowhere/b:relative"})
        text = r.stderr.decode()
        self.assertEqual(r.returncode, 2)
        for place in ("/nowhere/a/refrain-nosuch.so: no such file", "/nowhere/b/", "/refrain/1/"):
            self.assertIn(place, text)
        self.assertNotIn("relative", text)

    def test_path_of_the_environment(self):
        r = run("hello", "say", "la", env={"REFRAIN_PLUGIN_PATH": os.path.dirname(HELLO)})
        self.assertEqual(r.stdout, b"la\n")

    def test_never_the_current_directory(self):
        r = run("hello", "say", "la", cwd=os.path.dirname(HELLO))
        self.assertEqual(r.returncode, 2)

    def test_a_file_that_is_no_plugin(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "refrain-text.so")
            with open(path, "w") as f:
                f.write("no plugin")
            r = run("--plugin-dir", folder, "text", "say")
            self.assertEqual(r.returncode, 2)
            self.assertIn(path, r.stderr.decode())


class ShortForms(unittest.TestCase):
    """hello is a task and says a verb of the plugin verse too; sing is a verb of verse, and so is rest."""

    def run(self, result=None):
        with tempfile.TemporaryDirectory() as folder:
            for plugin in (HELLO, VERSE):
                os.symlink(plugin, os.path.join(folder, os.path.basename(plugin)))
            self.env = {"REFRAIN_PLUGIN_PATH": folder}
            return super().run(result)

    def refrain(self, *args, code=0):
        r = run(*args, env=self.env)
        self.assertEqual(r.returncode, code, r.stderr)
        return r.stdout.decode(), r.stderr.decode()

    def test_a_verb_alone(self):
        self.assertEqual(self.refrain("sing"), ("sing\n", ""))
        self.assertEqual(self.refrain("sing", "--format=tsv"), self.refrain("verse", "sing", "--format=tsv"))
        r = run("--plugin-dir", os.path.dirname(VERSE), "sing")
        self.assertEqual((r.returncode, r.stdout), (0, b"sing\n"))

    def test_a_task_comes_first(self):
        self.assertEqual(self.refrain("hello", "say", "la"), ("la\n", ""))
        self.assertEqual(self.refrain("verse", "hello"), ("hello\n", ""))

    def test_messages_are_of_the_short_form(self):
        self.assertIn("usage: refrain sing [OPTION]...", self.refrain("sing", "--help")[0])
        said = self.refrain("sing", "la", code=2)[1]
        self.assertTrue(said.startswith("refrain: "), said)
        self.assertTrue(said.endswith("try 'refrain sing --help'\n"), said)

    def test_other_verbs_need_their_task(self):
        said = self.refrain("rest", code=2)[1]
        self.assertTrue(said.startswith("refrain: no plugin for 'rest'; tried\n"), said)
        self.assertTrue(said.endswith("\ntry 'refrain plugins'\n"), said)
        self.assertNotIn("did you mean", said)

    def test_a_hint(self):
        for word, hint in (("sign", "sing"), ("helo", "hello"), ("vers", "verse")):
            said = self.refrain(word, code=2)[1]
            self.assertTrue(said.startswith(f"refrain: no plugin for '{word}'; tried\n"), said)
            self.assertTrue(said.endswith(f"\ndid you mean 'refrain {hint}'? try 'refrain plugins'\n"), said)

    def test_help_lists_them(self):
        text = self.refrain("--help")[0]
        short = text[text.index("Short forms:"):]
        self.assertIn("\n  sing        refrain verse sing\n", short)
        self.assertNotIn("rest", short)
        for line in text.splitlines():
            self.assertLessEqual(columns(line), 80, line)


class Launchers(unittest.TestCase):
    def test_a_verb_that_shares_no_work(self):
        for env in ({"OMPI_COMM_WORLD_SIZE": "3"}, {"PMI_SIZE": "3", "PMI_RANK": "0"}):
            r = run(HELLO, "say", "la", env=env)
            self.assertEqual((r.returncode, r.stdout), (2, b""))
            self.assertEqual(r.stderr, b"refrain hello: say: is the work of one process; MPI started 3\n")

    def test_one_process_is_no_group(self):
        for env in ({"OMPI_COMM_WORLD_SIZE": "1"}, {"PMI_SIZE": "1"}, {"PMI_SIZE": "many"}, {"PMI_SIZE": ""}):
            self.assertEqual(run(HELLO, "say", "la", env=env).stdout, b"la\n")


class Endings(unittest.TestCase):
    def test_full_disk(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        for args in (["say", "la"], ["say", "-n", "100000", "la"], ["--help"], ["--man"]):
            with open("/dev/full", "wb") as full:
                r = hello(*args, stdout=full)
            self.assertEqual(r.returncode, 1, args)
            self.assertIn("No space left on device", r.stderr.decode())
            self.assertEqual(len(r.stderr.splitlines()), 1)

    def test_closed_output(self):
        r = subprocess.run(["sh", "-c", 'exec "$0" "$1" say la >&-', REFRAIN, HELLO], stderr=subprocess.PIPE)
        self.assertEqual(r.returncode, 1)
        self.assertIn("standard output", r.stderr.decode())

    def test_nobody_reads(self):
        p = subprocess.Popen([REFRAIN, HELLO, "say", "-n", "1000000", "la"], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        p.stdout.readline()
        p.stdout.close()
        self.assertEqual(p.stderr.read(), b"")
        self.assertEqual(p.wait(60), -signal.SIGPIPE)
        p.stderr.close()

    def test_interrupted(self):
        for sig in (signal.SIGINT, signal.SIGTERM):
            with tempfile.TemporaryFile() as out:
                p = subprocess.Popen([REFRAIN, HELLO, "say", "-n", "1000000", "la"], stdout=subprocess.PIPE)
                first = p.stdout.readline()
                p.send_signal(sig)
                rest = p.stdout.read()
                self.assertEqual(p.wait(60), 130)
                self.assertEqual(first, b"la\n")
                self.assertTrue(rest.endswith(b"\n") and len(rest) < 2999990)
                p.stdout.close()
                out.close()

    def test_progress_on_a_terminal_leaves_it_clean(self):
        try:
            ours, theirs = pty.openpty()
        except OSError as why:
            self.skipTest(f"no pseudo-terminal: {why}")
        p = subprocess.Popen([REFRAIN, HELLO, "say", "-n", "1000000", "la"], stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        os.close(ours)
        self.assertEqual(p.wait(60), 0)
        if seen:
            self.assertIn(b" times", seen)
            self.assertTrue(seen.endswith(b"\r\x1b[K"))

    def test_quiet_when_piped(self):
        self.assertEqual(hello("say", "-n", "1000", "la").stderr, b"")


if __name__ == "__main__":
    tap.main()
