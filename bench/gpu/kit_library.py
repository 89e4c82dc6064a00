# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Calls products that mx compiled for a GPU, through ctypes (docs/Targets.md)."""

import ctypes
import json


class Failed(Exception):
    """Something that the user has to know, as a sentence."""


def find_device():
    """Returns ten times the compute capability of device 0. Raises Failed where
    there is no driver or no device."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        raise Failed(f"expected an NVIDIA driver (libcuda.so.1), got none: {error}") from error
    def ask(name, *arguments):
        if status := getattr(driver, name)(*arguments):
            raise Failed(f"expected {name} to find a GPU, got error {status}")

    ask("cuInit", 0)
    numbers = [ctypes.c_int(), ctypes.c_int()]
    for number, attribute in zip(numbers, (75, 76)):  # The two parts of the compute capability.
        ask("cuDeviceGetAttribute", ctypes.byref(number), attribute, 0)
    return numbers[0].value * 10 + numbers[1].value


def describe_buffer(pointer, shape):
    """Returns a buffer as compiled code takes it: two pointers, an offset, sizes
    and strides."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.insert(0, step)
        step *= size
    return (ctypes.c_int64 * (3 + 2 * len(shape)))(pointer, pointer, 0, *shape, *strides)


class Library:
    """A compiled library; `function` is the product in it."""

    def __init__(self, path, function):
        try:
            self.library = ctypes.CDLL(str(path))
            self.entry = getattr(self.library, f"mx_gpu_call_{function}")
        except (OSError, AttributeError) as error:
            raise Failed(f"expected a library with 'mx_gpu_call_{function}', got {error}") from error
        self.entry.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        for name, result, arguments in (
            ("error", ctypes.c_char_p, []),
            ("alloc", ctypes.c_void_p, [ctypes.c_int64]),
            ("free", None, [ctypes.c_void_p]),
            ("upload", None, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]),
            ("load", None, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]),
            ("synchronize", ctypes.c_int32, []),
        ):
            call = getattr(self.library, f"mx_gpu_{name}")
            call.restype, call.argtypes = result, arguments
            setattr(self, name, call)

    def bind(self, buffers):
        """Returns a function that runs the product on a stream (0: the default
        one), with buffers of device memory: pairs of address and shape."""
        described = [describe_buffer(*buffer) for buffer in buffers]
        values = (ctypes.c_void_p * len(described))(*map(ctypes.addressof, described))

        def call(stream=0):
            # `described` is what `values` points to.
            status = self.entry(ctypes.addressof(values), stream) if described else 0
            if status:
                raise Failed(f"status {status}: {self.error().decode()}")

        return call

    def check(self):
        """Raises Failed if a function that returns no status failed."""
        if text := self.error():
            raise Failed(text.decode())

    def read_text(self, name):
        """Returns one of the library's texts, which are JSON."""
        text = ctypes.c_char.in_dll(self.library, name)
        return json.loads(ctypes.string_at(ctypes.addressof(text)))
