"""refrain-caption train and describe: made-up scenes are learned and told, features from files and from an
encoder, exact resume, and what is wrong with some commands."""
import atexit
import base64
import json
import re
import shutil
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from harness import APPS, SOURCE, main, one_line, rows, run, tensors

CAPTION = APPS / "refrain-caption"
ENCODER = SOURCE / "tests" / "golden" / "encoder"
FOLDER = Path(tempfile.mkdtemp(prefix="refrain-describe-"))
atexit.register(shutil.rmtree, FOLDER)
SCENES = FOLDER / "scenes"
SMALL = ["--hidden=32", "--embed=16", "--threads=1", "--seed=1"]
NETWORK = ["--size=32", "--network=12/2 16/2 24"]


def caption(*command, **options):
    return run(CAPTION, *command, **options)


def train(*command, **options):
    return caption("train", *SMALL, *command, **options)


def scenes():
    """24 pictures and their captions."""
    if not SCENES.exists():
        SCENES.mkdir()
        caption("scenes", SCENES, "--count=24", "--size=32")
    return SCENES


def lines():
    """File, split, English, Chinese."""
    return [x.split("\t") for x in (scenes() / "captions.tsv").read_text(encoding="utf-8").splitlines()]


def pictures(n=24):
    return [scenes() / x[0] for x in lines()[:n]]


def told(*command):
    return [r for r in rows("describe", *command, program=CAPTION) if r.get("event") == "record"]


def model(name="scenes.safetensors", *more):
    """A network that has learned the scenes by heart."""
    path = FOLDER / name
    if not path.exists():
        train(scenes(), *NETWORK, "--epochs=200", "--valid-fraction=0", "--batch=8", "--learning-rate=0.01",
              "--dropout=0", "--dropout-input=0", f"--model={path}", *more)
    return f"--model={path}"


# ---- Learning ------------------------------------------------------------------------------------------


def test_scenes_are_learned_in_both_languages():
    got = told(*pictures(), model())
    due = [text for x in lines() for text in x[2:]]
    assert [r["language"] for r in got] == ["en", "zh"] * 24
    assert [r["file"] for r in got[::2]] == [str(p) for p in pictures()]
    right = sum(r["caption"] == text for r, text in zip(got, due))
    assert right >= 40, [(r["caption"], text) for r, text in zip(got, due) if r["caption"] != text]


def test_what_is_not_seen_is_not_told():
    """A blind model tells the same of every picture; a grey one sees, but not the colours."""
    same = told(*pictures(6), model("blind.safetensors", "--blind", "--epochs=10"), "--language=en")
    assert len({r["caption"] for r in same}) == 1, same
    got = told(*pictures(6), model("grey.safetensors", "--grey", "--epochs=20"), "--language=zh")
    assert len(got) == 6 and {r["language"] for r in got} == {"zh"}


def test_one_language_alone():
    one = model("zh.safetensors", "--language=zh", "--epochs=5", "--attention=none")
    assert {r["language"] for r in told(*pictures(2), one)} == {"zh"}
    one_line(caption("describe", *pictures(1), one, "--language=en", ok=None), "--language en")
    one_line(caption("describe", *pictures(1), one, "--svg=x.svg", ok=None), "--svg", "attend")
    words = json.loads(tensors(FOLDER / "zh.safetensors")[1]["caption.words"])
    assert "大" in words and "large" not in words


def test_resume_is_exact():
    """Stopped and gone on with: the same bits, running statistics of the convolutions among them."""
    common = [scenes(), *NETWORK, "--valid-fraction=0.25", "--batch=8", "--metric=loss", "--schedule=constant",
              "--shift=2", "--noise=0.05"]
    train(*common, "--epochs=4", "--model=whole.safetensors")
    train(*common, "--epochs=2", "--model=parts.safetensors")
    train(*common, "--epochs=4", "--model=parts.safetensors", "--resume")
    whole, parts = tensors("whole.safetensors.state")[0], tensors("parts.safetensors.state")[0]
    assert any("running_var" in name for name in whole)
    # What is left of the state is how long it took.
    differ = [name for name in whole if whole[name] != parts.get(name)]
    assert all(name.startswith("slot/fit.") for name in differ), differ
    assert tensors("whole.safetensors")[0] == tensors("parts.safetensors")[0]
    one_line(train(common[0], "--captions=en:" + str(scenes() / "captions.tsv"), *common[1:],
                   "--epochs=5", "--model=parts.safetensors", "--resume", ok=None), "other data")


def test_storage_and_metrics():
    got = {r["name"]: r["value"] for r in
           rows("train", scenes(), *NETWORK, *SMALL, "--epochs=1", "--storage=f16", "--model=half.safetensors",
                "--metric=exact", program=CAPTION) if "value" in r and r.get("of") == "best"}
    assert {"exact", "cider", "bleu", "exact_en", "exact_zh", "loss"} == set(got), got
    raw, meta = tensors("half.safetensors")
    assert len(raw["target.weight"]) == 2 * 16 * len(json.loads(meta["caption.words"]))
    assert len(told(*pictures(2), "--model=half.safetensors")) == 4


# ---- Features ------------------------------------------------------------------------------------------


def encoded(*more):
    caption("encode", "-e", ENCODER, "--crop=0", "--map", "--top=0", "--features=map.safetensors", *pictures())


def test_features_from_a_file_and_from_an_encoder():
    """The same training, whether the encoder is asked then or was before."""
    encoded()
    common = [f"--captions={scenes() / 'captions.tsv'}", "--epochs=3", "--metric=loss"]
    train(*common, "--features=map.safetensors", "--model=given.safetensors")
    train(scenes(), *common, f"--encoder={ENCODER}", "--model=through.safetensors")
    given, through = tensors("given.safetensors")[0], tensors("through.safetensors")[0]
    assert given == through
    assert json.loads(tensors("through.safetensors")[1]["caption.sight"])["encoder"]
    a = told(*pictures(3), "--model=given.safetensors", "--features=map.safetensors")
    b = told(*pictures(3), "--model=through.safetensors", f"--encoder={ENCODER}")
    assert [r["caption"] for r in a] == [r["caption"] for r in b]
    assert len(told("--model=given.safetensors", "--features=map.safetensors")) == 48


def test_encoded_pictures_are_kept():
    shutil.copytree(scenes(), "own")
    command = ["own", "--epochs=1", "--metric=loss", f"--encoder={ENCODER}", "--model=m.safetensors"]
    kept = Path("m.safetensors.features")
    train(*command)
    first = kept.stat().st_mtime_ns
    train(*command)
    assert kept.stat().st_mtime_ns == first
    shutil.copy("own/000001.png", "own/000002.png")
    train(*command)
    assert kept.stat().st_mtime_ns != first
    kept.write_bytes(b"nothing of that kind")
    train(*command)
    assert "map" in tensors(kept)[0]


def test_text_without_pictures():
    """Captions of other pictures teach their words; a model begins with another's numbers."""
    encoded()
    Path("more.txt").write_text("elsewhere.jpg#0\ta gigantic orange walrus\n" * 4, encoding="utf-8")
    common = [f"--captions=en:{scenes() / 'captions.tsv'}", "--text=en:more.txt", "--epochs=1", "--metric=loss",
              "--language=en"]
    train(*common, "--blind", "--model=blind.safetensors")
    p = train(*common, "--features=map.safetensors", "--repeat=3", "--begin=blind.safetensors",
              "--model=begun.safetensors")
    assert "tensors begin as those of blind.safetensors" in p.err, p.err
    words = [json.loads(tensors(x)[1]["caption.words"]) for x in ("blind.safetensors", "begun.safetensors")]
    assert "walrus" in words[0] and words[0] == words[1]
    one_line(train(scenes(), *NETWORK, "--text=en:more.txt", "--epochs=1", "--model=x.safetensors", ok=None),
             "--text", "--features")


# ---- Describing ----------------------------------------------------------------------------------------


def test_nbest_and_weights():
    got = told(*pictures(2), model(), "--nbest=3", "--language=en")
    assert [r["rank"] for r in got] == [1, 2, 3] * 2
    assert all(a["score"] >= b["score"] for a, b in zip(got, got[1:]) if b["rank"] > a["rank"])
    (one,) = told(*pictures(1), model(), "--weights", "--language=zh", "--beam=1")
    assert "".join(one["words"]) == one["caption"]
    assert len(one["attention"]) == len(one["words"])
    for place in one["attention"]:
        assert len(place) == 8 and len(place[0]) == 8
        assert abs(sum(sum(row) for row in place) - 1) < 1e-4
    # Pictures side by side change nothing.
    alone = [r["caption"] for p in pictures(5) for r in told(p, model())]
    assert [r["caption"] for r in told(*pictures(5), model(), "--batch=3")] == alone


def test_svg():
    got = told(*pictures(2), model(), "--svg=looks.svg")
    root = ET.parse("looks.svg").getroot()
    texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    for r in got[:4]:
        assert r["caption"] in texts
    for word in lines()[0][2].split():
        assert word in texts
    images = re.findall(r'href="data:image/png;base64,([^"]+)"', Path("looks.svg").read_text(encoding="utf-8"))
    assert len(images) > 12 and all(base64.b64decode(x).startswith(b"\x89PNG") for x in images)


# ---- Refusals ------------------------------------------------------------------------------------------


def test_missing_pictures_and_captions():
    Path("some").mkdir()
    shutil.copy(pictures(1)[0], "some")
    one_line(train("some", *NETWORK, "--epochs=1", "--model=x.safetensors", ok=None), "some/captions.tsv")
    shutil.copy(scenes() / "captions.tsv", "some")
    one_line(train("some", *NETWORK, "--epochs=1", "--model=x.safetensors", ok=None), "some/0000")
    one_line(train("--epochs=1", "--model=x.safetensors", ok=None), "--captions")
    one_line(train(scenes(), "--split=elsewhere", "--epochs=1", "--model=x.safetensors", ok=None), "elsewhere")
    one_line(train(scenes(), "--valid-split=elsewhere", "--epochs=1", "--model=x.safetensors", ok=None),
             "--valid-split", "elsewhere")


def test_options_that_do_not_go_together():
    for more, words in [
        (["--network=12/2 x", "--size=32"], ["--network", "x"]),
        (["--network=8/2 8/2 8/2 8/2 maxk9/9", "--size=8"], ["--network", "8 x 8"]),
        (["--attend=between"], ["--attend", "--layers"]),
        (["--attention=none", "--even=1"], ["--even"]),
        (["--cell=lsmt"], ["lsmt", "lstm"]),
        (["--hidden=31"], ["--hidden"]),
        (["--blind", f"--encoder={ENCODER}"], ["--encoder", "--blind"]),
        (["--grey", f"--encoder={ENCODER}"], ["--grey"]),
    ]:
        one_line(train(scenes(), *more, "--epochs=1", "--model=x.safetensors", ok=None), *words)


def test_features_that_do_not_fit():
    encoded()
    captions = f"--captions={scenes() / 'captions.tsv'}"
    train(captions, "--features=map.safetensors", "--epochs=1", "--metric=loss", "--model=given.safetensors")
    caption("encode", "-e", ENCODER, "--top=0", "--map", "--features=few.safetensors", *pictures(2))
    one_line(train(captions, "--features=few.safetensors", "--epochs=1", "--model=x.safetensors", ok=None),
             "few.safetensors", "no features of")
    one_line(caption("describe", "--model=given.safetensors", *pictures(1), ok=None), "--features", "--encoder")
    one_line(caption("describe", "--model=given.safetensors", "--features=few.safetensors", pictures(3)[2], ok=None),
             "few.safetensors", "000003.png")
    train(captions, "--features=map.safetensors", "--pooled", "--epochs=1", "--metric=loss", "--model=wide.safetensors")
    narrow(Path("few.safetensors"), Path("narrow.safetensors"))
    one_line(caption("describe", "--model=given.safetensors", "--features=narrow.safetensors", ok=None),
             "narrow.safetensors", "learned from")
    one_line(caption("describe", model(), "--features=few.safetensors", ok=None), "--features")


def narrow(path, to):
    """Half of the channels of a file's map."""
    raw, meta = tensors(path)
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    n, rows_, columns, channels = header["map"]["shape"]
    size = 4 * channels
    half = b"".join(raw["map"][i : i + size // 2] for i in range(0, len(raw["map"]), size))
    head = json.dumps({"__metadata__": {"caption.files": meta["caption.files"]},
                       "map": {"dtype": "F32", "shape": [n, rows_, columns, channels // 2],
                               "data_offsets": [0, len(half)]}}).encode()
    head += b" " * (-len(head) % 8)
    to.write_bytes(len(head).to_bytes(8, "little") + head + half)


def test_models_of_another_task():
    Path("text.txt").write_text("a b c\n" * 20)
    run(APPS / "refrain-lm", "train", "text.txt", "--hidden=4", "--epochs=1", "--batch=2", "--model=lm.safetensors")
    one_line(caption("describe", *pictures(1), "--model=lm.safetensors", ok=None), "lm.safetensors")
    one_line(caption("describe", model(), ok=None), "IMAGE")
    one_line(caption("describe", "nowhere.png", model(), ok=None), "nowhere.png")
    data = (FOLDER / "scenes.safetensors").read_bytes()
    Path("cut.safetensors").write_bytes(data[: len(data) // 2])
    one_line(caption("describe", *pictures(1), "--model=cut.safetensors", ok=None), "cut.safetensors")


main(globals())
