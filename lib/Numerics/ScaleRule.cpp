//===- ScaleRule.cpp - how a block's scale is chosen ----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Names of the rules, which formats they fit, and the constants that turn each
// into integer arithmetic (N3.2, N4.1, N5.3).
//===----------------------------------------------------------------------===//

#include "mx/Numerics/ScaleRule.h"
#include "mx/Numerics/FloatBits.h"
#include <cassert>

using namespace mxnum;

const char *mxnum::getScaleRuleName(ScaleRule rule) {
  switch (rule) {
  case ScaleRule::Floor:
    return "floor";
  case ScaleRule::Ceil:
    return "ceil";
  case ScaleRule::RCeil:
    return "rceil";
  case ScaleRule::Even:
    return "even";
  case ScaleRule::Mse:
    return "mse";
  case ScaleRule::Abs3:
    return "abs3";
  case ScaleRule::Amax:
    return "amax";
  case ScaleRule::FourOverSixMse:
    return "four_over_six_mse";
  case ScaleRule::FourOverSixMae:
    return "four_over_six_mae";
  case ScaleRule::Sweep:
    return "sweep";
  }
  return "";
}

std::optional<ScaleRule> mxnum::lookupScaleRule(std::string_view name) {
  for (ScaleRule rule : kScaleRules)
    if (name == getScaleRuleName(rule))
      return rule;
  return std::nullopt;
}

static bool isFourOverSix(ScaleRule rule) {
  return rule == ScaleRule::FourOverSixMse || rule == ScaleRule::FourOverSixMae;
}

static bool isRuleForE8M0(ScaleRule rule) {
  return rule == ScaleRule::Floor || rule == ScaleRule::Ceil ||
         rule == ScaleRule::RCeil || rule == ScaleRule::Even ||
         rule == ScaleRule::Mse;
}

static bool isRuleForUE4M3(ScaleRule rule) {
  return rule == ScaleRule::Amax || isFourOverSix(rule) ||
         rule == ScaleRule::Sweep;
}

/// N5.3: the rules under which no element saturates.
static bool isRuleWithoutClipping(ScaleRule rule) {
  return rule == ScaleRule::Ceil || rule == ScaleRule::RCeil ||
         rule == ScaleRule::Abs3 || rule == ScaleRule::Amax;
}

const char *mxnum::explainInvalidRule(const BlockFormat &format, ScaleRule rule,
                                      Rounding rounding) {
  bool isE8M0 = format.scale == ScaleType::E8M0;
  if (isE8M0 && format.tensorScale && rule != ScaleRule::Abs3)
    return "the rule for E8M0 scales with a tensor scale (abs3)";
  if (isE8M0 && !format.tensorScale && !isRuleForE8M0(rule))
    return "a rule for E8M0 scales (floor, ceil, rceil, even, mse)";
  if (!isE8M0 && !isRuleForUE4M3(rule))
    return "a rule for UE4M3 scales (amax, four_over_six_mse, "
           "four_over_six_mae, sweep)";
  if (isFourOverSix(rule) && format.element != ElementType::E2M1)
    return "E2M1 elements for the four_over_six rules";
  if (rounding == Rounding::Stochastic && !isRuleWithoutClipping(rule))
    return "a rule that cannot clip for stochastic rounding (ceil, rceil, "
           "abs3, amax)";
  return nullptr;
}

uint32_t mxnum::getScaleThreshold(ScaleRule rule, ElementType element) {
  const ElementInfo &info = getElementInfo(element);
  switch (rule) {
  case ScaleRule::Floor:
  case ScaleRule::Abs3:
    return kF32ImplicitBit;
  case ScaleRule::Ceil:
    return 1;
  case ScaleRule::RCeil:
  case ScaleRule::Mse: // N3.3 starts from rceil.
    return (toBits(info.maxFinite) & kF32MantissaMask) + 1;
  case ScaleRule::Even:
    return kF32ImplicitBit - (kF32ImplicitBit >> (info.mantissaBits + 1));
  case ScaleRule::Amax:
  case ScaleRule::FourOverSixMse:
  case ScaleRule::FourOverSixMae:
  case ScaleRule::Sweep:
    break;
  }
  assert(false && "only E8M0 rules have a threshold");
  return kF32ImplicitBit;
}

int mxnum::getScaleExponentOffset(ScaleRule rule, ElementType element) {
  return rule == ScaleRule::Abs3 ? 0 : getElementInfo(element).emax;
}

float mxnum::getTensorScaleDivisor(ScaleRule rule, ElementType element) {
  // N4.1: 256 leaves room for 1.5 times a block's scale below 448.
  float largestScale = isFourOverSix(rule)
                           ? 256.0f
                           : getElementInfo(ElementType::E4M3).maxFinite;
  return getElementInfo(element).maxFinite * largestScale;
}

float mxnum::getHeadRoom(ScaleRule rule, Rounding rounding) {
  bool applies = rule == ScaleRule::Amax && rounding == Rounding::Stochastic;
  return applies ? 1.0625f : 1.0f;
}
