//===- CorrelatedInputs.h - a layer whose inputs are correlated -*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The toy layer on which GPTQ is judged: activations are heavy-tailed noise
// with a falling spectrum in a random basis; one channel in 64, wherever it
// lies, is an outlier. Weights are heavy-tailed too and know nothing of the
// activations.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_QUANTIZATION_CORRELATEDINPUTS_H
#define MX_TEST_UNIT_QUANTIZATION_CORRELATEDINPUTS_H

#include "Numerics/Samples.h"
#include "mx/Numerics/Hadamard.h"
#include "mx/Quantization/Hessian.h"
#include <algorithm>
#include <cstdint>
#include <vector>

struct LayerShape {
  int64_t columns = 512;
  int64_t rows = 256;
  int64_t calibrationRows = 4096;
  int64_t testRows = 1024;
};

struct Layer {
  LayerShape shape;
  std::vector<float> weights;
  /// Hessians of two independent sets of activations.
  std::vector<double> calibration;
  std::vector<double> test;
  /// The squared magnitude of the output on the test rows; a rotation leaves
  /// it as it is.
  double signal = 0.0;
};

/// Student's t. The sum of the squares of two normal numbers is -2·ln(uniform).
inline double drawStudentT(Random &random, int degrees) {
  double product = 1.0;
  for (int i = 0; i < degrees / 2; ++i)
    product *= random.uniform();
  double squares = -2.0 * std::log(product);
  double last = degrees % 2 == 1 ? random.normal() : 0.0;
  return random.normal() / std::sqrt((squares + last * last) / degrees);
}

/// `count` orthonormal rows by Gram and Schmidt's process.
inline std::vector<double> drawBasis(Random &random, int64_t count) {
  std::vector<double> basis(count * count);
  for (int64_t i = 0; i < count; ++i) {
    double *row = basis.data() + i * count;
    for (int64_t k = 0; k < count; ++k)
      row[k] = random.normal();
    for (int64_t other = 0; other <= i; ++other) {
      const double *unit = basis.data() + other * count;
      double product = 0.0;
      for (int64_t k = 0; k < count; ++k)
        product += row[k] * unit[k];
      // Row i itself comes last, and is normalised.
      for (int64_t k = 0; k < count; ++k)
        row[k] = other < i ? row[k] - product * unit[k]
                           : row[k] / std::sqrt(product);
    }
  }
  return basis;
}

/// Different channels, one for 64. Were they at equal distances, blocks would
/// have equal energies, and it would hardly matter which comes first.
inline std::vector<int64_t> drawOutliers(Random &random, int64_t columns) {
  std::vector<int64_t> channels;
  while (int64_t(channels.size()) < (columns + 63) / 64) {
    auto channel = int64_t(random.below(columns));
    if (std::count(channels.begin(), channels.end(), channel) == 0)
      channels.push_back(channel);
  }
  return channels;
}

/// Activations [count, columns]: Σ_i t5 · i^-½ · basis_i, outliers times 10.
inline std::vector<float> drawActivations(Random &random, int64_t count,
                                          const std::vector<double> &basis,
                                          const std::vector<int64_t> &outliers,
                                          int64_t columns) {
  std::vector<float> units(basis.begin(), basis.end());
  std::vector<float> rows(count * columns);
  for (int64_t row = 0; row < count; ++row) {
    float *x = rows.data() + row * columns;
    for (int64_t i = 0; i < columns; ++i) {
      auto amplitude = float(drawStudentT(random, 5) / std::sqrt(i + 1.0));
      const float *unit = units.data() + i * columns;
      for (int64_t k = 0; k < columns; ++k)
        x[k] += amplitude * unit[k];
    }
    for (int64_t k : outliers)
      x[k] *= 10.0f;
  }
  return rows;
}

inline void rotateRows(std::vector<float> &rows, int64_t rotation) {
  for (size_t i = 0; rotation > 1 && i < rows.size(); i += size_t(rotation))
    mxnum::rotateGroup(rows.data() + i, rotation, nullptr, false);
}

inline std::vector<double> makeHessian(const std::vector<float> &rows,
                                       int64_t columns) {
  std::vector<double> hessian(columns * columns);
  mxquant::accumulateHessian(rows.data(), int64_t(rows.size()) / columns,
                             columns, hessian, mxquant::runSerially);
  return hessian;
}

/// Σ d·H·dᵀ over the rows d of `values`.
inline double measureOutput(const std::vector<double> &values,
                            const std::vector<double> &hessian,
                            int64_t columns) {
  double sum = 0.0;
  std::vector<double> product(columns);
  for (size_t row = 0; row < values.size(); row += size_t(columns)) {
    const double *d = values.data() + row;
    std::fill(product.begin(), product.end(), 0.0);
    for (int64_t i = 0; i < columns; ++i)
      for (int64_t k = 0; k < columns; ++k)
        product[k] += d[i] * hessian[i * columns + k];
    for (int64_t k = 0; k < columns; ++k)
      sum += product[k] * d[k];
  }
  return sum;
}

inline Layer drawLayer(uint64_t seed, LayerShape shape = {}) {
  Random random(seed);
  Layer layer;
  layer.shape = shape;
  int64_t columns = shape.columns;
  std::vector<double> basis = drawBasis(random, columns);
  std::vector<int64_t> outliers = drawOutliers(random, columns);
  auto draw = [&](int64_t count) {
    return makeHessian(drawActivations(random, count, basis, outliers, columns),
                       columns);
  };
  layer.calibration = draw(shape.calibrationRows);
  layer.test = draw(shape.testRows);
  for (int64_t i = 0; i < shape.rows * columns; ++i)
    layer.weights.push_back(float(drawStudentT(random, 8)));
  layer.signal = measureOutput({layer.weights.begin(), layer.weights.end()},
                               layer.test, columns);
  return layer;
}

/// The same layer with activations and weights rotated in groups of `rotation`.
inline Layer rotateLayer(Layer layer, int64_t rotation) {
  rotateRows(layer.weights, rotation);
  for (std::vector<double> *hessian : {&layer.calibration, &layer.test})
    mxquant::rotateHessian(*hessian, layer.shape.columns, rotation, nullptr);
  return layer;
}

/// The relative squared error of the layer's output on the test rows, when
/// only weights are quantised.
inline double measureLayer(const Layer &layer,
                           const mxnum::BlockTensor &tensor) {
  std::vector<double> errors = mxnum::decodeAll(tensor);
  for (size_t i = 0; i < errors.size(); ++i)
    errors[i] -= layer.weights[i];
  return measureOutput(errors, layer.test, layer.shape.columns) / layer.signal;
}

#endif // MX_TEST_UNIT_QUANTIZATION_CORRELATEDINPUTS_H
