"""README.md is true: its commands run, and its plugin builds against an installed copy."""
import os
import re
import shutil
import subprocess
from pathlib import Path

from harness import APPS, BUILD, SOURCE, main, run

README = (SOURCE / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def shell(script, env, **options):
    return run("bash", "-e", "-o", "pipefail", "-c", script, env=env, **options)


def test_commands():
    os.symlink(SOURCE / "data", "data")
    env = dict(os.environ, PATH=f"{APPS}:{os.environ['PATH']}")
    script = "".join(blocks("sh"))
    assert script.count("refrain-lm") >= 8
    # A training as short as it can be: what counts is that the command works.
    script = re.sub(r"^(refrain-lm train .*)$", r"\1 --steps 20 --hidden 32", script, flags=re.M)
    script = re.sub(r"^(refrain-music train .*--steps )\d+", r"\g<1>10", script, flags=re.M)
    out = shell(script, env).text
    assert "The moon" in out and "小" in out and "perplexity" in out, out
    for line in re.findall(r"^    (\S+/[A-Z]+ .*|[\u4e00-\u9fff]+)$", README, re.M):  # what is tagged or read is shown as it comes out
        assert line in out, line


def test_what_the_lab_says():
    """The output that is shown is the beginning of what is written."""
    ((command, shown),) = re.findall(r"^```\n\$ (refrain trace[^\n]*)\n(.*?)\.\.\.\n```", README, re.M | re.S)
    env = dict(os.environ, PATH=f"{APPS}:{os.environ['PATH']}")
    assert shown.count("\n") == 8 and shell(command, env).text.startswith(shown)


def installed():
    """A copy of everything, installed; the environment in which it is the system's."""
    root = Path("root").resolve()
    run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", root)
    (pc,) = root.rglob("refrain.pc")
    lib = pc.parent.parent
    (program,) = root.rglob("rf-check")
    env = dict(os.environ, PATH=f"{program.parent}:{os.environ['PATH']}",
               PKG_CONFIG_PATH=str(pc.parent), PKG_CONFIG_SYSROOT_DIR=str(root),
               LD_LIBRARY_PATH=str(lib))
    return env


def test_write_a_plugin():
    env = installed()
    (source,) = [b for b in blocks("c") if "RF_PLUGIN(" in b]
    name = re.search(r"Save this as\n`(\S+)`", README).group(1)
    Path(name).write_text(source)
    (script,) = blocks("plugin")
    p = shell(script, env)
    assert "not ok" not in p.text, p.text
    assert p.text.count("Oh, the wind and the rain\n") == 3, p.text
    assert not p.err, p.err


def test_tables_name_what_exists():
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (SOURCE / path).exists(), path
    for program in re.findall(r"^\| `(rf-\S+|refrain\S*)` \|", README, re.M):
        assert shutil.which(str(APPS / program)), program


def test_the_run_script_explains_itself():
    p = subprocess.run([str(SOURCE / "run")], capture_output=True, text=True)
    assert p.returncode == 2 and "demo" in p.stderr and "install" in p.stderr


main(globals())
