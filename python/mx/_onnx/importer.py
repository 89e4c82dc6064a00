# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""A model of ONNX becomes the text of a program.

Every name of the model is a value here before a node may use it, so that a graph that is cyclic, out of order or
incomplete is refused where it is. Operators that mx does not have are replaced by the function that ONNX defines them
by, where there is one; what is left is reported at once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union

import onnx
import onnx.inliner

from mx._errors import Error
from mx._onnx import elementwise, movement, products, quantization, reductions  # noqa: F401 (they register operators)
from mx._onnx.graph import MOST_DIMENSIONS, OPERATORS, TYPES, Node, Value, check_size, type_name
from mx._onnx.sizes import Dim, Size
from mx._onnx.tensors import Reader
from mx._onnx.writer import Writer, quote

# What the handlers are written for, the largest file that protobuf can read, and operators that meant something else in
# older opsets.
FIRST_OPSET, MOST_MODEL_BYTES, MOST_NODES = 7, 2**31 - 1, 10**6
CHANGED = {"Softmax": 13, "LogSoftmax": 13, "Split": 13, "Clip": 11, "Pad": 11, "Slice": 10, "Dropout": 12}
DOMAINS = ("", "ai.onnx")


@dataclass(frozen=True)
class Port:
    """An input or output: its name, the element type that ONNX has for it, and its sizes, names where they are open."""

    name: str
    type: int
    shape: tuple[Union[int, str], ...]


@dataclass(frozen=True)
class Imported:
    """What a model became."""

    text: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    notes: tuple[str, ...]


def load_model(source: Any) -> tuple[onnx.ModelProto, Optional[Path], str]:
    """The model, where it was read from, and what messages call it."""
    if isinstance(source, onnx.ModelProto):
        return source, None, "<model>"
    if isinstance(source, (bytes, bytearray)):
        data, path, label = bytes(source), None, "<bytes>"
    elif isinstance(source, (str, os.PathLike)):
        path = Path(os.fspath(source))
        label = str(path)
        try:
            if path.stat().st_size > MOST_MODEL_BYTES:
                raise Error(f"{label}: expected a file of at most 2 GiB, got {path.stat().st_size} bytes")
            data = path.read_bytes()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise Error(f"{label}: expected a file that can be read, got: {reason}") from None
    else:
        raise TypeError(f"expected a path, bytes or an onnx.ModelProto, got {type(source).__name__}")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except Exception as error:  # What protobuf raises has no common class in all of its versions.
        raise Error(f"{label}: expected a model of ONNX, got what protobuf cannot read: {error}") from None
    if not data or not model.HasField("graph"):
        raise Error(f"{label}: expected a model with a graph, got none")
    check_names(model.graph, label)
    return model, path, label


def check_names(graph: onnx.GraphProto, label: str) -> None:
    """Some versions of protobuf give bytes where a name is not UTF-8."""
    values = [*graph.input, *graph.output, *graph.initializer]
    names = [each.name for each in (*values, *graph.node)]
    for node in graph.node:
        names += [node.op_type, node.domain, *node.input, *node.output, *(each.name for each in node.attribute)]
    if not all(isinstance(name, str) for name in names):
        raise Error(f"{label}: expected names in UTF-8, got others")


def find_opset(model: onnx.ModelProto, label: str) -> int:
    versions = [each.version for each in model.opset_import if each.domain in DOMAINS]
    newest = onnx.defs.onnx_opset_version()
    if len(versions) != 1 or not FIRST_OPSET <= versions[0] <= newest:
        got = versions[0] if versions else "none"
        raise Error(
            f"{label}: expected operators of opset {FIRST_OPSET} to {newest}, got {got} "
            "(onnx.version_converter translates older ones)"
        )
    return versions[0]


def inline(model: onnx.ModelProto, label: str) -> onnx.ModelProto:
    """Functions instead of operators that mx does not have: those of the model, and those of ONNX's own."""
    if len(model.graph.node) > MOST_NODES:
        raise Error(f"{label}: expected at most {MOST_NODES} nodes, got {len(model.graph.node)}")
    wanted = {("" if node.domain in DOMAINS else node.domain, node.op_type) for node in model.graph.node}
    own = [each for each in wanted if not (each[0] == "" and each[1] in OPERATORS)]
    has_function = [each for each in own if is_function(model, *each)]
    if not has_function:
        return model
    expanded = onnx.ModelProto()
    expanded.CopyFrom(model)
    for node in expanded.graph.node:
        node.domain = "" if node.domain in DOMAINS else node.domain
        if node.op_type in (name for domain, name in has_function if domain == node.domain):
            add_defaults(node)
    try:
        known = [("", name) for name in OPERATORS]
        return onnx.inliner.inline_selected_functions(expanded, known, exclude=True, inline_schema_functions=True)
    except Exception as error:  # A failure of ONNX's own, of any class.
        names = ", ".join(sorted(f"'{name}'" for _, name in has_function))
        raise Error(f"{label}: expected functions that can be put in for {names}, got: {error}") from None


def add_defaults(node: onnx.NodeProto) -> None:
    """Writes attributes that are left out; ONNX's inliner would leave them out of the function as well."""
    try:
        schema = onnx.defs.get_schema(node.op_type, domain=node.domain)
    except onnx.defs.SchemaError:
        return
    given = {each.name for each in node.attribute}
    for name, attribute in schema.attributes.items():
        if name not in given and attribute.default_value.name:
            node.attribute.append(attribute.default_value)


def is_function(model: onnx.ModelProto, domain: str, name: str) -> bool:
    if any((each.domain, each.name) == (domain, name) for each in model.functions):
        return True
    try:
        schema = onnx.defs.get_schema(name, domain=domain)
    except onnx.defs.SchemaError:
        return False
    return schema.has_function or schema.has_context_dependent_function


def check_operators(graph: onnx.GraphProto, opset: int, label: str) -> None:
    """Refuses a graph with operators that mx does not have; all of them, and the nodes where they are."""
    found: dict[str, list[str]] = {}
    for index, node in enumerate(graph.node):
        if node.domain not in DOMAINS or node.op_type not in OPERATORS:
            name = f"'{node.op_type}'" + (f" of '{node.domain}'" if node.domain not in DOMAINS else "")
            found.setdefault(name, []).append(node_name(node, index))
        elif opset < CHANGED.get(node.op_type, 0):
            name = f"'{node.op_type}' of opset {opset}, older than {CHANGED[node.op_type]}"
            found.setdefault(name, []).append(node_name(node, index))
    if found:
        lines = [
            f"  {name}: {len(nodes)} times, at {', '.join(nodes[:8])}{', …' * (len(nodes) > 8)}"
            for name, nodes in found.items()
        ]
        raise Error(f"{label}: expected operators that mx has, got others:\n" + "\n".join(lines))


def node_name(node: onnx.NodeProto, index: int) -> str:
    return repr(node.name) if node.name else f"node {index}"


class Importer:
    """One graph on its way."""

    def __init__(self, label: str, reader: Reader, opset: int, sizes: Mapping[str, int]):
        self.label, self.reader, self.opset, self.sizes = label, reader, opset, sizes
        self.writer = Writer()
        self.values: dict[str, Value] = {}
        self.symbols: dict[str, Dim] = {}
        self.notes: list[str] = []

    def define(self, name: str, value: Value, where: str) -> None:
        if not name or name in self.values:
            raise Error(f"{where}: expected names of values that differ, got {name!r} again")
        self.values[name] = value

    def read_port(self, info: onnx.ValueInfoProto, role: str) -> Port:
        where = f"{self.label}: {role} {info.name!r}"
        if info.type.WhichOneof("value") != "tensor_type":
            raise Error(f"{where}: expected a tensor, got {info.type.WhichOneof('value')}")
        tensor = info.type.tensor_type
        if tensor.elem_type not in TYPES:
            raise Error(f"{where}: expected a type that mx has, got {type_name(tensor.elem_type)}")
        if role == "input" and not tensor.HasField("shape"):
            raise Error(f"{where}: expected a shape, got none")
        if len(tensor.shape.dim) > MOST_DIMENSIONS:
            raise Error(f"{where}: expected at most {MOST_DIMENSIONS} dimensions, got {len(tensor.shape.dim)}")
        shape: list[Union[int, str]] = []
        for position, dim in enumerate(tensor.shape.dim):
            name = dim.dim_param or f"{info.name}.{position}"
            size = dim.dim_value if dim.HasField("dim_value") else self.sizes.get(name, name)
            if not isinstance(size, str) and not 0 <= size < 2**48:
                raise Error(f"{where}: expected sizes from 0 to 2^48, got {size}")
            shape.append(size)
        return Port(info.name, tensor.elem_type, tuple(shape))

    def add_input(self, port: Port, index: int) -> str:
        """Declares an argument; equal names of sizes are equal sizes, which is checked."""
        argument, writer = f"%arg{index}", self.writer
        value = Value(port.type, (), argument)
        text = f"tensor<{''.join('?x' if isinstance(size, str) else f'{size}x' for size in port.shape)}{value.kind}>"
        shape: list[Size] = []
        for position, size in enumerate(port.shape):
            if not isinstance(size, str):
                shape.append(size)
                continue
            ssa = writer.emit(f"tensor.dim {argument}, {writer.index(position)} : {text}")
            if size not in self.symbols:
                self.symbols[size] = Dim(writer.compute, [size], 1, ssa)
            else:
                first = self.symbols[size]
                same = writer.emit(f"arith.cmpi eq, {first.ssa}, {ssa} : index")
                writer.require(same, f"expected equal sizes '{size}' of all inputs, got others")
            shape.append(self.symbols[size])
        value.shape = tuple(shape)
        check_size(self.node_for(port.name), value)
        self.define(port.name, value, f"{self.label}: input {port.name!r}")
        return f"{argument}: {text}"

    def node_for(self, name: str) -> Node:
        """Something to fail at, for inputs."""
        return Node(onnx.NodeProto(), self.writer, [], self.opset, f"{self.label}: input {name!r}", self.reader)

    def add_node(self, proto: onnx.NodeProto, index: int) -> None:
        where = f"{self.label}: {node_name(proto, index)} ({proto.op_type})"
        inputs: list[Optional[Value]] = []
        for name in proto.input:
            if name and name not in self.values:
                raise Error(f"{where}: expected inputs that come before it, got {name!r}")
            inputs.append(self.values[name] if name else None)
        node = Node(proto, self.writer, inputs, self.opset, where, self.reader)
        self.writer.location = f" loc({quote(proto.name or f'{proto.op_type}.{index}')})"
        try:
            results = OPERATORS[proto.op_type](node)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, MemoryError) as error:
            if isinstance(error, Error):
                raise
            raise Error(
                f"{where}: expected the inputs and attributes of '{proto.op_type}', got others: {error}"
            ) from None
        self.writer.location = ""
        self.notes += node.notes
        results = results if isinstance(results, list) else [results]
        for name, result in zip(proto.output, results):
            check_size(node, result)
            if name:
                self.define(name, result, where)
        if any(proto.output[len(results) :]):
            raise Error(f"{where}: expected at most {len(results)} outputs, got {len(proto.output)}")

    def run(self, graph: onnx.GraphProto) -> Imported:
        if graph.sparse_initializer:
            raise Error(f"{self.label}: expected no sparse initialisers, got {len(graph.sparse_initializer)}")
        for tensor in graph.initializer:
            where = f"{self.label}: initialiser {tensor.name!r}"
            known = self.reader.read(tensor, where)
            self.define(tensor.name, Value(tensor.data_type, known.shape, known=known), where)
        # Older models list initialisers as inputs too.
        inputs = [self.read_port(info, "input") for info in graph.input if info.name not in self.values]
        arguments = [self.add_input(port, index) for index, port in enumerate(inputs)]
        for index, proto in enumerate(graph.node):
            self.add_node(proto, index)
        return self.finish(graph, inputs, arguments)

    def finish(self, graph: onnx.GraphProto, inputs: list[Port], arguments: list[str]) -> Imported:
        outputs, names, types = [], [], []
        if not graph.output:
            raise Error(f"{self.label}: expected outputs, got none")
        for info in graph.output:
            where = f"{self.label}: output {info.name!r}"
            value = self.values.get(info.name)
            if value is None:
                raise Error(f"{where}: expected a value that a node computes, got none")
            declared = info.type.tensor_type.elem_type
            if declared and declared != value.type:
                raise Error(f"{where}: expected {type_name(declared)}, got {type_name(value.type)}")
            shape = tuple(size.key if isinstance(size, Dim) else size for size in value.shape)
            outputs.append(Port(info.name, value.type, shape))
            names.append(value.use(self.writer))
            types.append(value.text)
        body = [*self.writer.header, *self.writer.lines, f"return {', '.join(names)} : {', '.join(types)}"]
        text = "\n".join(
            [
                f"func.func @main({', '.join(arguments)}) -> ({', '.join(types)}) {{",
                *(f"  {line}" for line in body),
                "}",
            ]
        )
        return Imported(text + "\n", tuple(inputs), tuple(outputs), tuple(self.notes))


def import_model(source: Any, sizes: Optional[Mapping[str, int]] = None) -> Imported:
    """What `source` (a path, bytes or an onnx.ModelProto) becomes; `sizes` gives numbers to named dimensions."""
    model, path, label = load_model(source)
    for name, size in (sizes or {}).items():
        if isinstance(size, bool) or not isinstance(size, int) or not isinstance(name, str):
            raise TypeError(f"expected names of dimensions with numbers, got {name!r}: {size!r}")
    opset = find_opset(model, label)
    model = inline(model, label)
    check_operators(model.graph, opset, label)
    return Importer(label, Reader(path), opset, sizes or {}).run(model.graph)
