#!/usr/bin/env python3
"""refrain-translate beside the same model in PyTorch: translate.py BUILD_DIR MODEL LINES [--beam 1 --beam 5]

PyTorch gets the model's numbers, the lines already cut into tokens, sentences of like length side by
side, and the setting in which it is fastest: batches and its own threads are tried.  For ours batches are tried
too.  Its search is ours: the same candidates, score and end.  First both translate the first --check lines: as good as all
translations must be the same, and scores equal.  Then both translate all lines in turn, and the ratio of
sentences a second is taken pair by pair.  Ours is the time of a process, less that of one with a
single line; PyTorch's is decoding alone, warm.

Exit status 77: PyTorch is not installed, or the network is one that is not written here (no LSTM, or
another way to attend)."""
import argparse
import json
import math
import os
import statistics
import struct
import subprocess
import sys
import time

from common import python_with_torch, skip, torch_environment

PAD, UNK, BOS, EOS = range(4)
BATCHES = (32, 64, 128, 256)
SAME, CLOSE = 0.99, 1e-4  # part of the translations; relative difference of the others' scores


# ---- Models --------------------------------------------------------------------------------------------


def read_model(path):
    """Metadata, and name -> (type, shape, bytes)."""
    with open(path, "rb") as f:
        head = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    meta = head.pop("__metadata__")
    return meta, {name: (t["dtype"], t["shape"], data[slice(*t["data_offsets"])]) for name, t in head.items()}


def vocabulary(meta, tensors, side):
    """Of "source" or "target": in the metadata, or a table of bytes where it is long."""
    key = "translate." + side
    table = meta[key] if key in meta else tensors[key][2].decode("utf-8")
    return json.loads(table)["vocabulary"]


def supported(options):
    if options["cell"] != "lstm" or options["attention"] == "additive" or options["attend"] == "feed" or options["copy"]:
        skip("of this kind of network there is no twin in PyTorch here")


# ---- The network in PyTorch ----------------------------------------------------------------------------


def network(torch, meta, tensors):
    nn, options = torch.nn, json.loads(meta["refrain.options"])
    kinds = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    w = {name: torch.frombuffer(bytearray(b), dtype=kinds[kind]).float().view(shape)
         for name, (kind, shape, b) in tensors.items() if kind in kinds}
    layers = {k: int(options[k + "-layers"]) for k in ("encoder", "decoder")}
    between = options["attend"] == "between"
    table = {side: w.get(side + ".weight", w.get("embed.weight")) for side in ("source", "target")}

    def cells(prefix, count):
        made = []
        for i in range(count):
            names = [f"{kind}_{which}" for kind in ("weight", "bias") for which in ("ih", "hh")]
            given = {n: w[f"{prefix}{n}_l{i}"] for n in names}
            made.append(nn.LSTMCell(given["weight_ih"].shape[1], given["weight_hh"].shape[1]))
            made[-1].load_state_dict(given)
        return made

    class Network:
        def __init__(self):
            E, H = table["source"].shape[1], int(options["hidden"])
            self.loud, self.H = math.sqrt(E), H
            self.encoder = nn.LSTM(E, H // 2, layers["encoder"], bidirectional=True)
            self.encoder.load_state_dict({n[8:]: v for n, v in w.items() if n.startswith("encoder.")})
            self.cells = (cells("decoder.0.", 1) + cells("decoder.1.", layers["decoder"] - 1) if between
                          else cells("decoder.", layers["decoder"]))
            self.output = w["target.weight" if "target.weight" in w else "embed.weight"] if options["tied"] else w[
                "output.weight"]

        def read(self, source, lengths):
            """source [S,B] -> keys and turned keys [B,S,H], mask [B,S], first states: a list of (h, c) [B,H]."""
            x = table["source"][source] * self.loud
            packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
            out, last = self.encoder(packed)
            keys = nn.utils.rnn.pad_packed_sequence(out)[0].transpose(0, 1).contiguous()
            h, c = (torch.cat((s[-2], s[-1]), 1) for s in last)
            first = [tuple(torch.tanh(nn.functional.linear(s, w[f"bridge.{i}.{n}.weight"], w[f"bridge.{i}.{n}.bias"]))
                           for n, s in (("h", h), ("c", c))) for i in range(len(self.cells))]
            turned = nn.functional.linear(keys, w["attention.key.weight"]) if "attention.key.weight" in w else keys
            mask = torch.arange(keys.shape[1])[None] >= lengths[:, None]
            return keys, turned, mask, first

        def attend(self, h, memory):
            """h [B*K,H], memory of B sentences -> context [B*K,H]."""
            keys, turned, mask = memory
            q = h.view(len(keys), -1, self.H)
            scores = torch.bmm(q, turned.transpose(1, 2)).masked_fill(mask[:, None], -math.inf)
            return torch.bmm(torch.softmax(scores, 2), keys).reshape(-1, self.H)

        def step(self, tokens, states, memory):
            """tokens [B*K] -> logits [B*K,V], states."""
            x, new = table["target"][tokens] * self.loud, []
            for i, cell in enumerate(self.cells):
                new.append(cell(x, states[i]))
                x = new[-1][0]
                if i == 0 and between:
                    context = self.attend(x, memory)
                    x = torch.cat((x, context), 1)
            if not between:
                context = self.attend(x, memory)
            o = torch.tanh(nn.functional.linear(torch.cat((x, context), 1), w["combine.weight"]))
            return nn.functional.linear(o, self.output, w["output.bias"]), new

    return Network()


# ---- Searches in PyTorch -------------------------------------------------------------------------------


def penalty(n, alpha):
    return ((5 + n) / 6) ** alpha


def greedy(torch, net, source, lengths, o):
    """Sentences that have ended leave the batch.  [(tokens, log p)] of each."""
    keys, turned, mask, states = net.read(source, lengths)
    B, most = len(lengths), 2 * lengths + 20
    alive, tokens, logp = torch.arange(B), torch.full((B,), BOS), torch.zeros(B)
    out = torch.full((B, int(most.max())), EOS)
    total = torch.zeros(B)
    for t in range(out.shape[1]):
        logits, states = net.step(tokens, states, (keys, turned, mask))
        whole = torch.logsumexp(logits, 1) if o.exact else 0
        logits[:, [PAD, BOS]] = -math.inf
        best, tokens = logits.max(1)
        logp = logp + best - whole
        out[alive, t] = tokens
        go = (tokens != EOS) & (most[alive] > t + 1)
        if go.all():
            continue
        total[alive] = logp
        if not go.any():
            break
        rows = go.nonzero()[:, 0]
        alive, tokens, logp, keys, turned, mask = (x[rows] for x in (alive, tokens, logp, keys, turned, mask))
        states = [(h[rows], c[rows]) for h, c in states]
    return [(row[:row.index(EOS)] if EOS in row else row, p) for row, p in zip(out.tolist(), total.tolist())]


def beam(torch, net, source, lengths, o, K):
    """As core/decode/beam.c: 2 K candidates a step, those that end within the first K are results; over
    when no live hypothesis can become better than the best result."""
    keys, turned, mask, states = net.read(source, lengths)
    B, most = len(lengths), 2 * lengths + 20
    states = [tuple(s.repeat_interleave(K, 0) for s in pair) for pair in states]
    alive = torch.arange(B)
    score = torch.full((B, K), -math.inf)
    score[:, 0] = 0
    tokens, written = torch.full((B * K,), BOS), torch.zeros((B, K, 0), dtype=torch.long)
    found, found_score, found_logp = [None] * B, torch.full((B,), -math.inf), torch.zeros(B)
    place = torch.arange(2 * K)
    for t in range(int(most.max())):
        logits, states = net.step(tokens, states, (keys, turned, mask))
        logits, n = torch.log_softmax(logits, 1), len(alive)
        logits[:, [PAD, BOS]] = -math.inf
        V = logits.shape[1]
        every = (logits.view(n, K, V) + score[:, :, None]).view(n, K * V)
        best, index = every.topk(2 * K, 1)
        row, word = index // V, index % V
        ends = word == EOS
        last = most[alive] == t + 1
        results = torch.where(ends & (place < K), best / penalty(t + 1, o.alpha), -math.inf)
        top, at = results.max(1)
        better = top > found_score[alive]
        for b in better.nonzero()[:, 0].tolist():
            k = int(alive[b])
            found[k] = written[b, row[b, at[b]]]
            found_score[k], found_logp[k] = top[b], best[b, at[b]]
        order = (ends * 2 * K + place).argsort(1)[:, :K]  # the first K that go on
        score, row, word = (x.gather(1, order) for x in (best, row, word))
        score = score.masked_fill(word == EOS, -math.inf)
        written = torch.cat((written.gather(1, row[:, :, None].expand(-1, -1, t)), word[:, :, None]), 2)
        bound = torch.maximum(score[:, 0] / penalty(t + 2, o.alpha), score[:, 0] / penalty(most[alive], o.alpha))
        go = ~last & ~(bound < found_score[alive])
        for b in (last & (found_score[alive] == -math.inf)).nonzero()[:, 0].tolist():  # none has ended
            k = int(alive[b])
            found[k], found_logp[k] = written[b, 0], score[b, 0]
        rows = (torch.arange(n)[:, None] * K + row).view(-1)
        if not go.all():
            kept = go.nonzero()[:, 0]
            if not len(kept):
                break
            rows = rows.view(n, K)[kept].view(-1)
            alive, score, word, written, keys, turned, mask = (
                x[kept] for x in (alive, score, word, written, keys, turned, mask))
        tokens, states = word.reshape(-1), [(h[rows], c[rows]) for h, c in states]
    return [(x.tolist(), p) for x, p in zip(found, found_logp.tolist())]


def decode(torch, net, lines, o, K, B):
    """All lines, those of like length side by side."""
    order, out = sorted(range(len(lines)), key=lambda i: len(lines[i])), [None] * len(lines)
    for first in range(0, len(lines), B):
        part = order[first:first + B]
        lengths = torch.tensor([len(lines[i]) for i in part])
        source = torch.nn.utils.rnn.pad_sequence([torch.tensor(lines[i]) for i in part])
        search = greedy(torch, net, source, lengths, o) if K == 1 else beam(torch, net, source, lengths, o, K)
        for i, found in zip(part, search):
            out[i] = found
    return out


def serve(o):
    """The side of PyTorch: reads the lines' tokens, then orders, one JSON text a line."""
    import torch
    torch.set_grad_enabled(False)
    net = network(torch, *read_model(o.model))
    lines = json.loads(sys.stdin.readline())
    for text in sys.stdin:
        order = json.loads(text)
        torch.set_num_threads(order["threads"])
        o.exact = order["check"] > 0
        begun = time.perf_counter()
        found = decode(torch, net, lines[:order["check"]] if o.exact else lines, o, order["beam"], order["batch"])
        print(json.dumps({"seconds": time.perf_counter() - begun, "found": found if o.exact else None}), flush=True)


# ---- Both sides ----------------------------------------------------------------------------------------


class Ours:
    def __init__(self, o):
        self.o = o
        self.lines = open(o.lines, encoding="utf-8").read().splitlines()
        if not all(self.lines):
            sys.exit(f"{o.lines}: empty lines are not translated: leave them out")

    def run(self, lines, *options):
        program = os.path.join(self.o.build, "apps/refrain-translate")
        command = [program, "translate", "--quiet", "--model", self.o.model, "--threads", str(self.o.threads),
                   "--length-penalty", str(self.o.alpha), "--no-replace-unknown", *options]
        begun = time.perf_counter()
        done = subprocess.run(command, input="".join(x + "\n" for x in lines), capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}: {done.stderr}")
        return done.stdout, time.perf_counter() - begun

    def rows(self, lines, K):
        text, _ = self.run(lines, f"--beam={K}", "--attention", "--nbest=1", "--format=json")
        return [r["row"] for r in map(json.loads, text.splitlines()) if r["event"] == "record"]

    def seconds(self, K, batch):
        options = f"--beam={K}", f"--batch={batch}"
        return self.run(self.lines, *options)[1] - self.run(self.lines[:1], *options)[1]

    def fastest(self, K):
        return min(BATCHES, key=lambda batch: self.seconds(K, batch))


class PyTorch:
    def __init__(self, o, lines):
        self.worker = subprocess.Popen(
            [python_with_torch(), os.path.abspath(__file__), "--serve", o.build, o.model, o.lines, "--alpha", str(o.alpha)],
            env=torch_environment(o.threads), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.say(lines)

    def say(self, what):
        self.worker.stdin.write(json.dumps(what) + "\n")
        self.worker.stdin.flush()

    def ask(self, K, batch, threads, check=0):
        self.say({"beam": K, "batch": batch, "threads": threads, "check": check})
        answer = self.worker.stdout.readline()
        return json.loads(answer) if answer else sys.exit("PyTorch's side ended")

    def fastest(self, K, most):
        """Batch and threads; each is tried once after a first time that warms."""
        self.ask(K, BATCHES[1], most)
        return min(((b, t) for b in BATCHES for t in sorted({1, most})),
                   key=lambda how: self.ask(K, *how)["seconds"])

    def close(self):
        self.worker.stdin.close()
        self.worker.wait()


def tokens_of(ours, meta, tensors):
    """The lines as the model reads them: what it attends to."""
    ids = {piece: i for i, piece in enumerate(vocabulary(meta, tensors, "source"))}
    return [[ids.get(p, UNK) for p in r["source"][:-1]] + [EOS] for r in ours.rows(ours.lines, 1)]


def check(o, ours, peer, words, K):
    """Both find the same translations, or such as have the same score."""
    same, differ, n = 0, 0.0, min(o.check, len(ours.lines))
    theirs = peer.ask(K, 32, o.threads, n)["found"]
    for a, (tokens, logp) in zip(ours.rows(ours.lines[:n], K), theirs):
        if a["target"][:-1] == [words[t] for t in tokens]:
            same += 1
            differ = max(differ, abs(a["log_p"] - logp) / max(1, abs(logp)))
    print(f"beam {K}: {same} of {n} translations are the same, their log p within {differ:.1e}", flush=True)
    return same >= SAME * n and differ < CLOSE


def measure(o, ours, peer, K):
    batch, threads = peer.fastest(K, o.threads)
    own = ours.fastest(K)
    n, ratios, rates = len(ours.lines), [], ([], [])
    for turn in range(o.pairs):
        took = {}
        for side in (0, 1) if turn % 2 == 0 else (1, 0):
            took[side] = peer.ask(K, batch, threads)["seconds"] if side else ours.seconds(K, own)
        for side in (0, 1):
            rates[side].append(n / took[side])
        ratios.append(took[1] / took[0])
        print(f"  pair {turn + 1}: refrain {rates[0][-1]:8.1f}/s  pytorch {rates[1][-1]:8.1f}/s  ratio {ratios[-1]:.2f}",
              flush=True)
    mine, its = map(statistics.median, rates)
    print(f"beam {K}  {o.threads} threads  refrain {mine:.1f} sentences/s (batch {own})  pytorch {its:.1f} (batch {batch}, {threads} threads)"
          f"  ratio {statistics.median(ratios):.2f} [{min(ratios):.2f} - {max(ratios):.2f}]  {len(ratios)} pairs", flush=True)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("build")
    a.add_argument("model")
    a.add_argument("lines", help="a text with a sentence a line, none empty")
    a.add_argument("--beam", type=int, action="append", help="again for each; 1 and 5")
    a.add_argument("--alpha", type=float, default=1, help="of the length penalty")
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--pairs", type=int, default=5, help="0: only check")
    a.add_argument("--check", type=int, default=200, help="lines")
    a.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    o = a.parse_args()
    if o.serve:
        return serve(o)
    meta, tensors = read_model(o.model)
    supported(json.loads(meta["refrain.options"]))
    python_with_torch()
    ours, good = Ours(o), True
    peer = PyTorch(o, tokens_of(ours, meta, tensors))
    words = vocabulary(meta, tensors, "target")
    for K in o.beam or [1, 5]:
        good = check(o, ours, peer, words, K) and good
        if o.pairs:
            measure(o, ours, peer, K)
    peer.close()
    sys.exit(0 if good else 1)


main()
