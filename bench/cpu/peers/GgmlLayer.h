//===- GgmlLayer.h - a layer in a tensor of ggml ----------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What the providers of ggml and of its forks share. Included once by each of
// them, since each is compiled with the headers of its own ggml. The conversion
// of activations, which ggml makes for each product, is part of it.
//===----------------------------------------------------------------------===//

#ifndef MX_BENCH_CPU_PEERS_GGMLLAYER_H
#define MX_BENCH_CPU_PEERS_GGMLLAYER_H

#include "Provider.h"
#include "ggml-alloc.h"
#include "ggml-backend.h"
#include "ggml.h"
#include <cstdio>
#include <cstring>
#include <map>
#include <vector>

namespace {

/// The graph of one product.
struct Graph {
  ggml_context *context;
  ggml_cgraph *graph;
  ggml_tensor *x, *product, *y;
};

struct Layer {
  ggml_backend_t backend = nullptr;
  ggml_context *context = nullptr;
  ggml_tensor *weights = nullptr;
  ggml_backend_buffer_t buffer = nullptr;
  /// Not part of the tensor.
  float scale = 1;
  /// By the number of rows.
  std::map<int64_t, Graph> graphs;
};

} // namespace

static uint8_t getCode(const mx_bench_weights &weights, int64_t row,
                       int64_t column) {
  uint8_t byte = weights.codes[(row * weights.k + column) / 2];
  return column % 2 ? byte >> 4 : byte & 15;
}

/// Appends the codes of numbers, those of the first half in the low bits.
static void appendHalves(const mx_bench_weights &weights, int64_t row,
                         int64_t column, int64_t size,
                         std::vector<uint8_t> &bytes) {
  for (int64_t i = column; i < column + size / 2; ++i)
    bytes.push_back(getCode(weights, row, i) |
                    getCode(weights, row, i + size / 2) << 4);
}

/// A scale, then 32 codes.
static std::vector<uint8_t> packMxfp4(const mx_bench_weights &weights) {
  constexpr int64_t block = 32;
  std::vector<uint8_t> bytes;
  for (int64_t row = 0; row < weights.n; ++row)
    for (int64_t column = 0; column < weights.k; column += block) {
      bytes.push_back(weights.scales[(row * weights.k + column) / block]);
      appendHalves(weights, row, column, block, bytes);
    }
  return bytes;
}

/// Four scales, then four times 16 codes.
static std::vector<uint8_t> packNvfp4(const mx_bench_weights &weights) {
  constexpr int64_t block = 16, group = 64;
  std::vector<uint8_t> bytes;
  for (int64_t row = 0; row < weights.n; ++row)
    for (int64_t column = 0; column < weights.k; column += group) {
      const uint8_t *scales =
          weights.scales + (row * weights.k + column) / block;
      bytes.insert(bytes.end(), scales, scales + group / block);
      for (int64_t i = 0; i < group; i += block)
        appendHalves(weights, row, column + i, block, bytes);
    }
  return bytes;
}

static bool isNvfp4(const mx_bench_weights &weights) {
  return std::strcmp(weights.format, "nvfp4") == 0;
}

/// Makes a tensor of `type` in memory of `place`, not filled yet.
static void allocateWeights(Layer &layer, const mx_bench_weights &weights,
                            ggml_type type, ggml_backend_buffer_type_t place) {
  layer.scale = weights.tensor_scale;
  layer.context = ggml_init({ggml_tensor_overhead(), nullptr, true});
  layer.weights = ggml_new_tensor_2d(layer.context, type, weights.k, weights.n);
  layer.buffer = ggml_backend_alloc_ctx_tensors_from_buft(layer.context, place);
}

static Graph makeGraph(const Layer &layer, int64_t rows) {
  ggml_tensor *weights = layer.weights;
  constexpr size_t tensors = 8;
  Graph graph;
  graph.context =
      ggml_init({tensors * ggml_tensor_overhead() + ggml_graph_overhead(),
                 nullptr, true});
  graph.x =
      ggml_new_tensor_2d(graph.context, GGML_TYPE_F32, weights->ne[0], rows);
  graph.y = graph.product = ggml_mul_mat(graph.context, weights, graph.x);
  if (layer.scale != 1)
    graph.y = ggml_scale_inplace(graph.context, graph.product, layer.scale);
  graph.graph = ggml_new_graph(graph.context);
  ggml_build_forward_expand(graph.graph, graph.y);
  return graph;
}

static void multiply(void *prepared, int64_t rows, const float *x, float *y) {
  auto &layer = *static_cast<Layer *>(prepared);
  auto place = layer.graphs.find(rows);
  if (place == layer.graphs.end())
    place = layer.graphs.emplace(rows, makeGraph(layer, rows)).first;
  const Graph &graph = place->second;
  // The caller's memory, without a copy.
  graph.x->data = const_cast<float *>(x);
  graph.product->data = graph.y->data = y;
  ggml_backend_graph_compute(layer.backend, graph.graph);
}

static void release(void *prepared) {
  auto *layer = static_cast<Layer *>(prepared);
  for (auto &[rows, graph] : layer->graphs)
    ggml_free(graph.context);
  ggml_backend_buffer_free(layer->buffer);
  ggml_free(layer->context);
  ggml_backend_free(layer->backend);
  delete layer;
}

static void *fail(Layer *layer, char *error, size_t size, const char *text) {
  std::snprintf(error, size, "%s", text);
  release(layer);
  return nullptr;
}

/// What each provider defines: weights as they are in a file, or repacked.
static void *prepare(const mx_bench_weights &weights, int32_t threads,
                     bool isRepacked, char *error, size_t errorSize);

static void *preparePlain(const mx_bench_weights *weights, int32_t threads,
                          char *error, size_t errorSize) {
  return prepare(*weights, threads, /*isRepacked=*/false, error, errorSize);
}

static void *prepareRepacked(const mx_bench_weights *weights, int32_t threads,
                             char *error, size_t errorSize) {
  return prepare(*weights, threads, /*isRepacked=*/true, error, errorSize);
}

#endif // MX_BENCH_CPU_PEERS_GGMLLAYER_H
