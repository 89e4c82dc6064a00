# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""The Python of the first pages of the documentation runs as it stands there."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCKS = [
    pytest.param(block, id=f"{page.name}:{number}")
    for page in sorted([*DOCS.glob("start/*.md"), *DOCS.glob("howto/*.md")])
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S))
]


def test_there_are_blocks():
    assert len(BLOCKS) >= 5


@pytest.mark.parametrize("block", BLOCKS)
def test_block_runs(block):
    exec(compile(block, "documentation", "exec"), {})
