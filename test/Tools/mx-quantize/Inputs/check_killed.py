#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Kills mx-quantize at random moments, and lets it go on.

Until the end there is no output; whenever there is one, it is that of a run that was
never killed, byte for byte. The input stays as it is.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from checkpoint_files import write_safetensors

FILES, TENSORS, SIZE = 6, 4, 512


def make_input(folder: Path) -> None:
    """A model of several files, with a configuration and a tokenizer."""
    folder.mkdir()
    draw, shards = random.Random(7), {}
    for number in range(FILES):
        name = f"model-{number + 1:05}-of-{FILES:05}.safetensors"
        # bf16 numbers around 1, of both signs.
        words = {f"layers.{number}.{n}.weight": bytes(b for _ in range(SIZE * SIZE // 64) for b in
                                                       (draw.getrandbits(8), draw.choice((0x3F, 0xBF)))) * 64
                 for n in range(TENSORS)}  # fmt: skip
        write_safetensors(folder / name, {key: ("BF16", [SIZE, SIZE], data) for key, data in words.items()})
        shards |= dict.fromkeys(words, name)
    index = {"metadata": {"total_size": FILES * TENSORS * SIZE * SIZE * 2}, "weight_map": shards}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text('{"model_type": "x", "hidden_size": 3}')
    (folder / "tokenizer.json").write_text("{}")


def read_all(folder: Path) -> dict[str, bytes]:
    """The files of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def main() -> int:
    """Compares killed runs with one that was not."""
    scratch = Path(sys.argv[1])
    make_input(scratch / "in")
    before = read_all(scratch / "in")
    command = ["mx-quantize", str(scratch / "in"), "--format=nvfp4", "--progress=none", "-o"]
    begin = time.monotonic()
    subprocess.run([*command, str(scratch / "whole")], check=True)
    seconds = time.monotonic() - begin
    whole, draw, kills, runs = read_all(scratch / "whole"), random.Random(1), 0, 0
    for number in range(8):
        output = scratch / f"killed-{number}"
        while not output.exists():
            runs += 1
            assert runs < 200, "expected runs to get further, got none that did"
            child = subprocess.Popen([*command, str(output)], stderr=subprocess.PIPE)
            time.sleep(draw.uniform(0, seconds))
            # Every third run may end.
            if runs % 3:
                child.send_signal(signal.SIGKILL)
            errors = child.communicate()[1].decode()
            assert not errors, errors
            kills += child.returncode == -signal.SIGKILL
        assert read_all(output) == whole, f"expected the same files, got others in {output}"
        assert not (scratch / f"killed-{number}.partial").exists()
    assert read_all(scratch / "in") == before, "expected an input that stays, got another"
    print(f"{kills} runs were killed" if kills else "no run was killed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
