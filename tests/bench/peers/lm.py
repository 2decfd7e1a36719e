#!/usr/bin/env python3
"""refrain-lm train in PyTorch: the same network, first values, batches, recipe and validation.

lm.py TEXT [--valid TEXT] [--unit char|word] ...: options are named as refrain-lm's and mean the same.
Prints a JSON line for each validation, as refrain-lm's --log does; elapsed seconds begin with the
training, when text and network are ready.  --until LOSS ends it when that is reached."""
import argparse
import json
import math
import sys
import time

try:
    import torch
except ImportError:
    print("skipped: python3-torch is not installed")
    sys.exit(77)
from torch import nn

LANES, CONTEXT = 16, 128  # of a validation


def options():
    a = argparse.ArgumentParser()
    a.add_argument("text")
    a.add_argument("--valid")
    a.add_argument("--unit", choices=("char", "word"), default="char")
    a.add_argument("--optimizer", choices=("adam", "sgd"), default="adam")
    a.add_argument("--schedule", choices=("cosine", "constant", "step"), default="cosine")
    for name, default in (("hidden", 256), ("embed", 0), ("layers", 2), ("batch", 16), ("bptt", 64), ("epochs", 20),
                          ("seed", 0), ("gamma-every", 1), ("gamma-after", 0)):
        a.add_argument("--" + name, type=int, default=default)
    for name, default in (("dropout", 0.3), ("dropout-input", -1), ("dropout-hidden", -1), ("dropout-output", -1),
                          ("learning-rate", 0.003), ("clip", 1), ("gamma", 0.5), ("floor", 0.05), ("forget-bias", 1),
                          ("until", 0)):
        a.add_argument("--" + name, type=float, default=default)
    a.add_argument("--uniform", type=float, help="all first values from U(-X, X), as Zaremba et al. 2014")
    return a.parse_args()


# ---- Texts ----------------------------------------------------------------------------------------------


def units(text, unit):
    return list(text) if unit == "char" else [w for line in text.splitlines() for w in line.split() + ["<eos>"]]


def read(o):
    """Numbers of the training and the held-out units, the number of the line end, and how many there are."""
    text = open(o.text, encoding="utf-8").read()
    held = open(o.valid, encoding="utf-8").read() if o.valid else None
    if held is None:
        cut = int(0.9 * len(text))
        text, held = text[:cut], text[cut:]
    train, held = units(text, o.unit), units(held, o.unit)
    number = {u: i for i, u in enumerate(sorted(set(train)))}
    unknown = number.get("<unk>", len(number))
    end = number.get("\n" if o.unit == "char" else "<eos>", unknown)
    return ([torch.tensor([number.get(u, unknown) for u in t]) for t in (train, held)], end,
            max(len(number), unknown + 1))


def windows(ids, B, T):
    """Truncated backpropagation: B lanes side by side; targets that do not exist are -1."""
    pairs = len(ids) - 1
    lane = (pairs + B - 1) // B
    x, y = torch.zeros(B * lane, dtype=torch.long), torch.full((B * lane,), -1)
    x[:pairs], y[:pairs] = ids[:-1], ids[1:]
    x, y = x.view(B, lane).t().contiguous(), y.view(B, lane).t().contiguous()
    return [(x[t:t + T], y[t:t + T]) for t in range(0, lane, T)]


def lanes(ids, end):
    """A validation: LANES parts, each after the CONTEXT units before it."""
    n = len(ids)
    before = torch.cat([torch.tensor([end]), ids[:-1]])
    count = min(LANES, n // (4 * CONTEXT) + 1)
    parts = [(n * b // count, n * (b + 1) // count) for b in range(count)]
    start = [max(0, a - CONTEXT) for a, _ in parts]
    steps = max(z - s for (_, z), s in zip(parts, start))
    x, y = torch.full((steps, count), end), torch.full((steps, count), -1)
    for b, ((a, z), s) in enumerate(zip(parts, start)):
        x[:z - s, b] = before[s:z]
        y[a - s:z - s, b] = ids[a:z]
    return x, y


# ---- The network ----------------------------------------------------------------------------------------


class Model(nn.Module):
    def __init__(self, o, V):
        super().__init__()
        E, drop = o.embed or o.hidden, lambda x, otherwise: x if x >= 0 else otherwise
        self.embed = nn.Embedding(V, E)
        self.rnn = nn.LSTM(E, o.hidden, o.layers, dropout=drop(o.dropout_hidden, o.dropout) if o.layers > 1 else 0)
        self.head = nn.Linear(o.hidden, V)
        self.before, self.after = nn.Dropout(drop(o.dropout_input, o.dropout / 2)), nn.Dropout(
            drop(o.dropout_output, o.dropout))
        self.first_values(o)

    @torch.no_grad()
    def first_values(self, o):
        """PyTorch's own, but the output's bias is zero, and forget gates begin open."""
        self.head.bias.zero_()
        for name, p in self.rnn.named_parameters():
            if name.startswith("bias_ih"):
                p[o.hidden:2 * o.hidden] += o.forget_bias
        if o.uniform:
            for p in self.parameters():
                p.uniform_(-o.uniform, o.uniform)

    def forward(self, x, state):
        h, state = self.rnn(self.before(self.embed(x)), state)
        return self.head(self.after(h)), state


def validate(model, x, y, V):
    model.eval()
    nats, count, state = 0.0, 0, None
    window = max(1, min(CONTEXT, (1 << 22) // (x.shape[1] * V)))
    with torch.no_grad():
        for t in range(0, len(x), window):
            logits, state = model(x[t:t + window], state)
            target = y[t:t + window].reshape(-1)
            nats += float(nn.functional.cross_entropy(logits.view(-1, V), target, ignore_index=-1, reduction="sum"))
            count += int((target >= 0).sum())
    model.train()
    return nats / count


# ---- Training -------------------------------------------------------------------------------------------


def rate(o, step, per_epoch):
    if o.schedule == "constant":
        return o.learning_rate
    if o.schedule == "step":
        after = (o.gamma_after or o.gamma_every) * per_epoch
        return o.learning_rate * o.gamma ** (0 if step < after else 1 + (step - after) // (o.gamma_every * per_epoch))
    done = min(step / (o.epochs * per_epoch), 1)
    return o.learning_rate * (o.floor + (1 - o.floor) * 0.5 * (1 + math.cos(math.pi * done)))


def train(o, ids, held, V, model):
    batches, (x, y) = windows(ids, o.batch, o.bptt), held
    optimizer = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[o.optimizer](model.parameters(), o.learning_rate)
    begun, step = time.perf_counter(), 0
    for epoch in range(1, o.epochs + 1):
        state = None
        for a, b in batches:
            optimizer.param_groups[0]["lr"] = rate(o, step, len(batches))
            optimizer.zero_grad(set_to_none=True)
            logits, state = model(a, state)
            state = tuple(s.detach() for s in state)
            nn.functional.cross_entropy(logits.view(-1, V), b.reshape(-1), ignore_index=-1).backward()
            nn.utils.clip_grad_norm_(model.parameters(), o.clip)
            optimizer.step()
            step += 1
        trained = time.perf_counter() - begun
        loss = validate(model, x, y, V)
        print(json.dumps({"event": "valid", "step": step, "epoch": epoch, "elapsed": time.perf_counter() - begun,
                          "trained": trained, "valid_loss": loss, "valid_perplexity": math.exp(loss)}), flush=True)
        if loss <= o.until:
            break


def main():
    o = options()
    torch.set_num_threads(1)  # OpenBLAS has threads of its own
    torch.manual_seed(o.seed)
    (ids, held), end, V = read(o)
    print(f"{len(ids)} units to learn from, {len(held)} held out; {V} different ones", file=sys.stderr)
    train(o, ids, lanes(held, end), V, Model(o, V))


main()
