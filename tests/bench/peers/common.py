"""What the comparisons share: where PyTorch is, and its best setting."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


def python_with_torch():
    """A Python that has PyTorch: this one, or Debian's."""
    for python in (sys.executable, "/usr/bin/python3"):
        if os.path.exists(python) and not subprocess.run([python, "-c", "import torch"], capture_output=True).returncode:
            return python
    skip("python3-torch is not installed")


def fast_core():
    """OpenBLAS 0.3.21 does not know newer CPUs with AVX-512 and takes a core for SSE3 there."""
    try:
        return {"OPENBLAS_CORETYPE": "SkylakeX"} if "avx512f" in open("/proc/cpuinfo").read() else {}
    except OSError:
        return {}


def torch_environment(threads):
    """The environment in which PyTorch is fastest: OpenBLAS with its own threads and the CPU's core,
    memory kept by malloc.  PyTorch's own threads should then be 1 in training."""
    return {**os.environ, **fast_core(), "OPENBLAS_NUM_THREADS": str(threads),
            "MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "8589934592",
            "MALLOC_TOP_PAD_": "268435456"}
