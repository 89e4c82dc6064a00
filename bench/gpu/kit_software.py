# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""What this machine has of what a kit uses."""

from kit_library import Failed
from kit_machine import NumpyMachine, TorchMachine


def import_torch(needed):
    """Returns PyTorch with a GPU, or None where it need not be."""
    try:
        import torch
    except ImportError as error:
        if needed:
            raise Failed(f"expected PyTorch, which times kernels, got {error}; --check-only goes without") from error
        return None
    if torch.cuda.is_available():
        return torch
    if needed:
        raise Failed("expected a PyTorch that finds the GPU, got one that does not; --check-only goes without")
    return None


def make_machine(torch, library, seed):
    if torch:
        return TorchMachine(torch, "cuda", seed)
    try:
        import numpy
    except ImportError as error:
        raise Failed(f"expected PyTorch or numpy, got {error}") from error
    return NumpyMachine(numpy, library, seed)


def describe_machine(torch, capability):
    about = {"capability": capability / 10}
    if torch:
        properties = torch.cuda.get_device_properties(0)
        about |= {"device": properties.name, "memory": properties.total_memory, "processors": properties.multi_processor_count}
        about |= {"torch": torch.__version__, "cuda": torch.version.cuda}
        try:
            import triton

            about["triton"] = triton.__version__
        except ImportError:
            about["triton"] = None
    return about
