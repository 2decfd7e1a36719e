"""What the end-to-end tests share: running programs, looking at models, and reporting in TAP.

A test program is a file of functions named test_...; `main(globals())` runs them in order, each in an
empty folder of its own.  A function that returns has passed, one that raises has failed.
"""
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(sys.argv[1] if len(sys.argv) > 1 else SOURCE / "build").resolve()
APPS = BUILD / "apps"
LM = APPS / "refrain-lm"
LAB = APPS / "refrain-lab"

# A network so small that learning a few lines takes a moment.
TINY = "--hidden=16 --layers=1 --dropout=0 --batch=4 --bptt=16 --threads=1".split()
TEXT = "".join(
    f"{a} went up the hill, and {a} came down the hill, and round and round the {b} went.\n"
    for a in ("the fox", "the hen", "old Tom", "the moon", "a mouse")
    for b in ("wheel", "wind", "well", "year")
)


class Skip(Exception):
    """A test that cannot run here."""


def run(*command, ok=0, stdin=b"", **options):
    """Run a command; `ok` is the exit status that is due, or None.  Returns the completed process."""
    words = [str(w) for w in command]
    if isinstance(stdin, str):
        stdin = stdin.encode()
    p = subprocess.run(words, input=stdin, stdout=options.pop("stdout", subprocess.PIPE),
                       stderr=subprocess.PIPE, timeout=options.pop("timeout", 300), **options)
    p.err = p.stderr.decode(errors="replace")
    p.text = (p.stdout or b"").decode(errors="replace")
    if ok is not None and p.returncode != ok:
        raise AssertionError(f"{' '.join(words)}\nexit {p.returncode} where {ok} is due\n{p.err}")
    return p


def lm(*command, **options):
    return run(LM, *command, **options)


def lab(*command, **options):
    return run(LAB, *command, **options)


def train(model, *options, text="text.txt", **more):
    """Train a tiny model on TEXT."""
    if text == "text.txt" and not Path(text).exists():
        Path(text).write_text(TEXT)
    return lm("train", text, "--model", model, *TINY, *options, **more)


def events(*command, program=LM, **options):
    """The JSON lines that a command writes."""
    return [json.loads(x) for x in run(program, *command, "--format=json", **options).text.splitlines()]


def rows(*command, **options):
    """The same, the columns of a record's row among its own."""
    return [{**line, **line.get("row", {})} for line in events(*command, **options)]


def metrics(*command, of=None, **options):
    """The metrics of a command, the last of each name; with `of` those of that alone."""
    return {r["name"]: r["value"] for r in rows(*command, **options)
            if "name" in r and "value" in r and of in (None, r.get("of"))}


def tables(*command, program=LAB, **options):
    """The rows of every table that a command sends, by the table's name; metrics as {name: value}; its text."""
    out = {}
    for event in events(*command, program=program, **options):
        if event["event"] == "record":
            out.setdefault(event["table"], []).append(event["row"])
        elif event["event"] == "metric":
            out.setdefault("metric", {})[event["name"]] = event["value"]
        elif event["event"] == "text":
            out["text"] = out.get("text", "") + event["text"]
    return out


def tensors(path):
    """The raw bytes of every tensor of a safetensors file, by name, and the metadata."""
    data = Path(path).read_bytes()
    (n,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + n])
    meta = header.pop("__metadata__", {})
    out = {}
    for name, t in header.items():
        a, b = t["data_offsets"]
        out[name] = data[8 + n + a : 8 + n + b]
    return out, meta


def one_line(p, *needed):
    """The command failed with one clear line, and that line has the words.

    What a training says of its texts, and where a usage error points to the help, is not counted.
    """
    lines = [x for x in p.err.strip().splitlines()
             if not re.match(r"[\w-]+: \d.* to learn from", x) and not x.startswith("try '")]
    assert p.returncode in (1, 2), f"exit {p.returncode}: {p.err}"
    assert len(lines) == 1, f"one line is due: {p.err}"
    assert lines[0].startswith(f"{Path(p.args[0]).name}: "), lines[0]
    for word in needed:
        assert word in lines[0], f"{word!r} is not in {lines[0]!r}"
    return lines[0]


def refused(*command, words=(), program=LAB, **options):
    """One line of complaint that has the words."""
    return one_line(run(program, *command, ok=None, **options), *words)


def interrupted(*command, state):
    """Stop a training by Ctrl-C as soon as it has written its state, which it keeps."""
    p = subprocess.Popen([str(w) for w in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for _ in range(200):
        time.sleep(0.05)
        if Path(state).exists():
            break
    p.send_signal(signal.SIGINT)
    p.communicate(timeout=60)
    assert p.returncode == 130 and Path(state).exists(), p.returncode


def near(a, b, within):
    assert abs(a - b) <= within, f"{a} is not within {within} of {b}"


def run_test(test):
    """None: passed; a Skip; or what went wrong."""
    home = os.getcwd()
    folder = tempfile.mkdtemp(prefix="refrain-e2e-")
    os.chdir(folder)
    try:
        test()
        return None
    except Skip as why:
        return why
    except Exception:
        return traceback.format_exc()
    finally:
        os.chdir(home)
        shutil.rmtree(folder, ignore_errors=True)


def main(names):
    tests = [(n, f) for n, f in names.items() if n.startswith("test_")]
    only = sys.argv[2:]
    tests = [(n, f) for n, f in tests if not only or n in only]
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for k, (name, test) in enumerate(tests, 1):
        what = name[5:].replace("_", " ")
        result = run_test(test)
        if isinstance(result, Skip):
            print(f"ok {k} - {what} # SKIP {result}", flush=True)
        elif result:
            failed += 1
            print(re.sub("^", "# ", result.rstrip(), flags=re.M))
            print(f"not ok {k} - {what}", flush=True)
        else:
            print(f"ok {k} - {what}", flush=True)
    sys.exit(1 if failed else 0)
