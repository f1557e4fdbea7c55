"""`add_int8`: gives an exported bundle the int8 versions of its networks: then nobody's first show waits for them."""

import os
import subprocess
import sys
from pathlib import Path

from engines.bundle import open_bundle
from engines.system.child import child_environment


def add_int8(out: Path) -> None:
    """Run `python -m engines quantize` on the bundle `out`, if it has a network. It takes a minute or two.

    In another process, for torch's exporter crashes in one in which OpenVINO has run (see tests/conftest.py). If it
    fails, this is printed, and the bundle stays as it was: it works, and each machine makes its own int8 version.
    """
    if not open_bundle(out).generators:
        return
    print("int8: making the fast versions of the networks, and comparing each with the original")
    command = [sys.executable, "-m", "engines", "quantize", "--target", str(out), "--threads", str(os.cpu_count() or 1)]
    if subprocess.run(command, env=child_environment(), stdin=subprocess.DEVNULL, check=False).returncode:
        print(f"the bundle works without them; to try again: python -m engines quantize --target {out}")
