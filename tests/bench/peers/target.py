#!/usr/bin/env python3
"""Training to the end, Refrain and PyTorch one after the other, with the same network and recipe.

    target.py BUILD_DIR TEXT --target 1.47 -- --hidden=384 --embed=64 --batch=32 --epochs=11 ...
    target.py BUILD_DIR TEXT --valid TEXT -- --unit=word --optimizer=sgd ...

What follows -- goes to both refrain-lm train and lm.py; options stand as --name=value.  With --target:
the seconds of training until the validation loss is that low, and their ratio; each side is stopped
there.  Without: seconds of an epoch, and the perplexity after each.  --seeds N repeats it."""
import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from common import HERE, python_with_torch, torch_environment


def valid_lines(path, process):
    """Validations in a log that is being written, as they come."""
    with open(path, encoding="utf-8") as log:
        part = ""
        while True:
            over = process.poll() is not None
            part += log.readline()
            if part.endswith("\n"):
                event, part = json.loads(part), ""
                if event["event"] == "valid":
                    yield event
            elif over:
                return
            else:
                time.sleep(0.02)


def follow(name, command, environment, log, o):
    """Validations until the target or the end."""
    open(log, "w").close()
    seen = []
    with open(log + ".err", "w+") as err:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL if name == "refrain" else
                                   open(log, "w"), stderr=err)
        try:
            for e in valid_lines(log, process):
                seen.append(e)
                print(f"{name:8} epoch {e['epoch']:4.0f}  {e['elapsed']:8.1f} s  loss {e['valid_loss']:.4f}  "
                      f"perplexity {e['valid_perplexity']:.2f}", flush=True)
                if o.target and e["valid_loss"] <= o.target:
                    return seen
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()
        err.seek(0)
        if process.returncode:
            sys.exit(f"{name}: {err.read()}")
    return seen


def run_both(o, seed, folder):
    valid = ["--valid", o.valid] if o.valid else []
    common = [o.text, *valid, *o.recipe, f"--seed={seed}"]
    log = os.path.join(folder, "log")
    ours = [os.path.join(o.build, "apps/refrain-lm"), "train", *common, "--model", os.path.join(folder, "model"),
            "--threads", str(o.threads), "--log", log]
    theirs = [o.python, os.path.join(HERE, "lm.py"), *common, *o.torch.split(), f"--until={o.target}"]
    return (follow("refrain", ours, os.environ, log, o),
            follow("pytorch", theirs, torch_environment(o.threads), log, o))


def seconds_to(target, seen):
    return next((e["elapsed"] for e in seen if e["valid_loss"] <= target), None)


def tell_target(o, runs):
    times = [tuple(seconds_to(o.target, seen) for seen in r) for r in runs]
    for seed, (a, b) in enumerate(times, 1):
        show = lambda t: "not reached" if t is None else f"{t:.1f} s"
        print(f"seed {seed}: loss {o.target}: refrain {show(a)}, pytorch {show(b)}")
    reached = [(a, b) for a, b in times if a and b]
    if reached:
        a, b = (statistics.median(t[k] for t in reached) for k in (0, 1))
        print(f"median: refrain {a:.1f} s, pytorch {b:.1f} s, ratio {b / a:.2f}  ({len(reached)} of {len(runs)} seeds)")


def tell_epochs(runs):
    for k, name in enumerate(("refrain", "pytorch")):
        per = [r[k][-1]["elapsed"] / r[k][-1]["epoch"] for r in runs]
        end = [r[k][-1]["valid_perplexity"] for r in runs]
        print(f"{name}: {statistics.median(per):.1f} s an epoch, validation included; perplexity "
              f"{statistics.median(end):.2f} after {runs[0][k][-1]['epoch']:.0f}")


def main():
    at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("build")
    a.add_argument("text")
    a.add_argument("--valid")
    a.add_argument("--target", type=float, default=0)
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--seeds", type=int, default=1)
    a.add_argument("--torch", default="", help="more options of lm.py, in one word: --torch=--uniform=0.1")
    o = a.parse_args(sys.argv[1:at])
    o.recipe, o.python = sys.argv[at + 1:], python_with_torch()
    with tempfile.TemporaryDirectory() as folder:
        runs = [run_both(o, seed, folder) for seed in range(1, o.seeds + 1)]
    if o.target:
        tell_target(o, runs)
    else:
        tell_epochs(runs)


main()
