# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Where arrays of a check are: tensors of PyTorch on the GPU, or numpy's beside a
library's own functions for device memory, for machines without PyTorch.

Both know: random integers, numbers of a table by index, storage of parts on the
device, and results in memory that was poisoned.
"""

# Of poisoned memory before and behind results.
GUARD = 4096
POISON = 0xFF
SIZES = {"f32": 4, "bf16": 2, "f16": 2}


class TorchMachine:
    """Tensors of PyTorch on `device`."""

    def __init__(self, torch, device, seed):
        self.torch, self.device = torch, device
        self.generator = torch.Generator(device=device).manual_seed(seed)

    def integers(self, low, high, shape):
        return self.torch.randint(low, high, shape, generator=self.generator, device=self.device, dtype=self.torch.int32)

    def select(self, choices, indices):
        return self.torch.tensor(choices, dtype=self.torch.int32, device=self.device)[indices.long()]

    def take(self, table, codes):
        return self.torch.tensor(table, dtype=self.torch.float64, device=self.device)[codes.long()]

    def store(self, array, kind):
        """Returns what `address` takes."""
        types = {"u8": self.torch.uint8, "u16": self.torch.int16, "f32": self.torch.float32}
        return array.to(types[kind]).contiguous()

    def address(self, stored):
        return stored.data_ptr()

    def poisoned(self, shape, kind):
        size = shape[0] * shape[1] * SIZES[kind] + 2 * GUARD
        return self.torch.full((size,), POISON, dtype=self.torch.uint8, device=self.device)

    def fetch(self, memory, shape, kind):
        """Returns results in float64, and whether everything beside them is as it was."""
        self.synchronize()
        types = {"f32": self.torch.float32, "bf16": self.torch.bfloat16, "f16": self.torch.float16}
        guards = self.torch.cat((memory[:GUARD], memory[-GUARD:]))
        results = memory[GUARD:-GUARD].view(types[kind]).reshape(shape)
        return results.double(), bool((guards == POISON).all())

    def round(self, values, kind):
        """Rounds numbers of f32 to the type of results."""
        types = {"f32": self.torch.float32, "bf16": self.torch.bfloat16, "f16": self.torch.float16}
        return values.to(self.torch.float32).to(types[kind]).double()

    def synchronize(self):
        if self.device != "cpu":
            self.torch.cuda.synchronize()


class NumpyMachine:
    """Arrays of numpy; device memory is that of `library`."""

    def __init__(self, numpy, library, seed):
        self.numpy, self.library = numpy, library
        self.generator = numpy.random.default_rng(seed)
        self.memory = []

    def integers(self, low, high, shape):
        return self.generator.integers(low, high, shape, dtype=self.numpy.int32)

    def select(self, choices, indices):
        return self.numpy.array(choices, dtype=self.numpy.int32)[indices]

    def take(self, table, codes):
        return self.numpy.array(table, dtype=self.numpy.float64)[codes]

    def store(self, array, kind):
        types = {"u8": self.numpy.uint8, "u16": self.numpy.uint16, "f32": self.numpy.float32}
        stored = self.numpy.ascontiguousarray(array.astype(types[kind]))
        pointer = self.library.alloc(max(stored.nbytes, 1))
        self.library.check()
        self.memory.append(pointer)
        self.library.upload(pointer, stored.ctypes.data, stored.nbytes)
        self.library.check()
        return pointer

    def address(self, stored):
        return stored

    def poisoned(self, shape, kind):
        size = shape[0] * shape[1] * SIZES[kind] + 2 * GUARD
        return self.store(self.numpy.full(size, POISON), "u8")

    def fetch(self, memory, shape, kind):
        bytes_ = self.numpy.empty(shape[0] * shape[1] * SIZES[kind] + 2 * GUARD, self.numpy.uint8)
        self.library.load(bytes_.ctypes.data, memory, bytes_.nbytes)
        self.library.check()
        guards = self.numpy.concatenate((bytes_[:GUARD], bytes_[-GUARD:]))
        results = bytes_[GUARD:-GUARD].copy()
        if kind == "bf16":
            results = (results.view(self.numpy.uint16).astype(self.numpy.uint32) << 16).view(self.numpy.float32)
        else:
            results = results.view({"f32": self.numpy.float32, "f16": self.numpy.float16}[kind])
        return results.reshape(shape).astype(self.numpy.float64), bool((guards == POISON).all())

    def round(self, values, kind):
        single = values.astype(self.numpy.float32)
        if kind == "bf16":
            bits = single.view(self.numpy.uint32)
            bits = bits + 0x7FFF + (bits >> 16 & 1) & self.numpy.uint32(0xFFFF0000)
            return bits.view(self.numpy.float32).astype(self.numpy.float64)
        return single.astype(self.numpy.float16 if kind == "f16" else self.numpy.float32).astype(self.numpy.float64)

    def synchronize(self):
        self.library.synchronize()

    def release(self):
        """Frees all device memory."""
        while self.memory:
            self.library.free(self.memory.pop())
