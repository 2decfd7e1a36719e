#!/usr/bin/env python3
"""The workloads of bench_rnn in PyTorch: pytorch.py --workload W1 --threads 2 --seconds 5

Prints one JSON line as bench_rnn --format json does.  For PyTorch's best setting on a CPU that its
OpenBLAS does not know, see compare.py, which sets the environment.  --sparse gives embeddings sparse
gradients, which plain SGD takes and Adam does not."""
import argparse
import json
import statistics
import sys
import time

try:
    import torch
except ImportError:
    print("skipped: python3-torch is not installed")
    sys.exit(77)
from torch import nn

W = {  # task, V, E, H, K, L, both, B, T, optimiser
    "W1": ("lm", 10000, 200, 200, 10000, 2, False, 20, 20, "sgd"),
    "W2": ("lm", 10000, 650, 650, 10000, 2, False, 20, 35, "sgd"),
    "W3": ("lm", 96, 0, 512, 96, 2, False, 64, 64, "adam"),
    "W4": ("layer", 0, 256, 256, 0, 1, False, 32, 100, None),
    "W5": ("lm", 20000, 100, 256, 15, 1, True, 32, 30, "adam"),
    "W6": ("generate", 96, 0, 512, 96, 1, False, 1, 1, None),
}


class Model(nn.Module):
    def __init__(self, V, E, H, K, L, both, cell=nn.LSTM, sparse=False):
        super().__init__()
        self.V, self.E = V, E
        self.embed = nn.Embedding(V, E, sparse=sparse) if E and V else None
        self.rnn = cell(E or V, H, L, bidirectional=both)
        self.head = nn.Linear(H * (2 if both else 1), K) if K else None

    def forward(self, x):
        if self.embed is not None:
            x = self.embed(x)
        elif self.V:
            x = nn.functional.one_hot(x, self.V).float()
        h, _ = self.rnn(x)
        return self.head(h) if self.head is not None else h


class Step(nn.Module):
    """One character of W6: an LSTM step and its logits."""

    def __init__(self, V, H):
        super().__init__()
        self.cell, self.head = nn.LSTMCell(V, H), nn.Linear(H, V)

    def forward(self, x, h, c):
        h, c = self.cell(x, (h, c))
        return torch.softmax(self.head(h), -1), h, c


def train(task, V, E, H, K, L, both, B, T, optimiser, sparse):
    model = Model(V, E, H, K, L, both, nn.GRU if task == "layer" else nn.LSTM, sparse)
    if task == "layer":
        x, seed = torch.randn(T, B, E, requires_grad=True), torch.randn(T, B, H) * 1e-3

        def step():
            model.zero_grad(set_to_none=True)
            x.grad = None
            model(x).backward(seed)

        return step, 1
    x, y = torch.randint(V, (T, B)), torch.randint(K, (T * B,))
    opt = torch.optim.SGD(model.parameters(), 1.0) if optimiser == "sgd" else torch.optim.Adam(model.parameters(), 2e-3)

    def step():
        opt.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(model(x).view(T * B, K), y).backward()
        if optimiser == "sgd":
            nn.utils.clip_grad_norm_(model.parameters(), 5)
        opt.step()

    return step, T * B


def generate(V, H):
    model = torch.jit.freeze(torch.jit.script(Step(V, H).eval()))
    eye = torch.eye(V)
    state = [torch.zeros(1, H), torch.zeros(1, H), 0]

    def step():
        with torch.no_grad():
            for _ in range(100):
                p, state[0], state[1] = model(eye[state[2]:state[2] + 1], state[0], state[1])
                state[2] = int(torch.multinomial(p, 1))

    return step, 100


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--workload", choices=W, required=True)
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--seconds", type=float, default=5)
    a.add_argument("--sparse", action="store_true")
    o = a.parse_args()
    torch.set_num_threads(o.threads)
    torch.manual_seed(1)
    task, V, E, H, K, L, both, B, T, optimiser = W[o.workload]
    step, units = generate(V, H) if task == "generate" else train(task, V, E, H, K, L, both, B, T, optimiser, o.sparse)
    for _ in range(3):
        step()
    at, end = [], time.perf_counter() + o.seconds
    while len(at) < 3 or time.perf_counter() < end:
        t = time.perf_counter()
        step()
        at.append(time.perf_counter() - t)
    unit = {"generate": "chars", "layer": "steps"}.get(task, "tokens")
    print(json.dumps({"workload": o.workload, "threads": o.threads,
                      unit + "_per_s": round(units / statistics.median(at), 1)}))


main()
