#!/usr/bin/env python3
"""An encoder of refrain-caption beside PyTorch, in turn: encoder.py BUILD_DIR FOLDER [--pairs 9]

FOLDER has model.json and model.safetensors, such as MobileNetV2's (plugins/caption/README.md says where
to get it).  Both sides of a pair run right after one another, in processes of their own and on the same
weights and pictures, and take turns in beginning; the ratio of pictures a second is taken pair by pair,
and its median, minimum and maximum are printed.  PyTorch runs the fastest of six ways.  First both sides
must compute the same features.

Exit status 77: PyTorch or the weights are not there."""
import argparse
import json
import os
import statistics
import subprocess
import sys

from common import HERE, python_with_torch, skip, torch_environment


def ask(command, environment):
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode == 77:
        skip(done.stdout.strip().replace("skipped: ", ""))
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def same(ours, theirs):
    """The largest difference, relative to the largest number."""
    return max(abs(a - b) for a, b in zip(ours, theirs)) / max(map(abs, theirs)) if len(ours) == len(theirs) else 1


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("build")
    a.add_argument("folder")
    a.add_argument("--pairs", type=int, default=9)
    a.add_argument("--seconds", type=float, default=3, help="of each side in a pair")
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--batch", type=int, default=8)
    a.add_argument("--format", choices=("text", "json"), default="text")
    o = a.parse_args()
    for name in "model.json", "model.safetensors":
        if not os.path.exists(os.path.join(o.folder, name)):
            skip(f"{os.path.join(o.folder, name)} is not there")
    ours = os.path.join(o.build, "tests/bench/bench_encoder")
    if not os.path.exists(ours):
        sys.exit(f"{ours} is not there: ninja -C {o.build} tests/bench/bench_encoder")
    args = [o.folder, "--threads", str(o.threads), "--batch", str(o.batch), "--seconds", str(o.seconds), "--format", "json"]
    sides = [([ours, *args], os.environ),
             ([python_with_torch(), os.path.join(HERE, "encoder_torch.py"), *args], torch_environment(o.threads))]
    far = same(*(ask([*command, "--check"], env)["features"] for command, env in sides))
    if not far < 1e-4:
        sys.exit(f"the features differ by {far:g}")
    pairs, ways = [], set()
    for turn in range(o.pairs):
        found = {k: ask(*sides[k]) for k in ((0, 1) if turn % 2 == 0 else (1, 0))}
        pairs.append((found[0]["pictures_per_s"], found[1]["pictures_per_s"]))
        ways.add(found[1]["way"])
    ratios = [a / b for a, b in pairs]
    numbers = {"threads": o.threads, "batch": o.batch, "seconds": o.seconds, "differ": far, "ways": sorted(ways),
               "refrain_per_s": statistics.median(p[0] for p in pairs), "pytorch_per_s": statistics.median(p[1] for p in pairs),
               "ratio": {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios), "pairs": ratios}}
    if o.format == "json":
        print(json.dumps(numbers))
        return
    r = numbers["ratio"]
    print(f"{o.threads} threads, batches of {o.batch}: refrain {numbers['refrain_per_s']:.1f} pictures/s, pytorch "
          f"{numbers['pytorch_per_s']:.1f} ({', '.join(numbers['ways'])}), ratio {r['median']:.2f} [{r['min']:.2f} - {r['max']:.2f}], "
          f"{len(pairs)} pairs, features differ by {far:.1g}")


main()
