# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""What goes wrong, as exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mx import _mx


class Error(ValueError):
    """Something that mx was given, or a program that it ran, is not as it must be.

    The text is that of the compiler's tools: `expected <what must hold>, got <what is there>`.
    """


class CompileError(Error):
    """A program that cannot be compiled; the text has file, line, column and the line itself."""


@contextmanager
def raising(kind: type[Error]) -> Iterator[None]:
    """Turns failures of the library into exceptions of `kind`."""
    try:
        yield
    except _mx.Failure as failure:
        text = str(failure).rstrip("\n")
        # A message without a place says only that it is one.
        if text.startswith("error: ") and "\n" not in text:
            text = text[len("error: ") :]
        raise kind(text) from None
