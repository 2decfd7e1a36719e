"""refrain-caption: pictures through a network of every kind of layer, and what is wrong with some."""
import json
import os
import shutil
import struct
import zlib
from pathlib import Path

from harness import APPS, SOURCE, main, one_line, rows, run, tensors

CAPTION = APPS / "refrain-caption"
ENCODER = SOURCE / "tests" / "golden" / "encoder"
PICTURES = SOURCE / "tests" / "fuzz" / "corpus" / "pictures"


def png(path, width, height, pixel):
    """Write pixel(x, y) as a PNG."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    data = b"".join(b"\0" + bytes(v for x in range(width) for v in pixel(x, y)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def golden():
    png("picture.png", 16, 16, lambda x, y: (16 * x, 16 * y, 8 * (x + y)))
    return json.loads((ENCODER / "expected.json").read_text())


def encode(*command, **options):
    return run(CAPTION, "encode", *command, **options)


def records(verb, *command):
    return [r for r in rows(verb, *command, program=CAPTION) if r.get("event") == "record"]


def encoded(*command):
    return records("encode", *command)


def flat(x):
    return [v for row in x for v in flat(row)] if isinstance(x, list) else [x]


def floats(raw):
    return struct.unpack(f"<{len(raw) // 4}f", raw)


def far(a, b):
    assert len(a) == len(b), (len(a), len(b))
    return max(abs(x - y) for x, y in zip(a, b))


def test_features_are_those_of_pytorch():
    due = golden()
    for threads in (1, 2):
        encode("-e", ENCODER, "--crop=0", "--map", "--top=0", "--features=f.safetensors", f"--threads={threads}",
               "picture.png", "picture.png", "picture.png", "--batch=2")
        made, meta = tensors("f.safetensors")
        assert json.loads(meta["caption.files"]) == ["picture.png"] * 3
        assert far(floats(made["features"]), 3 * due["features"]) < 1e-5
        assert far(floats(made["map"]), 3 * flat(due["map"])) < 1e-5


def test_classes():
    due = golden()["prob"]
    got = encoded("-e", ENCODER, "--crop=0", "--top=3", "picture.png")
    order = sorted(range(5), key=lambda k: -due[k])[:3]
    labels = (ENCODER / "labels.txt").read_text().splitlines()
    assert [r["class"] for r in got] == order and [r["label"] for r in got] == [labels[k] for k in order]
    assert [r["rank"] for r in got] == [1, 2, 3]
    assert far([r["probability"] for r in got], [due[k] for k in order]) < 1e-5


def test_crop():
    """The middle of a picture, and the picture that has only the middle."""
    golden()
    png("framed.png", 32, 20, lambda x, y: (16 * (x - 8), 16 * (y - 2), 8 * (x + y - 10))
        if 8 <= x < 24 and 2 <= y < 18 else (255, 0, 255))
    a = encoded("-e", ENCODER, "--crop=0", "picture.png")
    b = encoded("-e", ENCODER, "--crop=0.8", "framed.png")
    c = encoded("-e", ENCODER, "--crop=1", "framed.png")
    assert [r["probability"] for r in a] == [r["probability"] for r in b] != [r["probability"] for r in c]


def test_kinds_of_pictures():
    """All are read: palette, alpha, 16 bits, progressive, turned, one pixel."""
    names = ["rgb.png", "grey.png", "palette-clear.png", "alpha.png", "grey-alpha.png", "bits.png", "deep.png",
             "rgb16.png", "one.png", "rgb.jpg", "progressive.jpg", "grey.jpg", "turned6.jpg", "rgb.bmp", "palette.bmp"]
    got = encoded("-e", ENCODER, "--top=1", *[PICTURES / n for n in names])
    assert len(got) == len(names) and all(0.2 <= r["probability"] <= 1 for r in got)
    white, black = (encoded("-e", ENCODER, "--top=5", f"--background={b}", PICTURES / "alpha.png") for b in ("white", "#000000"))
    assert [r["probability"] for r in white] != [r["probability"] for r in black]


def test_bad_pictures():
    for name, words in {"cmyk.jpg": ["CMYK"], "cut.jpg": ["cut off"], "cut.png": ["PNG"], "giant.png": ["30000 x 30000"],
                        "giant.jpg": ["30000 x 30000"], "text.jpg": ["neither"], "codes.jpg": ["Huffman"],
                        "tables.jpg": ["Huffman"], "cut.bmp": ["cut off"]}.items():
        one_line(encode("-e", ENCODER, PICTURES / name, ok=None), name, *words)
    one_line(encode("-e", ENCODER, "nothing.png", ok=None), "nothing.png")
    one_line(encode("-e", ENCODER, PICTURES / "rgb.png", "--background=blue", ok=None), "--background", "blue")
    one_line(encode(PICTURES / "rgb.png", ok=None), "--encoder")


def broken(change):
    """An encoder whose model.json is changed."""
    shutil.rmtree("broken", ignore_errors=True)
    shutil.copytree(ENCODER, "broken")
    model = json.loads((ENCODER / "model.json").read_text())
    change(model)
    os.chmod("broken/model.json", 0o644)
    Path("broken/model.json").write_text(json.dumps(model))
    return encode("-e", "broken", PICTURES / "rgb.png", ok=None)


def test_bad_encoders():
    def set_layer(i, **values):
        return lambda m: m["layers"][i].update(values)

    for change, words in [
        (set_layer(0, op="conv3d"), ["model.json", "stem", "op"]),
        (set_layer(1, inputs=["steam"]), ["depth", "input"]),
        (set_layer(2, weight="nobody"), ["model.safetensors", "nobody", "missing"]),
        (set_layer(0, stride=[0, 1]), ["stem", "stride"]),
        (set_layer(0, activation="swish"), ["stem", "activation"]),
        (set_layer(4, kernel=None), ["largest", "kernel"]),
        (set_layer(4, kernel=[99, 99]), ["99x99"]),
        (set_layer(1, groups=3), ["groups"]),
        (set_layer(2, output="stem"), ["stem", "two layers"]),
        (lambda m: m["input"].update(shape=[4, 16, 16]), ["input", "shape"]),
        (lambda m: m["outputs"].update(prob="x"), ["outputs"]),
        (lambda m: m.update(layers=[]), ["layers"]),
    ]:
        one_line(broken(change), *words)
    Path("empty").mkdir()
    one_line(encode("-e", "empty", PICTURES / "rgb.png", ok=None), "empty/model.json")


def test_scenes():
    """Pictures and lines belong together, and the same seed gives the same."""
    for folder, more in ("a", []), ("b", ["--seed=1"]), ("c", ["--seed=2", "--split=unseen"]):
        Path(folder).mkdir()
        run(CAPTION, "scenes", folder, "--count=12", "--size=32", *more)
    lines = [x.split("\t") for x in Path("a/captions.tsv").read_text().splitlines()]
    assert [x[0] for x in lines] == [f"{i:06}.png" for i in range(1, 13)] and all(len(x) == 4 for x in lines)
    for name in ["captions.tsv"] + [x[0] for x in lines]:
        assert (Path("a") / name).read_bytes() == (Path("b") / name).read_bytes(), name
    other = [x.split("\t") for x in Path("c/captions.tsv").read_text().splitlines()]
    assert {x[1] for x in other} == {"unseen"} and [x[2:] for x in other] != [x[2:] for x in lines]
    assert len(encoded("-e", ENCODER, "--top=1", *[Path("a") / x[0] for x in lines])) == 12
    one_line(run(CAPTION, "scenes", "nowhere", ok=None), "nowhere")
    Path("taken").mkdir()
    Path("taken/letter.txt").write_text("a")
    one_line(run(CAPTION, "scenes", "taken", ok=None), "taken", "folder of their own")
    run(CAPTION, "scenes", "a", "--count=2", "--size=32")


def test_the_installed_model_describes_scenes_of_unseen_combinations():
    Path("new").mkdir()
    run(CAPTION, "scenes", "new", "--count=40", "--split=unseen", "--seed=9")
    lines = [x.split("\t") for x in Path("new/captions.tsv").read_text().splitlines()]
    told = records("describe", *[Path("new") / x[0] for x in lines])
    due = {(f"new/{x[0]}", language): x[2 + k] for x in lines for k, language in enumerate(("en", "zh"))}
    right = sum(due[r["file"], r["language"]] == r["caption"] for r in told)
    assert len(told) == 80 and right >= 76, right


main(globals())
