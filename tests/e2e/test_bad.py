"""Bad input: exit 1 or 2, one clear line, no crash, and nothing damaged."""
import json
import os
import random
import resource
import signal
import struct
from pathlib import Path

from harness import TEXT, TINY, Skip, lm, main, one_line, train


def fails(*command, needed=(), **options):
    return one_line(lm(*command, ok=None, **options), *needed)


def test_texts_that_are_not_there():
    fails("train", "none.txt", "--model=m", needed=["none.txt", "o such file"])
    os.mkdir("folder")
    fails("train", "folder", "--model=m", needed=["folder", "is a folder"])
    Path("empty.txt").touch()
    fails("train", "empty.txt", "--model=m", needed=["empty.txt", "empty"])
    fails("train", "--model=m", needed=["TEXT"])
    assert not Path("m").exists()


def test_invalid_utf8_is_named_with_line_and_byte():
    Path("bad.txt").write_bytes(b"one line\nand \xff another\n")
    fails("train", "bad.txt", "--model=m", needed=["bad.txt:2:5", "UTF-8"])
    train("m", "--epochs=1")
    fails("eval", "bad.txt", "--model=m", needed=["bad.txt:2:5"])
    fails("score", "bad.txt", "--model=m", needed=["bad.txt:2:5"])
    fails("generate", b"--prompt=\xff".decode(errors="surrogateescape"), "--model=m")
    fails("predict", b"\xff".decode(errors="surrogateescape"), "--model=m")


def test_damaged_gzip():
    import gzip
    data = gzip.compress(TEXT.encode())
    Path("cut.gz").write_bytes(data[: len(data) // 2])
    fails("train", "cut.gz", "--model=m", needed=["cut.gz"])


def test_a_text_too_short_to_learn_from():
    Path("short.txt").write_text("a")
    lm("train", "short.txt", "--model=m", *TINY, "--epochs=1", ok=None)
    p = lm("train", "short.txt", "--model=m", *TINY, "--epochs=1", "--valid=short.txt", ok=None)
    assert p.returncode in (0, 1, 2), p.err


def test_truncated_models():
    train("m", "--epochs=1")
    data = Path("m").read_bytes()
    for n in (0, 1, 7, 8, 9, 100, len(data) // 2, len(data) - 1):
        Path("cut").write_bytes(data[:n])
        fails("generate", "--model=cut", needed=["cut"])


def test_bit_flips_are_noticed():
    train("m", "--epochs=1")
    data = Path("m").read_bytes()
    chance = random.Random(1)
    for _ in range(40):
        bad = bytearray(data)
        bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
        Path("bad").write_bytes(bad)
        fails("generate", "--model=bad", "--length=5", needed=["bad"])


def safetensors(header, body=b""):
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def test_foreign_models_are_named():
    Path("text.txt").write_text(TEXT)
    Path("torch").write_bytes(safetensors(
        {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, bytes(8)))
    fails("generate", "--model=torch", needed=["torch"])
    Path("other").write_bytes(safetensors({"__metadata__": {"refrain.plugin": '"org.refrain.pos"'}}))
    fails("generate", "--model=other", needed=["other", "org.refrain.pos"])
    fails("generate", "--model=text.txt", needed=["text.txt"])
    fails("generate", "--model=none", needed=["none", "o such file"])
    os.mkdir("folder")
    fails("generate", "--model=folder", needed=["folder"])


def test_models_whose_options_lie():
    from harness import tensors
    train("m", "--epochs=1")
    blobs, meta = tensors("m")
    shapes = {}
    data = Path("m").read_bytes()
    (n,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + n])
    meta.pop("refrain.checksum")
    for change in ({"hidden": 65536}, {"hidden": -1}, {"hidden": 1e300}, {"hidden": 8},
                   {"layers": 3}, {"layers": 64}, {"embed": 3}, {"cell": "gru"}, {"cell": "nonsense"},
                   {"cell": 5}, {"hidden": "x"}, {"softmax": "adaptive"}, {"softmax": "nonsense"},
                   {"softmax": 3}, {"softmax": "adaptive", "cutoffs": "5"}):
        options = json.loads(meta["refrain.options"]) | change
        lie = {k: v for k, v in header.items()}
        lie["__metadata__"] = meta | {"refrain.options": json.dumps(options)}
        Path("lie").write_bytes(safetensors(lie, data[8 + n :]))
        fails("generate", "--model=lie", "--length=5", needed=["lie"])
    for key in ("refrain.options", "refrain.tokenizer", "refrain.plugin"):
        lie = {k: v for k, v in header.items()}
        lie["__metadata__"] = {k: v for k, v in meta.items() if k != key}
        Path("lie").write_bytes(safetensors(lie, data[8 + n :]))
        fails("generate", "--model=lie", "--length=5", needed=["lie"])


def test_adaptive_models_whose_cutoffs_lie():
    from harness import tensors
    train("m", "--epochs=1", "--unit=word", "--softmax=adaptive", "--cutoffs=5,12")
    meta = tensors("m")[1]
    data = Path("m").read_bytes()
    (n,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + n])
    meta.pop("refrain.checksum")
    for change, needed in (
        ({"cutoffs": ""}, "cutoffs"), ({"cutoffs": "12,5"}, "cutoffs"), ({"cutoffs": 5}, "cutoffs"),
        ({"cutoffs": "5,12,"}, "cutoffs"), ({"cutoffs": "5,99999999999999999999"}, "cutoffs"),
        ({"cutoffs": "0,5"}, "cutoffs"), ({"cutoffs": "-5"}, "cutoffs"), ({"cutoffs": "5,x"}, "cutoffs"),
        ({"cutoffs": "1,2,3,4,5,6,7"}, "cutoffs"), ({"cutoffs": "5,13"}, "output"),
        ({"cutoffs": "5"}, "output"), ({"softmax": "full"}, "output.weight"), ({"tie": True}, "tie"),
    ):
        options = json.loads(meta["refrain.options"]) | change
        lie = dict(header, __metadata__=meta | {"refrain.options": json.dumps(options)})
        Path("lie").write_bytes(safetensors(lie, data[8 + n :]))
        fails("eval", "text.txt", "--model=lie", needed=["lie", needed])


def test_a_softmax_that_does_not_fit_is_refused():
    for words, needed in (
        (["--unit=byte", "--softmax=adaptive"], ["--softmax", "byte"]),
        (["--unit=byte", "--softmax=sampled"], ["--softmax", "byte"]),
        (["--softmax=adaptive", "--tie"], ["--tie", "adaptive"]),
        (["--softmax=adaptive", "--cutoffs=5,5"], ["--cutoffs", "5,5"]),
        (["--softmax=adaptive", "--cutoffs=5 9"], ["--cutoffs"]),
        (["--softmax=adaptive", "--cutoffs=100000"], ["--cutoffs", "below"]),
        (["--softmax=adaptiv"], ["adaptiv", "adaptive"]),
        (["--softmax=sampled", "--samples=0"], ["--samples", "1"]),
    ):
        one_line(train("m", *words, ok=2), *needed)
    assert not Path("m").exists()


def test_absurd_options_are_refused_with_a_hint():
    Path("text.txt").write_text(TEXT)
    for words, needed in (
        (["--hidden=0"], ["--hidden", "1"]),
        (["--hidden=abc"], ["--hidden", "abc"]),
        (["--hiden=8"], ["--hiden", "--hidden"]),
        (["--cell=lsmt"], ["lsmt", "lstm"]),
        (["--cell=zzzzzzzz"], ["zzzzzzzz", "gru"]),
        (["--optimizer=adm"], ["adm", "adam"]),
        (["--unit=chars"], ["chars", "char"]),
        (["--learning-rate=-1"], ["--learning-rate"]),
        (["--learning-rate=nan"], ["--learning-rate"]),
        (["--dropout=1"], ["--dropout"]),
        (["--epochs=0"], ["--epochs"]),
        (["--tie", "--embed=8", "--hidden=16"], ["--tie", "--embed"]),
        (["--batch=99999999999999999999"], ["--batch"]),
    ):
        p = lm("train", "text.txt", "--model=m", *words, ok=2)
        one_line(p, *needed)
    one_line(lm("trian", ok=2), "train")
    one_line(lm("train", "text.txt", "--model=m", "--log=none/here.jsonl", ok=None), "none")
    one_line(lm("train", "text.txt", "--model=no/such/folder/m", ok=None), "no/such/folder")
    assert not Path("m").exists()


def test_a_full_disk_damages_nothing():
    train("m", "--epochs=1")
    before = Path("m").read_bytes()

    def little():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    p = train("m", "--epochs=1", "--seed=9", ok=None, preexec_fn=little)
    one_line(p, "m")
    assert p.returncode == 1, p.err
    assert Path("m").read_bytes() == before
    assert not [f for f in Path(".").iterdir() if "tmp" in f.name]


def test_output_that_cannot_be_written():
    train("m", "--epochs=1")
    if not Path("/dev/full").exists():
        raise Skip("no /dev/full here")
    with open("/dev/full", "wb") as full:
        for command in (["generate", "--length=20"], ["predict", "the"], ["eval", "text.txt"]):
            p = lm(*command, "--model=m", ok=1, stdout=full)
            one_line(p, "space")


def test_a_reader_that_goes_away_ends_the_writer_quietly():
    train("m", "--epochs=1")
    from harness import LM, run
    p = run("sh", "-c", f"'{LM}' generate --model=m --length=2000000 | head -c 10", timeout=60)
    assert len(p.stdout) == 10 and not p.err, p.err


def test_diverging_stops_with_a_message():
    p = train("m", "--learning-rate=1000", "--clip=0", "--optimizer=sgd", "--epochs=50",
              "--cell=elman-relu", ok=None)
    assert p.returncode in (0, 1), p.err
    if p.returncode == 1:
        one_line(p, "learning rate")


main(globals())
