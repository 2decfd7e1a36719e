#!/usr/bin/env python3
"""Make golden/encoder: a tiny convolutional network as refrain-caption reads it, and what PyTorch makes of a picture.

Made once with PyTorch 1.13.1 and committed.  model.json lists the layers, every kind once; expected.json has the
features, the map [rows, columns, channels] and the probabilities of the picture 16 x 16 whose pixel (x, y) is
(16 x, 16 y, 8 (x + y)).

usage: make_encoder.py [FOLDER]
"""
import json
import os
import sys

import torch
import torch.nn.functional as F

from make_golden import write_safetensors

ACT = {"none": lambda t: t, "relu": torch.relu, "relu6": F.relu6}


def conv(op, name, source, c, o, k, stride, pad, act, groups=1):
    return {"op": op, "inputs": [source], "output": name, "weight": name + ".weight", "bias": name + ".bias",
            "kernel": [k, k], "stride": [stride, stride], "pad": pad, "groups": groups, "activation": act,
            "shape": [o, c // groups, k, k]}


LAYERS = [
    conv("conv2d", "stem", "input", 3, 8, 3, 2, [0, 0, 1, 1], "relu6"),
    conv("depthwise_conv2d", "depth", "stem", 8, 8, 3, 1, [1, 1, 1, 1], "relu6", 8),
    conv("conv2d", "point", "depth", 8, 8, 1, 1, [0, 0, 0, 0], "none"),
    {"op": "add", "inputs": ["stem", "point"], "output": "sum", "activation": "relu6"},
    {"op": "max_pool", "inputs": ["sum"], "output": "largest", "kernel": [2, 2], "stride": [2, 2], "pad": [0, 0, 0, 0]},
    conv("conv2d", "pairs", "largest", 8, 12, 3, 1, [1, 1, 1, 1], "relu", 2),
    {"op": "avg_pool", "inputs": ["pairs"], "output": "means", "kernel": [3, 3], "stride": [1, 1], "pad": [1, 1, 1, 1]},
    {"op": "global_avg_pool", "inputs": ["means"], "output": "pool"},
    {"op": "linear", "inputs": ["pool"], "output": "logits", "weight": "classes.weight", "bias": "classes.bias",
     "shape": [5, 12]},
    {"op": "softmax", "inputs": ["logits"], "output": "prob"},
]


def apply(layer, x, t):
    top, left, bottom, right = layer.get("pad", [0, 0, 0, 0])
    w, b = t.get(layer.get("weight")), t.get(layer.get("bias"))
    op, (first, *rest) = layer["op"], [x[n] for n in layer["inputs"]]
    if "conv2d" in op:
        y = F.conv2d(F.pad(first, (left, right, top, bottom)), w, b, layer["stride"], groups=layer["groups"])
    else:
        y = {"add": lambda: first + rest[0], "max_pool": lambda: F.max_pool2d(first, 2),
             "avg_pool": lambda: F.avg_pool2d(first, 3, 1, 1, count_include_pad=False),
             "global_avg_pool": lambda: first.mean((2, 3)), "linear": lambda: F.linear(first, w, b),
             "softmax": lambda: first.softmax(1)}[op]()
    return ACT[layer.get("activation", "none")](y)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "encoder")
    os.makedirs(folder, exist_ok=True)
    torch.manual_seed(20230101)
    tensors = {}
    for layer in LAYERS:
        shape = layer.pop("shape", None)
        if shape:
            tensors[layer["weight"]] = torch.randn(shape) * 0.5
            tensors[layer["bias"]] = torch.randn(shape[0])
    write_safetensors(os.path.join(folder, "model.safetensors"), tensors)
    model = {"name": "tiny", "input": {"shape": [3, 16, 16], "mean": [127.5] * 3, "scale": [1 / 127.5] * 3},
             "outputs": {"feature_map": "means", "features": "pool", "prob": "prob"}, "layers": LAYERS}
    with open(os.path.join(folder, "model.json"), "w") as f:
        f.write(json.dumps(model, indent=1) + "\n")
    with open(os.path.join(folder, "labels.txt"), "w") as f:
        f.write("nothing\nlight\ndark\n彩色\nboth\n")
    picture = torch.tensor([[[16 * x, 16 * y, 8 * (x + y)] for x in range(16)] for y in range(16)]).float()
    x = {"input": ((picture - 127.5) / 127.5).permute(2, 0, 1)[None]}
    for layer in LAYERS:
        x[layer["output"]] = apply(layer, x, tensors)
    due = {"features": x["pool"][0].tolist(), "map": x["means"][0].permute(1, 2, 0).tolist(), "prob": x["prob"][0].tolist()}
    with open(os.path.join(folder, "expected.json"), "w") as f:
        f.write(json.dumps(due) + "\n")


if __name__ == "__main__":
    main()
