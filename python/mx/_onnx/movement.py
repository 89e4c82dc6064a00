# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Operators that move elements without computing any.

Constants are moved here; everything else becomes views, slices and loops that read elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

import numpy as np
import onnx
from onnx import TensorProto

from mx._onnx.elementwise import Arithmetic
from mx._onnx.graph import (
    MOST_FOLDED,
    TYPES,
    Node,
    Value,
    align,
    broadcast,
    check_size,
    elementwise,
    operator,
    type_name,
)
from mx._onnx.sizes import Dim, Size, divide, product
from mx._onnx.writer import Writer


def reshape(node: Node, x: Value, shape: Sequence[Size]) -> Value:
    """`x` in another shape with as many elements."""
    shape = tuple(shape)
    result = Value(x.type, shape)
    check_size(node, result)
    if not any(isinstance(size, Dim) for size in (*x.shape, *shape)) and product(x.shape) != product(shape):
        node.fail(f"expected a shape of {product(x.shape)} elements, got {list(shape)}")
    if x.known is not None and not any(isinstance(size, Dim) for size in shape):
        return node.constant(x.type, x.known.reshape([int(size) for size in shape]))
    result.ssa = node.writer.view(x.use(node.writer), x.kind, x.shape, shape)
    return result


def transpose(node: Node, x: Value, order: Sequence[int]) -> Value:
    shape = tuple(x.shape[axis] for axis in order)
    if x.known is not None:
        return node.constant(x.type, x.known.transpose(order))
    if x.ssa is None and x.blocks is not None:
        return Value(x.type, shape, blocks=x.blocks.transpose(node.writer, order))
    result = node.result(x.type, shape, node.writer.transpose(x.use(node.writer), x.kind, x.shape, order))
    if x.blocks is not None:
        result.blocks = x.blocks.transpose(node.writer, order)
    return result


@operator("Identity", "Dropout")
def identity(node: Node) -> list[Value]:
    x = node.need(0)
    if node.proto.op_type == "Dropout" and len(node.proto.output) > 1:
        node.fail("expected a dropout without a mask, got one with it")
    if (mode := node.get(2)) is not None and (mode.known is None or bool(mode.known)):
        node.fail("expected a dropout that is not training, got one that is or may be")
    return [x]


@operator("Constant")
def constant(node: Node) -> Value:
    given = {name: onnx.helper.get_attribute_value(each) for name, each in node.attributes.items()}
    if "value" in given and isinstance(given["value"], TensorProto):
        return node.constant(given["value"].data_type, node.read_tensor(given["value"]))
    for name, type_, dtype in (
        ("value_int", TensorProto.INT64, np.int64),
        ("value_ints", TensorProto.INT64, np.int64),
        ("value_float", TensorProto.FLOAT, np.float32),
        ("value_floats", TensorProto.FLOAT, np.float32),
    ):
        if name in given:
            return node.constant(type_, np.array(given[name], dtype))
    node.fail("expected a constant of numbers, got another")


@operator("Shape")
def shape_of(node: Node) -> Value:
    x = node.need(0)
    chosen = x.shape[slice(node.attribute("start", 0), node.attribute("end", x.rank))]
    known = np.empty(len(chosen), object)
    known[:] = chosen
    return node.constant(TensorProto.INT64, known)


@operator("Size")
def size_of(node: Node) -> Value:
    known = np.empty((), object)
    known[()] = product(node.need(0).shape)
    return node.constant(TensorProto.INT64, known)


@operator("Reshape")
def reshape_to(node: Node) -> Value:
    x, wanted = node.need(0), node.integers(node.need(1), "shape")
    keeps_zero = node.attribute("allowzero", 0)
    shape: list[Size] = []
    for i, size in enumerate(wanted):
        if size == 0 and not keeps_zero:
            if i >= x.rank:
                node.fail(f"expected a size for dimension {i}, got 0, which stands for that of the input")
            size = x.shape[i]
        shape.append(size)
    free = [i for i, size in enumerate(shape) if size == -1]
    if len(free) > 1 or any(not isinstance(size, Dim) and size < -1 for size in shape):
        node.fail(f"expected sizes, and -1 at most once, got {wanted}")
    if free:
        whole, part = product(x.shape), product(size for size in shape if size != -1)
        rest = divide(whole, part)
        if rest is None and (isinstance(whole, Dim) or isinstance(part, Dim)):
            rest = whole // part
        if rest is None:
            node.fail(f"expected a shape of {whole} elements, got {wanted}")
        shape[free[0]] = rest
    return reshape(node, x, shape)


@operator("Flatten")
def flatten(node: Node) -> Value:
    x, axis = node.need(0), node.attribute("axis", 1)
    if not -x.rank <= axis <= x.rank:
        node.fail(f"expected an axis from {-x.rank} to {x.rank}, got {axis}")
    axis = axis + x.rank if axis < 0 else axis
    return reshape(node, x, (product(x.shape[:axis]), product(x.shape[axis:])))


@operator("Squeeze")
def squeeze(node: Node) -> Value:
    x = node.need(0)
    axes = node.axes(x.rank)
    if axes is None:
        axes = [i for i, size in enumerate(x.shape) if size == 1]
    for axis in axes:
        if x.shape[axis] != 1:
            node.fail(f"expected dimension {axis} to have the size 1, got {x.shape[axis]}")
    return reshape(node, x, [size for i, size in enumerate(x.shape) if i not in axes])


@operator("Unsqueeze")
def unsqueeze(node: Node) -> Value:
    x = node.need(0)
    given = node.get(1)
    count = len(node.numbers(given, "axes") if given is not None else node.attribute("axes", ()))
    axes = node.axes(x.rank + count) or []
    sizes = iter(x.shape)
    return reshape(node, x, [1 if i in axes else next(sizes) for i in range(x.rank + count)])


@operator("Transpose")
def transpose_by(node: Node) -> Value:
    x = node.need(0)
    order = list(node.attribute("perm", ())) or list(reversed(range(x.rank)))
    if sorted(order) != list(range(x.rank)):
        node.fail(f"expected a permutation of {x.rank} dimensions, got {order}")
    return transpose(node, x, order)


@operator("Concat")
def concatenate(node: Node) -> Value:
    values = [node.need(i) for i in range(len(node.inputs))]
    first = node.need(0)
    if first.rank == 0:
        node.fail("expected tensors of at least one dimension, got scalars")
    axis = node.axis(0, first.rank)
    for value in values:
        if value.type != first.type or value.rank != first.rank:
            node.fail(f"expected tensors of one type and rank, got {first.text} and {value.text}")
        for i in range(first.rank):
            if i == axis or value.shape[i] == first.shape[i]:
                continue
            if not isinstance(value.shape[i], Dim) and not isinstance(first.shape[i], Dim):
                node.fail(f"expected equal sizes beside axis {axis}, got {list(first.shape)} and {list(value.shape)}")
            node.writer.require_equal(first.shape[i], value.shape[i], "sizes")
    if all(value.known is not None for value in values):
        return node.constant(first.type, np.concatenate([value.known for value in values], axis))  # type: ignore[misc]
    writer, offset = node.writer, 0
    shape = list(first.shape)
    ends: list[Size] = [0]
    for value in values:
        ends.append(ends[-1] + value.shape[axis])
    shape[axis] = ends[-1]
    result = writer.empty(shape, first.kind)
    for value, offset in zip(values, ends):
        offsets: list[Size] = [0] * first.rank
        offsets[axis] = offset
        result = writer.insert(value.use(writer), value.kind, value.shape, result, shape, offsets)
    return node.result(first.type, shape, result)


@operator("Split")
def split(node: Node) -> list[Value]:
    x = node.need(0)
    axis, count = node.axis(0, x.rank), len(node.proto.output)
    given = node.get(1)
    size = x.shape[axis]
    if given is not None:
        parts = node.integers(given, "split")
    else:
        if node.attribute("num_outputs", count) != count:
            node.fail(
                f"expected num_outputs to be the number of outputs ({count}), got {node.attribute('num_outputs')}"
            )
        each = (size + (count - 1)) // count
        parts = [each] * (count - 1)
        parts.append(size - each * (count - 1))
    total: Size = 0
    for part in parts:
        total = total + part
    if len(parts) != count or (total != size and not isinstance(total, Dim) and not isinstance(size, Dim)):
        node.fail(f"expected {count} parts of {size} elements together, got {parts}")
    node.writer.require_equal(total, size, "sizes of parts")
    results, start = [], 0
    for part in parts:
        starts: list[Size] = [0] * x.rank
        starts[axis] = start
        sizes = list(x.shape)
        sizes[axis] = part
        results.append(cut(node, x, starts, sizes, [1] * x.rank))
        start = start + part  # type: ignore[assignment]
    return results


def cut(node: Node, x: Value, starts: Sequence[Size], sizes: Sequence[Size], steps: Sequence[int]) -> Value:
    """`sizes` elements from `starts` on, each `steps` after the one before; backwards by reading element by element."""
    if x.known is not None and not any(isinstance(each, Dim) for each in (*starts, *sizes)):
        index = tuple(
            [int(start) + int(step) * i for i in range(int(size))] for start, size, step in zip(starts, sizes, steps)
        )
        return node.constant(x.type, x.known[np.ix_(*index)] if index else x.known)
    writer = node.writer
    if all(step > 0 for step in steps):
        return node.result(x.type, sizes, writer.slice(x.use(writer), x.kind, x.shape, starts, sizes, steps))

    def body(writer: Writer) -> str:
        places = []
        for axis, (start, step) in enumerate(zip(starts, steps)):
            place = writer.emit(f"linalg.index {axis} : index")
            scaled = writer.emit(f"arith.muli {place}, {writer.index(step)} : index")
            places.append(writer.emit(f"arith.addi {scaled}, {writer.index(start)} : index"))
        return writer.emit(f"tensor.extract {tensor}[{', '.join(places)}] : {x.text}")

    tensor = x.use(writer)
    return node.result(x.type, sizes, writer.generic(sizes, x.kind, [], body))


@operator("Slice")
def slice_by(node: Node) -> Value:
    x = node.need(0)
    starts, ends = node.integers(node.need(1), "starts"), node.integers(node.need(2), "ends")
    given, stepped = node.get(3), node.get(4)
    axes = [node.check_axis(a, x.rank) for a in node.numbers(given, "axes")] if given else list(range(len(starts)))
    steps = node.numbers(stepped, "steps") if stepped else [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or len(set(axes)) < len(axes) or len(axes) > x.rank:
        node.fail(
            f"expected starts, ends and steps for axes that differ, got {len(starts)}, {len(ends)} and {len(steps)}"
        )
    if 0 in steps:
        node.fail("expected steps that are not 0, got 0")
    begin: list[Size] = [0] * x.rank
    sizes, stride = list(x.shape), [1] * x.rank
    for axis, start, end, step in zip(axes, starts, ends, steps):
        begin[axis], sizes[axis] = bound(node, x.shape[axis], start, end, step)
        stride[axis] = step
    return cut(node, x, begin, sizes, stride)


def bound(node: Node, size: Size, start: Size, end: Size, step: int) -> tuple[Size, Size]:
    """First element and number of elements of a slice."""
    if not any(isinstance(each, Dim) for each in (size, start, end)):
        chosen = range(int(size))[slice(int(start), int(end), step)]
        # Python's end before the first element has no number.
        first = chosen.start if len(chosen) else 0
        return first, len(chosen)
    if step == 1 and start == 0 and (end == size or (not isinstance(end, Dim) and end >= 2**31 - 1)):
        return 0, size
    if step < 0:
        node.fail("expected sizes that are known where a slice runs backwards, got others")
    writer = node.writer

    def clamp(position: Size) -> Size:
        if isinstance(position, int) and position == 0:
            return 0
        if position == size or (not isinstance(position, Dim) and position >= 2**31 - 1):
            return size
        moved = size + position if not isinstance(position, Dim) and position < 0 else position
        low = writer.compute("arith.maxsi", moved, 0)
        limited = writer.compute("arith.minsi", Dim(writer.compute, [low], 1, low), size)
        return Dim(writer.compute, [limited], 1, limited)

    first, last = clamp(start), clamp(end)
    length = last - first
    if isinstance(length, Dim) and not (first == 0):
        some = writer.compute("arith.maxsi", length, 0)
        length = Dim(writer.compute, [some], 1, some)
    if step != 1:
        length = (length + (step - 1)) // step
    return first, length


def is_small(shape: Sequence[Size]) -> bool:
    """Whether a constant of this shape is made here."""
    count = product(shape)
    return not isinstance(count, Dim) and not any(isinstance(s, Dim) for s in shape) and count <= MOST_FOLDED


@operator("Expand")
def expand(node: Node) -> Value:
    x, wanted = node.need(0), node.integers(node.need(1), "shape")
    shape = broadcast(node, [x.shape, wanted])
    check_size(node, Value(x.type, shape))
    if x.known is not None and is_small(shape):
        return node.constant(x.type, np.broadcast_to(x.known, shape))  # type: ignore[arg-type]
    return elementwise(node, x.type, [x], lambda writer, element: element, shape)


@operator("Tile")
def tile(node: Node) -> Value:
    x, repeats = node.need(0), node.integers(node.need(1), "repeats")
    if len(repeats) != x.rank:
        node.fail(f"expected {x.rank} repeats, got {len(repeats)}")
    shape = [size * count for size, count in zip(x.shape, repeats)]
    check_size(node, Value(x.type, tuple(shape)))

    def place(writer: Writer, axis: int, position: str) -> str:
        return writer.emit(f"arith.remui {position}, {writer.index(x.shape[axis])} : index")

    return gather_elements(node, x, shape, place)


def gather_elements(node: Node, x: Value, shape: Sequence[Size], place: Callable[[Writer, int, str], str]) -> Value:
    """A result of which element `d` is that of `x` at `place(d)` on each axis."""
    tensor = x.use(node.writer)

    def body(writer: Writer) -> str:
        places = [place(writer, i, writer.emit(f"linalg.index {i} : index")) for i in range(x.rank)]
        return writer.emit(f"tensor.extract {tensor}[{', '.join(places)}] : {x.text}")

    return node.result(x.type, shape, node.writer.generic(shape, x.kind, [], body))


@operator("Pad")
def pad(node: Node) -> Value:
    x, pads = node.need(0), node.numbers(node.need(1), "pads")
    given, mode = node.get(3), node.attribute("mode", "constant")
    axes = [node.check_axis(axis, x.rank) for axis in node.numbers(given, "axes")] if given else list(range(x.rank))
    if mode != "constant" or len(pads) != 2 * len(axes) or min(pads, default=0) < 0:
        node.fail(f"expected the mode 'constant' and two sizes for each axis, got '{mode}' and {pads}")
    before, shape = [0] * x.rank, list(x.shape)
    for i, axis in enumerate(axes):
        before[axis] = pads[i]
        shape[axis] = shape[axis] + pads[i] + pads[len(axes) + i]
    check_size(node, Value(x.type, tuple(shape)))
    value, writer = node.get(2), node.writer
    if value is not None and (value.type != x.type or int(product(value.shape)) != 1):  # type: ignore[arg-type]
        node.fail(f"expected one number of {type_name(x.type)} to pad with, got {value.text}")
    scalar = writer.number(0, x.kind) if value is None else extract(node, reshape(node, value, ()))
    filled = writer.fill(shape, x.kind, scalar)
    return node.result(x.type, shape, writer.insert(x.use(writer), x.kind, x.shape, filled, shape, before))


def extract(node: Node, x: Value) -> str:
    """The number of a tensor without dimensions."""
    return node.writer.emit(f"tensor.extract {x.use(node.writer)}[] : {x.text}")


@operator("ConstantOfShape")
def constant_of_shape(node: Node) -> Value:
    shape = node.integers(node.need(0), "shape")
    given = node.attributes.get("value")
    value = np.zeros(1, np.float32) if given is None else node.read_tensor(given.t)
    type_ = TensorProto.FLOAT if given is None else given.t.data_type
    if type_ not in TYPES or value.size != 1:
        node.fail("expected a value of one element, got another")
    result = Value(type_, tuple(shape))
    check_size(node, result)
    if is_small(shape):
        return node.constant(type_, np.full(shape, value.reshape(()), value.dtype))  # type: ignore[arg-type]
    scalar = extract(node, node.constant(type_, value.reshape(())))
    result.ssa = node.writer.fill(shape, result.kind, scalar)
    return result


@operator("Range")
def range_of(node: Node) -> Value:
    start, limit, step = (node.need(i) for i in range(3))
    if any(value.known is None or value.known.size != 1 for value in (start, limit, step)):
        node.fail("expected bounds that are known before the program runs, got a value that is computed from others")
    if start.kind not in ("i16", "i32", "i64", "f16", "f32", "f64"):
        node.fail(f"expected a range that mx has, got one of {type_name(start.type)}")
    first, last, by = (value.known.reshape(-1)[0] for value in (start, limit, step))  # type: ignore[union-attr]
    if isinstance(by, Dim) or not by:
        node.fail("expected a step that is not 0, got another")
    if any(isinstance(each, Dim) for each in (first, last)):
        if by != 1:
            node.fail(f"expected the step 1 where bounds are sizes, got {by}")
        count: Size = last - first
    else:
        count = max(0, int(np.ceil((last - first) / by)))
        check_size(node, Value(start.type, (count,)))
        if count <= MOST_FOLDED:
            dtype = object if start.kind in ("i64", "i32") else start.known.dtype  # type: ignore[union-attr]
            return node.constant(start.type, np.array([first + i * by for i in range(count)], dtype).reshape(count))
    if start.kind not in ("i64", "i32"):
        node.fail(f"expected whole numbers, got {type_name(start.type)}")

    def body(writer: Writer) -> str:
        place = writer.emit("linalg.index 0 : index")
        scaled = writer.emit(f"arith.muli {place}, {writer.index(int(by))} : index")
        moved = writer.emit(
            f"arith.addi {scaled}, {writer.index(first if isinstance(first, Dim) else int(first))} : index"
        )
        return writer.emit(f"arith.index_cast {moved} : index to {start.kind}")

    return node.result(start.type, (count,), node.writer.generic([count], start.kind, [], body))


@operator("Trilu")
def triangle(node: Node) -> Value:
    x, given = node.need(0), node.get(1)
    if x.rank < 2:
        node.fail(f"expected matrices, got {x.rank} dimensions")
    k = 0 if given is None else node.numbers(given, "k")[0]
    # Beyond this no matrix has a diagonal, and sums of indices cannot overflow.
    k = max(-MOST_DIAGONAL, min(MOST_DIAGONAL, k))
    is_upper = node.attribute("upper", 1)

    def body(writer: Writer, element: str) -> str:
        row = writer.emit(f"linalg.index {x.rank - 2} : index")
        column = writer.emit(f"linalg.index {x.rank - 1} : index")
        edge = writer.emit(f"arith.addi {row}, {writer.index(k)} : index")
        inside = writer.emit(f"arith.cmpi {'sge' if is_upper else 'sle'}, {column}, {edge} : index")
        return Arithmetic(writer, x.kind).select(inside, element, writer.number(0, x.kind))

    return elementwise(node, x.type, [x], body)


MOST_DIAGONAL = 2**40


# --- gathering ---------------------------------------------------------------------


def wrap_indices(node: Node, indices: Value, size: Size) -> Value:
    """Indices from 0 on; negative ones count from the end. The program stops if one is outside."""
    writer = node.writer
    if indices.kind not in ("i64", "i32"):
        node.fail(f"expected indices of INT32 or INT64, got {type_name(indices.type)}")
    if indices.known is not None and not isinstance(size, Dim) and indices.known.dtype != object:
        if ((indices.known < -size) | (indices.known >= size)).any():
            node.fail(f"expected indices from {-size} to {size - 1}, got others")
        return node.constant(indices.type, np.where(indices.known < 0, indices.known + size, indices.known))
    limit = writer.emit(f"arith.index_cast {writer.index(size)} : index to {indices.kind}")

    def body(writer: Writer, index: str) -> str:
        m = Arithmetic(writer, indices.kind)
        return m.select(m.compare("lt", index, m.number(0)), m.op("arith.addi", index, limit), index)

    def all_inside(writer: Writer, index: str, so_far: str) -> str:
        # As numbers without sign, those below zero are large.
        inside = writer.emit(f"arith.cmpi ult, {index}, {limit} : {indices.kind}")
        return writer.emit(f"arith.andi {so_far}, {inside} : i1")

    wrapped = elementwise(node, indices.type, [indices], body)
    start = writer.fill([], "i1", writer.number(1, "i1"))
    loops = [f"d{i}" for i in range(wrapped.rank)]
    operand = wrapped.use(writer), wrapped.text, loops
    found = writer.generic(
        [], "i1", [operand], all_inside, init=start, reduced=range(wrapped.rank), rank=wrapped.rank, keep=[]
    )
    writer.require(
        writer.emit(f"tensor.extract {found}[] : tensor<i1>"), f"{node.label}: expected indices inside, got others"
    )
    return wrapped


def read_at(writer: Writer, x: Value, places: Sequence[str]) -> str:
    return writer.emit(f"tensor.extract {x.use(writer)}[{', '.join(places)}] : {x.text}")


@operator("Gather")
def gather(node: Node) -> Value:
    x, indices = node.need(0), node.need(1)
    axis = node.axis(0, x.rank)
    if x.known is not None and x.known.size <= MOST_FOLDED and indices.known is not None:
        chosen = np.asarray(indices.known.tolist(), np.int64).reshape(indices.known.shape)
        size = x.known.shape[axis]
        if ((chosen < -size) | (chosen >= size)).any():
            node.fail(f"expected indices from {-size} to {size - 1}, got others")
        found = np.take(x.known, chosen, axis)
        known = np.empty(found.shape, x.known.dtype) if isinstance(found, np.ndarray) else np.empty((), x.known.dtype)
        known[...] = found
        return node.constant(x.type, known)
    wrapped = wrap_indices(node, indices, x.shape[axis])
    shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    check_size(node, Value(x.type, shape))
    x.use(node.writer)
    operand = wrapped.use(node.writer), wrapped.text, [f"d{axis + i}" for i in range(indices.rank)]

    def body(writer: Writer, index: str) -> str:
        loops = [i for i in range(len(shape)) if not axis <= i < axis + indices.rank]
        places = [writer.emit(f"linalg.index {i} : index") for i in loops]
        places.insert(axis, writer.emit(f"arith.index_cast {index} : {indices.kind} to index"))
        return read_at(writer, x, places)

    return node.result(x.type, shape, node.writer.generic(shape, x.kind, [operand], body))


@operator("GatherElements")
def gather_each(node: Node) -> Value:
    x, indices = node.need(0), node.need(1)
    if x.rank != indices.rank:
        node.fail(f"expected indices of {x.rank} dimensions, got {indices.rank}")
    axis = node.axis(0, x.rank)
    for i in range(x.rank):
        a, b = x.shape[i], indices.shape[i]
        if i == axis or a == b:
            continue
        if isinstance(a, Dim) or isinstance(b, Dim):
            node.writer.require_equal(a, b, "sizes")
        elif b > a:
            node.fail(f"expected at most {a} indices along dimension {i}, got {b}")
    wrapped = wrap_indices(node, indices, x.shape[axis])
    x.use(node.writer)

    def body(writer: Writer, index: str) -> str:
        places = [writer.emit(f"linalg.index {i} : index") for i in range(x.rank)]
        places[axis] = writer.emit(f"arith.index_cast {index} : {indices.kind} to index")
        return read_at(writer, x, places)

    operand = align(node.writer, wrapped, indices.shape)
    return node.result(x.type, indices.shape, node.writer.generic(indices.shape, x.kind, [operand], body))
