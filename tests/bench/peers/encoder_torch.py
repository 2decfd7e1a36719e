#!/usr/bin/env python3
"""An encoder of refrain-caption in PyTorch: encoder_torch.py FOLDER --threads 2 --batch 8 --seconds 3

Prints one JSON line as bench_encoder --format json does, or with --check the features.  Of a few ways to
run it (as it stands or frozen by TorchScript, channels first or last) it measures the one that is the
fastest in a short trial, and names it."""
import argparse
import json
import os
import statistics
import struct
import sys
import time

try:
    import torch
except ImportError:
    print("skipped: python3-torch is not installed")
    sys.exit(77)
import torch.nn.functional as F


def read_safetensors(path):
    with open(path, "rb") as f:
        raw = f.read()
    n = struct.unpack("<Q", raw[:8])[0]
    out = {}
    for name, t in json.loads(raw[8:8 + n]).items():
        if name == "__metadata__":
            continue
        dtype = {"F32": torch.float32, "F16": torch.float16, "F64": torch.float64}[t["dtype"]]
        a, b = (8 + n + at for at in t["data_offsets"])
        out[name] = torch.frombuffer(bytearray(raw[a:b]), dtype=dtype).float().reshape(t["shape"])
    return out


class Conv(torch.nn.Module):
    def __init__(self, layer, tensors):
        super().__init__()
        w = tensors[layer["weight"]]
        top, left, bottom, right = layer["pad"]
        even = top == bottom and left == right
        self.before = None if even else (left, right, top, bottom)
        groups = layer.get("groups", 1)
        self.conv = torch.nn.Conv2d(w.shape[1] * groups, w.shape[0], w.shape[2:], layer["stride"],
                                    (top, left) if even else 0, groups=groups, bias="bias" in layer)
        self.conv.weight.data = w
        if "bias" in layer:
            self.conv.bias.data = tensors[layer["bias"]]
        self.act = {"relu": torch.nn.ReLU(), "relu6": torch.nn.ReLU6()}.get(layer.get("activation"), torch.nn.Identity())

    def forward(self, x):
        if self.before is not None:
            x = F.pad(x, self.before)
        return self.act(self.conv(x))


class Encoder(torch.nn.Module):
    """The layers of model.json up to the features."""

    def __init__(self, folder):
        super().__init__()
        with open(os.path.join(folder, "model.json")) as f:
            self.spec = json.load(f)
        tensors = read_safetensors(os.path.join(folder, "model.safetensors"))
        self.plan = []
        for layer in self.spec["layers"]:
            op, name = layer["op"], layer["output"]
            if "conv2d" in op:
                self.add_module(name, Conv(layer, tensors))
            elif op not in ("add", "global_avg_pool"):
                print(f"skipped: {op} is not compared")
                sys.exit(77)
            self.plan.append((op, layer["inputs"], name))
            if name == self.spec["outputs"]["features"]:
                break

    def forward(self, x):
        at = {"input": x}
        for op, inputs, name in self.plan:
            first = at[inputs[0]]
            if op == "add":
                at[name] = first + at[inputs[1]]
            elif op == "global_avg_pool":
                at[name] = first.mean((2, 3))
            else:
                at[name] = self._modules[name](first)
        return at[self.plan[-1][2]]


def ways(net, x):
    """(name, function, input) of each way to run it."""
    for order, name in (torch.contiguous_format, "channels first"), (torch.channels_last, "channels last"):
        here = x.to(memory_format=order)
        net = net.to(memory_format=order)
        yield f"{name}, as it stands", net, here
        traced = torch.jit.freeze(torch.jit.trace(net, here))
        yield f"{name}, frozen", traced, here
        yield f"{name}, optimized for inference", torch.jit.optimize_for_inference(traced), here


def rate(run, x, seconds):
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        run(x)
        times.append(time.perf_counter() - start)
    return len(x) / statistics.median(times)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("folder")
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--batch", type=int, default=8)
    a.add_argument("--seconds", type=float, default=3)
    a.add_argument("--format", choices=("text", "json"), default="text")
    a.add_argument("--check", action="store_true")
    o = a.parse_args()
    torch.set_num_threads(o.threads)
    net = Encoder(o.folder).eval()
    _, rows, columns = net.spec["input"]["shape"]
    i = torch.arange(rows * columns * 3)
    x = torch.stack([((37 * i + 11 * b) % 256 - 127.5) / 127.5 for b in range(o.batch)])
    x = x.reshape(o.batch, rows, columns, 3).permute(0, 3, 1, 2).contiguous()
    with torch.no_grad():
        if o.check:
            print(json.dumps({"features": net(x)[-1].tolist()}))
            return
        best, name = None, None
        for way, run, here in ways(net, x):
            for _ in range(3):
                run(here)
            tried = rate(run, here, o.seconds / 6)
            if best is None or tried > best[0]:
                best, name = (tried, run, here), way
        found = rate(best[1], best[2], o.seconds)
    print(json.dumps({"pictures_per_s": found, "way": name}) if o.format == "json" else f"{found:.2f} pictures/s, {name}")


main()
