//===- Layouts.cpp - other orders of the same bytes, for Python -----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "Bindings.h"

/// Payload and scales of `count` elements in rows, and their structs in ggml.
static void toGgml(const FormatTuple &format, const py::buffer &payload,
                   const py::buffer &scales, int64_t count,
                   const py::buffer &structs) {
  auto [payloadBytes, scaleCount] = measure(format, {count}, 0);
  MXFormat parts = makeFormat(format);
  Buffer from(payload, false), fromScales(scales, false), to(structs, true);
  callUnlocked(mxToGgml, &parts, from.get<const uint8_t>(payloadBytes),
               fromScales.get<const uint8_t>(scaleCount), count,
               to.get<uint8_t>(payloadBytes + scaleCount));
}

static void fromGgml(const FormatTuple &format, const py::buffer &structs,
                     int64_t count, const py::buffer &payload,
                     const py::buffer &scales) {
  auto [payloadBytes, scaleCount] = measure(format, {count}, 0);
  MXFormat parts = makeFormat(format);
  Buffer from(structs, false), to(payload, true), toScales(scales, true);
  callUnlocked(
      mxFromGgml, &parts, from.get<const uint8_t>(payloadBytes + scaleCount),
      count, to.get<uint8_t>(payloadBytes), toScales.get<uint8_t>(scaleCount));
}

static int64_t measureTiles(int64_t rows, int64_t columns) {
  int64_t bytes = 0;
  callUnlocked(mxScaleTilesMeasure, rows, columns, &bytes);
  return bytes;
}

static void toTiles(const py::buffer &scales, int64_t rows, int64_t columns,
                    const py::buffer &tiles) {
  int64_t bytes = measureTiles(rows, columns);
  Buffer from(scales, false), to(tiles, true);
  callUnlocked(mxToScaleTiles, from.get<const uint8_t>(rows * columns), rows,
               columns, to.get<uint8_t>(bytes));
}

static void fromTiles(const py::buffer &tiles, int64_t rows, int64_t columns,
                      const py::buffer &scales) {
  int64_t bytes = measureTiles(rows, columns);
  Buffer from(tiles, false), to(scales, true);
  callUnlocked(mxFromScaleTiles, from.get<const uint8_t>(bytes), rows, columns,
               to.get<uint8_t>(rows * columns));
}

void bindLayouts(py::module_ &m) {
  m.def("to_ggml", &toGgml, "format"_a, "payload"_a, "scales"_a, "count"_a,
        "structs"_a);
  m.def("from_ggml", &fromGgml, "format"_a, "structs"_a, "count"_a, "payload"_a,
        "scales"_a);
  m.def("measure_tiles", &measureTiles, "rows"_a, "columns"_a);
  m.def("to_tiles", &toTiles, "scales"_a, "rows"_a, "columns"_a, "tiles"_a);
  m.def("from_tiles", &fromTiles, "tiles"_a, "rows"_a, "columns"_a, "scales"_a);
}
