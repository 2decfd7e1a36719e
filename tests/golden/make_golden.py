#!/usr/bin/env python3
"""Make what test_golden.c compares with: values and gradients of PyTorch's modules.

Made once with PyTorch 1.13.1 on one thread and committed.  rnn.safetensors has nn.RNN, nn.LSTM and
nn.GRU, adaptive.safetensors has nn.AdaptiveLogSoftmaxWithLoss, ctc.safetensors has ctc_loss,
maps.safetensors has conv2d, max_pool2d, avg_pool2d and batch_norm, convnet.safetensors has a
network of them in training.

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

A case of the third is named T.K.blankN:

    x                    logits [T,B,K]; ctc_loss sees their log softmax, computed in double
    steps counts labels  frames and labels of each sequence, and all labels in a row
    loss                 of each sequence, with zero_infinity
    u                    the loss is sum(u loss)
    grad.x               its gradient

A case of the fourth is named OP.VARIANT; maps are stored [B,H,W,C] and weights [O,kh,kw,C/groups]:

    x w b                inputs of conv2d; x of pooling; x, gain and bias of batch_norm
    y u                  output; the loss is sum(u y)
    mean var             statistics of batch_norm; var divides by their number
    grad.NAME            gradient of the loss with respect to each input

The last has one case, "net": the layers of NET as refrain/convnet.h numbers and names them.

    before.NAME          parameters and running statistics
    x.STEP u.STEP y.STEP input and output of training steps 0 to 2, each of SGD at rate 0.05 on sum(u y)
    after.NAME           parameters and running statistics after them
    x.eval y.eval        input and output by the running statistics

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
# Frames, classes, the blank, and for each sequence its frames and labels: repeated ones, none, more
# than there are frames, exactly as many as fit.
CTC = [
    (12, 5, 0, [(12, [1, 2, 3]), (12, [2, 2, 2]), (7, []), (3, [1, 1, 2]), (5, [4, 4, 4]), (0, []), (1, [3])]),
    (20, 8, 7, [(20, [0, 0, 1, 1, 0, 0]), (19, [6, 5, 4, 3, 2, 1, 0]), (6, [0, 1, 2, 3, 4, 5]), (2, [5, 5])]),
    (60, 30, 3, [(60, [1, 2, 4, 4, 5, 29, 29, 0, 7]), (33, [8] * 16), (60, []), (41, list(range(4, 30)))]),
]
# Images, rows, columns, channels in and out, window, stride, padding (left, right, top, bottom),
# groups, activation, bias.
CONV = {
    "cell": (2, 5, 6, 20, 33, (1, 1), (1, 1), (0, 0, 0, 0), 1, None, True),
    "same": (3, 7, 6, 5, 9, (3, 3), (1, 1), (1, 1, 1, 1), 1, "relu", True),
    "uneven": (2, 9, 8, 3, 16, (3, 3), (2, 2), (0, 1, 0, 1), 1, "relu6", True),
    "oblong": (1, 6, 9, 4, 6, (2, 5), (1, 3), (2, 2, 0, 1), 1, None, False),
    "grouped": (2, 6, 6, 8, 12, (3, 3), (1, 2), (1, 1, 1, 1), 4, "relu", True),
    "depthwise": (2, 7, 9, 40, 40, (3, 3), (1, 1), (1, 1, 1, 1), 40, "relu6", True),
    "depthwise.uneven": (2, 8, 8, 17, 17, (3, 3), (2, 2), (0, 1, 0, 1), 17, None, False),
}
# By the number of the layer: channels in and out, window, stride, groups, and whether it has a bias
# instead of batch normalisation.
NET = {0: (3, 8, 3, 2, 1, False), 1: (8, 8, 3, 1, 8, False), 2: (8, 8, 1, 1, 1, False),
       5: (8, 6, 3, 1, 2, True), 6: (6, 5, 3, 2, 1, False)}
# Window, stride, padding.
POOL = {"halves": (2, 2, 0), "overlap": (3, 2, 1)}


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


def ctc_case(frames, classes, blank, sequences):
    x = (3 * torch.randn(frames, len(sequences), classes)).requires_grad_()
    steps = torch.tensor([t for t, _ in sequences])
    counts = torch.tensor([len(label) for _, label in sequences])
    labels = torch.tensor([k for _, label in sequences for k in label])
    loss = torch.nn.functional.ctc_loss(x.double().log_softmax(2), labels, steps, counts, blank, "none", True)
    u = torch.randn(len(sequences))
    (u * loss).sum().backward()
    return {"x": x, "steps": steps.int(), "counts": counts.int(), "labels": labels.int(),
            "loss": loss.float(), "u": u, "grad.x": x.grad}


def turn(x):
    """[B,C,H,W] as [B,H,W,C]; what is no map stays as it is."""
    return x.permute(0, 2, 3, 1) if x.dim() == 4 else x


def map_result(y, tensors):
    u = torch.randn_like(y)
    (u * y).sum().backward()
    return {**{k: turn(t) for k, t in tensors.items()}, "y": turn(y), "u": turn(u),
            **{"grad." + k: turn(t.grad) for k, t in tensors.items()}}


def conv_case(images, rows, columns, c, o, window, stride, padding, groups, act, bias):
    given = {"x": torch.randn(images, c, rows, columns), "w": torch.randn(o, c // groups, *window)}
    if bias:
        given["b"] = torch.randn(o)
    for t in given.values():
        t.requires_grad_()
    padded = torch.nn.functional.pad(given["x"], padding)
    y = torch.nn.functional.conv2d(padded, given["w"], given.get("b"), stride, groups=groups)
    y = {None: lambda t: t, "relu": torch.relu, "relu6": torch.nn.functional.relu6}[act](y)
    return map_result(y, given)


def pool_case(fn, **more):
    def make(window, stride, padding):
        x = torch.randn(2, 6, 7, 9, requires_grad=True)
        return map_result(fn(x, window, stride, padding, **more), {"x": x})
    return make


def batch_case():
    given = {"x": 3 + 2 * torch.randn(4, 7, 5, 6), "gain": torch.randn(7), "bias": torch.randn(7)}
    for t in given.values():
        t.requires_grad_()
    mean, var = torch.zeros(7), torch.zeros(7)
    y = torch.nn.functional.batch_norm(given["x"], mean, var, given["gain"], given["bias"], True, 1.0, 1e-5)
    n = given["x"].numel() / 7
    return {**map_result(y, given), "mean": mean, "var": var * (n - 1) / n}


class Net(torch.nn.Module):
    """8/2 d 8k1l +2 max 6g2p 5/2l"""

    def __init__(self):
        super().__init__()
        for i, (c, o, k, stride, groups, bias) in NET.items():
            layer = {"conv": torch.nn.Conv2d(c, o, k, stride, k // 2, groups=groups, bias=bias)}
            if not bias:
                layer["norm"] = torch.nn.BatchNorm2d(o)
            self.add_module(str(i), torch.nn.ModuleDict(layer))

    def forward(self, x):
        def layer(i, x):
            for part in self._modules[str(i)].values():
                x = part(x)
            return x
        first = torch.relu(layer(0, x))
        x = layer(2, torch.relu(layer(1, first)))
        x = torch.nn.functional.max_pool2d(torch.relu(x + first), 2)
        return layer(6, torch.relu(layer(5, x)))


def net_cases():
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), 0.05)
    out = {}

    def keep(when):
        for name, t in net.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                out[f"{when}.{name}"] = turn(t.clone())

    with torch.no_grad():
        for name, p in net.named_parameters():
            if "norm" in name:
                p.copy_(torch.rand_like(p) + (0.5 if name.endswith("weight") else -0.5))
    keep("before")
    for step in range(3):
        x = torch.randn(4, 3, 12, 10)
        y = net(x)
        u = torch.randn_like(y)
        optimizer.zero_grad()
        (u * y).sum().backward()
        optimizer.step()
        out.update({f"x.{step}": turn(x), f"u.{step}": turn(u), f"y.{step}": turn(y)})
    keep("after")
    x = torch.randn(2, 3, 12, 10)
    yield "net", {**out, "x.eval": turn(x), "y.eval": turn(net.eval()(x))}


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


def ctc_cases():
    for frames, classes, blank, sequences in CTC:
        yield f"{frames}.{classes}.blank{blank}", ctc_case(frames, classes, blank, sequences)


def map_cases():
    for name, sizes in CONV.items():
        yield "conv." + name, conv_case(*sizes)
    largest = pool_case(torch.nn.functional.max_pool2d)
    mean = pool_case(torch.nn.functional.avg_pool2d, count_include_pad=False)
    for name, sizes in POOL.items():
        yield "max." + name, largest(*sizes)
        yield "mean." + name, mean(*sizes)
    yield "batch", batch_case()


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    torch.set_num_threads(1)
    for file, cases in ("rnn", rnn_cases), ("adaptive", adaptive_cases), ("ctc", ctc_cases), ("maps", map_cases), \
            ("convnet", net_cases):
        path = os.path.join(folder, file + ".safetensors")
        torch.manual_seed(20230101)
        tensors = {f"{name}/{k}": v for name, made in cases() for k, v in made.items()}
        write_safetensors(path, tensors)
        print(f"{path}: {len(tensors)} tensors, {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
