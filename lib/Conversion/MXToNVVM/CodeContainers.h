//===- CodeContainers.h - packed codes as bytes -----------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The MMA that mixes element types reads one code in each byte: FP4 in bits 2
// to 5, FP6 in bits 0 to 5. Memory holds them packed (N8.1). As in
// MmaFragments.h, each formula is written for integers and for values.
//
//   FP4   …dcba            ⇒  00dddd00 00cccc00 00bbbb00 00aaaa00
//   FP6   …dddddd cccccc bbbbbb aaaaaa
//                          ⇒  00dddddd 00cccccc 00bbbbbb 00aaaaaa
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_CODECONTAINERS_H
#define MX_LIB_CONVERSION_MXTONVVM_CODECONTAINERS_H

namespace mlir::mx {

/// The four FP4 codes in the lower 16 bits, one in each byte.
template <typename T>
T spreadFP4(T codes) {
  T pairs = ((codes & 0xFFFF) | (codes << 8)) & 0x00FF00FF;
  return ((pairs | (pairs << 4)) & 0x0F0F0F0F) << 2;
}

/// The four FP6 codes in the lower 24 bits, one in each byte.
template <typename T>
T spreadFP6(T codes) {
  T pairs = (codes & 0x00000FFF) | ((codes & 0x00FFF000) << 4);
  return (pairs & 0x003F003F) | ((pairs & 0x0FC00FC0) << 2);
}

/// Word `index` (0…3) of 16 bytes with the codes of `words`: 16 codes of 4, 6
/// or 8 bits in 2, 3 or 4 words.
template <typename Words>
auto spreadCodes(const Words &words, int bits, int index) {
  int first = 4 * bits * index, word = first / 32, shift = first % 32;
  if (bits == 8)
    return words[index];
  if (bits == 4)
    return spreadFP4(words[word] >> shift);
  auto low = words[word] >> shift;
  // Codes that begin in one word and end in the next.
  if (shift + 4 * bits > 32)
    return spreadFP6(low | (words[word + 1] << (32 - shift)));
  return spreadFP6(low);
}

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_CODECONTAINERS_H
