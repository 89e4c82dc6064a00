//===- QuantizeWeights.cpp - from weights to encoded constants ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A weight of any rank is quantised as a matrix with a row for each index of
// its leading dimensions: rows do not depend on each other, but for the tensor
// scale, which covers all of them (N4.1). Work is cut into pieces of fixed
// size, and sums of pieces are added in order.
//===----------------------------------------------------------------------===//

#include "Quantize/QuantizeWeights.h"
#include "Quantize/SiteHessian.h"
#include "Weights/WeightData.h"
#include "Weights/WeightExpression.h"
#include "mlir/IR/Remarks.h"
#include "mx/Dialect/MX/IR/ConstantData.h"
#include "mx/Numerics/PackedLayout.h"
#include "mx/Quantization/Gptq.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace mlir;
using namespace mlir::mx;

/// Numbers of one piece of work.
static constexpr int64_t pieceElements = int64_t(1) << 16;

static remark::RemarkOpts remarkOptions(StringRef name) {
  return remark::RemarkOpts::name(name).category("mx-quantize");
}

static std::string formatNumber(double number) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.4g", number);
  return text;
}

//===----------------------------------------------------------------------===//
// Sites and requests
//===----------------------------------------------------------------------===//

std::string mlir::mx::getSiteName(Operation *site) {
  auto name = site->getAttrOfType<StringAttr>(kSiteAttr);
  return (name ? name.getValue() : site->getName().getStringRef()).str();
}

std::string WeightRequest::getSiteNames() const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleaveComma(sites, stream,
                        [&](Operation *site) { stream << getSiteName(site); });
  return text;
}

BlockTensorType WeightRequest::getType() const {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(weight.getType()).getShape();
  return BlockTensorType::get(shape, encoding.getFormat(), shape.size() - 1,
                              rotation);
}

/// Rows and columns of a weight.
static std::pair<int64_t, int64_t> getMatrix(RankedTensorType type) {
  ArrayRef<int64_t> shape = type.getShape();
  return {ShapedType::getNumElements(shape.drop_back()), shape.back()};
}

//===----------------------------------------------------------------------===//
// Finite numbers
//===----------------------------------------------------------------------===//

namespace {

/// What is known of a weight after one look at its numbers.
struct Survey {
  float largest = 0.0f;
  /// The row-major place of the first number that is not finite.
  std::optional<int64_t> bad;
};

} // namespace

static Survey surveyNumbers(ArrayRef<float> values) {
  Survey survey;
  for (auto [index, value] : llvm::enumerate(values)) {
    float magnitude = std::fabs(value);
    if (!(magnitude <= std::numeric_limits<float>::max())) {
      survey.bad = index;
      return survey;
    }
    survey.largest = std::max(survey.largest, magnitude);
  }
  return survey;
}

static Survey surveyWeights(const Weights &weights,
                            const mxquant::ParallelFor &parallel) {
  ArrayRef<float> values(weights.values);
  int64_t count = values.size();
  std::vector<Survey> pieces(llvm::divideCeil(count, pieceElements));
  parallel(pieces.size(), [&](int64_t piece) {
    int64_t begin = piece * pieceElements;
    int64_t size = std::min(pieceElements, count - begin);
    pieces[piece] = surveyNumbers(values.slice(begin, size));
    if (pieces[piece].bad)
      *pieces[piece].bad += begin;
  });
  Survey all;
  for (const Survey &piece : pieces) {
    all.largest = std::max(all.largest, piece.largest);
    if (!all.bad)
      all.bad = piece.bad;
  }
  return all;
}

/// "[3, 17]".
static std::string formatIndex(int64_t index, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> place;
  for (int64_t size : llvm::reverse(shape)) {
    place.push_back(index % size);
    index /= size;
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << '[';
  llvm::interleaveComma(llvm::reverse(place), stream);
  stream << ']';
  return text;
}

/// Reports a number that is not finite where it entered: in the constant, if it
/// was there already, since a rotation spreads it.
static LogicalResult reportBadNumber(const WeightRequest &request,
                                     const Weights &weights, int64_t bad,
                                     const mxquant::ParallelFor &parallel) {
  Value value = request.weight;
  RankedTensorType type = weights.type;
  float number = weights.values[bad];
  std::optional<WeightExpression> expression = getWeightExpression(value);
  for (const WeightStep &step : expression->steps) {
    FailureOr<Weights> source = evaluateWeights(step.source, parallel);
    if (failed(source))
      return failure();
    Survey survey = surveyWeights(*source, parallel);
    if (!survey.bad)
      break;
    value = step.source;
    type = source->type;
    bad = *survey.bad;
    number = source->values[bad];
  }
  Operation *site = request.sites.front();
  InFlightDiagnostic diagnostic =
      site->emitOpError("expected finite weights, got ");
  diagnostic << (std::isnan(number) ? "NaN"
                 : number > 0       ? "inf"
                                    : "-inf")
             << " at " << formatIndex(bad, type.getShape()) << " for '"
             << getSiteName(site) << "'";
  diagnostic.attachNote(value.getLoc()) << "weights come from here";
  return diagnostic;
}

/// Evaluates a weight and looks at its numbers.
static FailureOr<std::pair<Weights, float>>
evaluateFinite(const WeightRequest &request,
               const mxquant::ParallelFor &parallel) {
  FailureOr<Weights> weights = evaluateWeights(request.weight, parallel);
  if (failed(weights))
    return failure();
  Survey survey = surveyWeights(*weights, parallel);
  if (survey.bad)
    return reportBadNumber(request, *weights, *survey.bad, parallel);
  return std::make_pair(std::move(*weights), survey.largest);
}

FailureOr<float>
mlir::mx::measureLargest(const WeightRequest &request,
                         const mxquant::ParallelFor &parallel) {
  auto weights = evaluateFinite(request, parallel);
  if (failed(weights))
    return failure();
  releaseWeights(request.weight);
  return weights->second;
}

//===----------------------------------------------------------------------===//
// Quantising
//===----------------------------------------------------------------------===//

/// Says how gptq came to its result, where that is not as it was asked.
static void remarkGptq(const WeightRequest &request, double damping,
                       const mxquant::GptqResult &result) {
  Location loc = request.sites.front()->getLoc();
  std::string names = request.getSiteNames();
  if (result.fellBack)
    remark::missed(loc, remarkOptions("gptq"))
        << names +
               ": no damping makes the Hessian positive definite; rounded to "
               "nearest";
  else if (result.damping != damping)
    remark::missed(loc, remarkOptions("gptq"))
        << names + ": damping raised to " + formatNumber(result.damping);
  if (result.deadColumns != 0)
    remark::passed(loc, remarkOptions("gptq"))
        << names + ": " + std::to_string(result.deadColumns) +
               " columns that no activation reaches became zero";
}

namespace {

/// An encoded weight, and by which method it came to be.
struct QuantizedWeight {
  mxnum::BlockTensor tensor;
  Method method;
};

} // namespace

static FailureOr<QuantizedWeight>
quantizeByGptq(const WeightRequest &request, const Weights &weights,
               const mxnum::QuantizeOptions &options,
               const GptqSettings &settings,
               const mxquant::ParallelFor &parallel) {
  auto [rows, columns] = getMatrix(weights.type);
  FailureOr<std::vector<double>> hessian =
      readHessian(request, columns, settings.calibration, parallel);
  if (failed(hessian))
    return failure();
  mxquant::GptqOptions gptq;
  gptq.format = request.encoding.getFormat().getBlockFormat();
  gptq.quantize = options;
  gptq.actOrder = settings.actOrder;
  gptq.damping = settings.damping;
  mxquant::GptqResult result = mxquant::quantizeGptq(
      weights.values.data(), rows, columns, *hessian, gptq, parallel);
  remarkGptq(request, settings.damping, result);
  return QuantizedWeight{std::move(result.tensor),
                         result.fellBack ? Method::Rtn : Method::Gptq};
}

static FailureOr<QuantizedWeight>
quantizeWeights(const WeightRequest &request, const Weights &weights,
                const GptqSettings &settings,
                const mxquant::ParallelFor &parallel) {
  mxnum::QuantizeOptions options;
  options.rule = toNumerics(request.encoding.getScaleRule().getValue());
  options.tensorScale = request.tensorScale;
  if (request.method == Method::Gptq && !weights.values.empty())
    return quantizeByGptq(request, weights, options, settings, parallel);
  auto [rows, columns] = getMatrix(weights.type);
  return QuantizedWeight{
      mxquant::quantizeNearest(request.encoding.getFormat().getBlockFormat(),
                               options, weights.values.data(), rows, columns,
                               parallel),
      Method::Rtn};
}

//===----------------------------------------------------------------------===//
// What was lost
//===----------------------------------------------------------------------===//

namespace {

/// Decodes rows of a matrix blocked along its columns, and compares.
struct RowComparison {
  const mxnum::BlockTensor &tensor;
  const Weights &weights;
  int64_t columns;
  unsigned bits;
  std::vector<double> values;

  RowComparison(const mxnum::BlockTensor &tensor, const Weights &weights)
      : tensor(tensor), weights(weights),
        columns(weights.type.getShape().back()),
        bits(mxnum::getElementInfo(tensor.format.element).bits) {
    for (unsigned code = 0; code < 1u << bits; ++code)
      values.push_back(mxnum::decodeElement(tensor.format.element, code));
  }

  /// Σ(w−ŵ)² and Σw² of one row; N1.4.
  std::pair<double, double> compare(int64_t row,
                                    std::vector<uint8_t> &codes) const {
    mxnum::unpackRow(tensor.payload.data() +
                         row * mxnum::getPackedBytes(columns, bits),
                     columns, bits, codes.data());
    int64_t block = tensor.format.block;
    const uint8_t *scales =
        tensor.scales.data() + row * llvm::divideCeil(columns, block);
    const float *numbers = weights.values.data() + row * columns;
    double error = 0.0, signal = 0.0;
    for (int64_t first = 0; first < columns; first += block) {
      double scale = mxnum::decodeScale(tensor.format.scale, *scales++);
      if (tensor.format.tensorScale)
        scale *= tensor.tensorScale;
      for (int64_t k = first; k < std::min(first + block, columns); ++k) {
        double number = numbers[k],
               difference = number - values[codes[k]] * scale;
        error += difference * difference;
        signal += number * number;
      }
    }
    return {error, signal};
  }
};

} // namespace

/// Σ(w−ŵ)² / Σw²; 0 if all weights are 0.
static double measureError(const mxnum::BlockTensor &tensor,
                           const Weights &weights,
                           const mxquant::ParallelFor &parallel) {
  auto [rows, columns] = getMatrix(weights.type);
  if (rows == 0 || columns == 0)
    return 0.0;
  RowComparison comparison(tensor, weights);
  int64_t pieceRows = std::max<int64_t>(pieceElements / columns, 1);
  std::vector<std::pair<double, double>> pieces(
      llvm::divideCeil(rows, pieceRows));
  parallel(pieces.size(), [&, rows = rows, columns = columns](int64_t piece) {
    std::vector<uint8_t> codes(columns);
    int64_t end = std::min(rows, (piece + 1) * pieceRows);
    for (int64_t row = piece * pieceRows; row < end; ++row) {
      auto [error, signal] = comparison.compare(row, codes);
      pieces[piece].first += error;
      pieces[piece].second += signal;
    }
  });
  double error = 0.0, signal = 0.0;
  for (auto [pieceError, pieceSignal] : pieces) {
    error += pieceError;
    signal += pieceSignal;
  }
  return signal == 0.0 ? 0.0 : error / signal;
}

/// "mxfp4 by mse".
static std::string formatEncoding(EncodingAttr encoding) {
  std::string text;
  llvm::raw_string_ostream(text) << encoding;
  StringRef bare = text;
  bare.consume_front("#mx.encoding<");
  bare.consume_back(">");
  return bare.str();
}

static void remarkConstant(const WeightRequest &request,
                           const QuantizedWeight &quantized, double error) {
  const mxnum::BlockTensor &tensor = quantized.tensor;
  auto [rows, columns] =
      getMatrix(cast<RankedTensorType>(request.weight.getType()));
  double bytes = tensor.payload.size() + tensor.scales.size();
  if (tensor.format.tensorScale)
    bytes += sizeof(tensor.tensorScale);
  double bits = rows * columns == 0 ? 0.0 : 8.0 * bytes / (rows * columns);
  std::string text = request.getSiteNames() + ": " +
                     formatEncoding(request.encoding) + ", " +
                     stringifyMethod(quantized.method).str();
  if (request.rotation)
    text += ", rotated";
  remark::passed(request.sites.front()->getLoc(), remarkOptions("weights"))
      << text + ", relative squared error " + formatNumber(error) + ", " +
             formatNumber(bits) + " bits per weight";
}

FailureOr<Value>
mlir::mx::createConstant(OpBuilder &builder, const WeightRequest &request,
                         const GptqSettings &settings,
                         const mxquant::ParallelFor &parallel) {
  auto evaluated = evaluateFinite(request, parallel);
  if (failed(evaluated))
    return failure();
  Weights weights = std::move(evaluated->first);
  // The numbers are in memory now, and the data below them need not be.
  releaseWeights(request.weight);
  FailureOr<QuantizedWeight> quantized =
      quantizeWeights(request, weights, settings, parallel);
  if (failed(quantized))
    return failure();
  remarkConstant(request, *quantized,
                 measureError(quantized->tensor, weights, parallel));
  // Before the bytes are copied.
  weights.values = {};
  BlockTensorType type = request.getType();
  return ConstantOp::create(builder, request.weight.getLoc(), type,
                            createBlockElements(type, quantized->tensor))
      .getResult();
}
