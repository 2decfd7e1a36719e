#!/usr/bin/env python3
"""Make what test_golden.c compares with: values and gradients of PyTorch's modules.

Made once with PyTorch 1.13.1 on one thread and committed.  rnn.safetensors has nn.RNN, nn.LSTM and
nn.GRU, adaptive.safetensors has nn.AdaptiveLogSoftmaxWithLoss.

A case of the first is named CELL.lLAYERS.dDIRECTIONS.VARIANT, its tensors CASE/NAME:

    x h0 c0 lengths      inputs (h0, c0 and lengths in the variant "given" only)
    weight_ih_l0 ...     parameters, as state_dict names them
    out h c              outputs
    u.out u.h u.c        the loss is sum(u.out out) + sum(u.h h) + sum(u.c c)
    grad.NAME            gradient of the loss with respect to x, h0, c0 and each parameter

A case of the second is named I.V.CUTOFF.CUTOFF...[.bias]:

    x target             inputs
    head.weight ...      parameters, as state_dict names them
    loss log_prob        outputs; the loss is the mean
    grad.NAME            gradient of the loss with respect to x and each parameter

usage: make_golden.py [FOLDER]
"""
import json
import os
import struct
import sys

import torch

T, B, I, H = 4, 3, 3, 4
LENGTHS = [2, 4, 1]
CELLS = {
    "elman": lambda **k: torch.nn.RNN(I, H, nonlinearity="tanh", **k),
    "elman-relu": lambda **k: torch.nn.RNN(I, H, nonlinearity="relu", **k),
    "lstm": lambda **k: torch.nn.LSTM(I, H, **k),
    "gru-torch": lambda **k: torch.nn.GRU(I, H, **k),
}
# Size of the input, classes, cutoffs, whether the head has a bias.
ADAPTIVE = [(16, 20, [5], False), (16, 30, [4, 12], True), (64, 40, [3, 9, 20], True)]


def run(net, x, states, lengths):
    """out, [h] or [h, c]."""
    is_lstm = isinstance(net, torch.nn.LSTM)
    given = (tuple(states) if is_lstm else states[0]) if states else None
    if lengths is not None:
        x = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    out, state = net(x, given)
    if lengths is not None:
        out, _ = torch.nn.utils.rnn.pad_packed_sequence(out, total_length=T)
    return out, list(state) if is_lstm else [state]


def case(cell, layers, directions, given):
    net = CELLS[cell](num_layers=layers, bidirectional=directions == 2)
    names = ["h0", "c0"] if cell == "lstm" else ["h0"]
    x = torch.randn(T, B, I, requires_grad=True)
    states = [torch.randn(layers * directions, B, H, requires_grad=True) for _ in names if given]
    lengths = torch.tensor(LENGTHS) if given else None
    out, last = run(net, x, states, lengths)
    results = dict(zip(["out", "h", "c"], [out] + last))
    u = {k: torch.randn_like(v) for k, v in results.items()}
    sum((u[k] * results[k]).sum() for k in u).backward()
    tensors = {"x": x, **dict(zip(names, states)), **dict(net.named_parameters())}
    gradients = {"grad." + k: v.grad for k, v in tensors.items()}
    if given:
        tensors["lengths"] = lengths.int()
    return {**tensors, **results, **{"u." + k: v for k, v in u.items()}, **gradients}


def adaptive_case(size, classes, cutoffs, bias):
    net = torch.nn.AdaptiveLogSoftmaxWithLoss(size, classes, cutoffs, head_bias=bias)
    x = torch.randn(12, size, requires_grad=True)
    target = torch.randint(classes, (12,))
    loss = net(x, target).loss
    loss.backward()
    tensors = {"x": x, **dict(net.named_parameters())}
    gradients = {"grad." + k: v.grad for k, v in tensors.items()}
    return {"target": target.int(), **tensors, "loss": loss, "log_prob": net.log_prob(x), **gradients}


def write_safetensors(path, tensors):
    """The format is eight bytes of header length, a JSON header, and the numbers."""
    header, blobs, at = {}, [], 0
    for name, t in tensors.items():
        a = t.detach().contiguous().numpy()
        blob = a.astype("<i4" if a.dtype.kind == "i" else "<f4").tobytes()
        header[name] = {"dtype": "I32" if a.dtype.kind == "i" else "F32", "shape": list(a.shape),
                        "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def rnn_cases():
    for cell in CELLS:
        for layers in (1, 2):
            for directions in (1, 2):
                for variant in ("plain", "given"):
                    name = f"{cell}.l{layers}.d{directions}.{variant}"
                    yield name, case(cell, layers, directions, variant == "given")


def adaptive_cases():
    for size, classes, cutoffs, bias in ADAPTIVE:
        name = ".".join(map(str, [size, classes, *cutoffs])) + (".bias" if bias else "")
        yield name, adaptive_case(size, classes, cutoffs, bias)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    torch.set_num_threads(1)
    for file, cases in ("rnn", rnn_cases), ("adaptive", adaptive_cases):
        path = os.path.join(folder, file + ".safetensors")
        torch.manual_seed(20230101)
        tensors = {f"{name}/{k}": v for name, made in cases() for k, v in made.items()}
        write_safetensors(path, tensors)
        print(f"{path}: {len(tensors)} tensors, {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
