#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

namespace alea::nn {

/// What is added to a convolution's answer [B, K, H, W] in the same pass; undefined: nothing.
struct ConvTerms {
  at::Tensor by_row{};    ///< [B, K], the same for all pixels of a row
  at::Tensor by_pixel{};  ///< [B, K, H, W]
};

/// 3x3 convolutions with padding 1 and stride 1 by fewer products (arXiv:1509.09308): a quarter of the direct sum's in tiles of
/// 4x4, four ninths in tiles of 2x2. In float32 its error is between half and twice that of the direct sum. An image's bits
/// depend neither on the other rows of its batch nor on threads.
class WinogradConv {
 public:
  /// True for a channels-last float32 tensor outside autograd on a CPU that has the kernel of panels.h, extents divisible by 4,
  /// at least 8 x 8 pixels, and a weight [K, C, 3, 3] float32 with C and K multiples of 16, both at least 32.
  static bool fits(const at::Tensor& x, const at::Tensor& weight);

  /// Transforms the weight once for images of this extent.
  WinogradConv(const at::Tensor& weight, std::int64_t height, std::int64_t width);
  /// False when another extent wants other tiles.
  bool serves(std::int64_t height, std::int64_t width) const;

  /// x [B, C, H, W] as in fits(), bias [K] -> [B, K, H, W] channels-last.
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& bias, const ConvTerms& terms = {}) const;

 private:
  int out_per_tile_;
  at::Tensor filters_;  ///< [products, K / panel, C, panel]
};

/// One weight's transformed filters: made when first wanted, and again when the weight or the tiles have changed.
class WinogradCache {
 public:
  const WinogradConv& get(const at::Tensor& weight, std::int64_t height, std::int64_t width);

 private:
  std::optional<WinogradConv> conv_;
  std::uint32_t version_ = 0;
};

}  // namespace alea::nn
