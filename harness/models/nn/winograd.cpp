#include "models/nn/winograd.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <vector>

#include "models/nn/kernels.h"
#include "models/nn/panels.h"
#include "models/nn/winograd_transforms.h"

namespace alea::nn {
namespace {

constexpr std::int64_t kTilesAtOnce = 32;  ///< their products stay near the processor, their filters are read seldom
constexpr std::int64_t kPad = 16;          ///< between the planes of a buffer, lest they compete for the same lines of a cache

int out_per_tile_for(std::int64_t height, std::int64_t width) { return height * width >= 256 ? 4 : 2; }

struct Shape {
  std::int64_t batch, in, out, height, width;
};

/// G g G^T of one channel's filters, `panel` of them side by side, each value rounded once. `taps` are 3 x 3 planes `tap_step`
/// apart, `to` n x n planes `product_step` apart.
template <class F>
void transform_filters(const float* taps, std::int64_t tap_step, std::int64_t panel, float* to, std::int64_t product_step) {
  constexpr int n = F::kTile;
  for (std::int64_t first = 0; first < panel; first += kLane) {
    double tap[3][3][kLane];
    for (int a = 0; a < 3; ++a)
      for (int b = 0; b < 3; ++b)
        for (int k = 0; k < kLane; ++k) tap[a][b][k] = taps[(a * 3 + b) * tap_step + first + k];
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) {
        double sum[kLane] = {};
        for (int a = 0; a < 3; ++a)
          for (int b = 0; b < 3; ++b)
            for (int k = 0; k < kLane; ++k) sum[k] += F::kFilter[i][a] * F::kFilter[j][b] * tap[a][b][k];
        for (int k = 0; k < kLane; ++k) to[(i * n + j) * product_step + first + k] = static_cast<float>(sum[k]);
      }
  }
}

/// weight [K, C, 3, 3] -> [products, K / panel, C, panel].
template <class F>
at::Tensor transformed_filters(const at::Tensor& weight) {
  const std::int64_t out = weight.size(0), in = weight.size(1), panel = panel_width(out);
  const at::Tensor filters = at::empty({F::kTile * F::kTile, out / panel, in, panel}, at::kFloat);
  const at::Tensor planes = weight.permute({2, 3, 1, 0}).contiguous();
  const float* from = planes.const_data_ptr<float>();
  float* to = filters.mutable_data_ptr<float>();
  at::parallel_for(0, in, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t c = first; c < last; ++c)
      for (std::int64_t k = 0; k < out; k += panel)
        transform_filters<F>(from + c * out + k, in * out, panel, to + (k * in + c * panel), in * out);
  });
  return filters;
}

/// d -> B^T d B for one tile: pixels of [C] floats, n * n of them, to planes `stride` apart.
template <class F>
void transform_input(const float* const* pixels, std::int64_t channels, float* to, std::int64_t stride) {
  constexpr int n = F::kTile;
  for (std::int64_t c = 0; c < channels; c += kLane) {
    Lane columns[n][n];
    for (int j = 0; j < n; ++j) {
      Lane d[n];
      for (int i = 0; i < n; ++i) load(d[i], pixels[i * n + j] + c);
      F::input(d, columns[j]);
    }
    for (int i = 0; i < n; ++i) {
      Lane d[n], v[n];
      for (int j = 0; j < n; ++j) d[j] = columns[j][i];
      F::input(d, v);
      for (int j = 0; j < n; ++j) store(to + (i * n + j) * stride + c, v[j]);
    }
  }
}

/// Where one tile's answer goes and what is added to it; null pointers add nothing.
struct TileTarget {
  float* out;             ///< its first pixel
  const float* by_pixel;  ///< likewise
  const float* bias;
  const float* by_row;
  std::int64_t row_step;  ///< floats between image rows
};

/// m -> A^T m A + terms for one tile, from planes `stride` apart.
template <class F>
void transform_output(const float* from, std::int64_t stride, std::int64_t channels, const TileTarget& target) {
  constexpr int n = F::kTile, m = F::kOut;
  for (std::int64_t k = 0; k < channels; k += kLane) {
    Lane columns[n][m], bias, by_row{}, by_pixel;
    for (int j = 0; j < n; ++j) {
      Lane products[n];
      for (int i = 0; i < n; ++i) load(products[i], from + (i * n + j) * stride + k);
      F::output(products, columns[j]);
    }
    load(bias, target.bias + k);
    if (target.by_row != nullptr) load(by_row, target.by_row + k);
    for (int i = 0; i < m; ++i) {
      Lane row[n], y[m];
      for (int j = 0; j < n; ++j) row[j] = columns[j][i];
      F::output(row, y);
      for (int j = 0; j < m; ++j) {
        const std::int64_t at = i * target.row_step + j * channels + k;
        y[j] += bias;
        if (target.by_row != nullptr) y[j] += by_row;
        if (target.by_pixel != nullptr) {
          load(by_pixel, target.by_pixel + at);
          y[j] += by_pixel;
        }
        store(target.out + at, y[j]);
      }
    }
  }
}

struct Operands {
  const float *x, *filters, *bias, *by_row, *by_pixel, *zeros;
  float* out;
};

/// Tiles first..last of the batch, numbered by image, row and column.
template <class F>
class TileRange {
 public:
  TileRange(const Shape& shape, const Operands& at, float* inputs, float* products)
      : shape_(shape), at_(at), inputs_(inputs), products_(products) {}

  static std::int64_t tiles_per_image(const Shape& shape) { return shape.height / F::kOut * (shape.width / F::kOut); }
  static std::int64_t stride(std::int64_t channels) { return kTilesAtOnce * channels + kPad; }

  void run(std::int64_t first, std::int64_t last) const {
    for (std::int64_t tile = first; tile < last; tile += kTilesAtOnce) {
      const std::int64_t count = std::min(kTilesAtOnce, last - tile);
      for (std::int64_t i = 0; i < count; ++i) read(tile + i, inputs_ + i * shape_.in);
      multiply(count);
      for (std::int64_t i = 0; i < count; ++i) write(tile + i, products_ + i * shape_.out);
    }
  }

 private:
  struct Place {
    std::int64_t image, y, x;
  };

  Place place(std::int64_t tile) const {
    const std::int64_t across = shape_.width / F::kOut, per_image = tiles_per_image(shape_), inside = tile % per_image;
    return {tile / per_image, inside / across * F::kOut, inside % across * F::kOut};
  }

  void read(std::int64_t tile, float* to) const {
    const Place corner = place(tile);
    const float* pixels[F::kTile * F::kTile];
    for (int i = 0; i < F::kTile; ++i)
      for (int j = 0; j < F::kTile; ++j) {
        const std::int64_t y = corner.y + i - 1, x = corner.x + j - 1;
        const bool inside = y >= 0 && y < shape_.height && x >= 0 && x < shape_.width;
        pixels[i * F::kTile + j] =
            inside ? at_.x + ((corner.image * shape_.height + y) * shape_.width + x) * shape_.in : at_.zeros;
      }
    transform_input<F>(pixels, shape_.in, to, stride(shape_.in));
  }

  void multiply(std::int64_t count) const {
    const std::int64_t panel = panel_width(shape_.out), in = shape_.in, out = shape_.out;
    const float* filters = at_.filters;
    for (int product = 0; product < F::kTile * F::kTile; ++product)
      for (std::int64_t k = 0; k < out; k += panel, filters += in * panel)
        nn::multiply({.rows = count,
                      .inner = in,
                      .width = panel,
                      .a_step = in,
                      .out_step = out,
                      .a = inputs_ + product * stride(in),
                      .panel = filters,
                      .out = products_ + product * stride(out) + k});
  }

  void write(std::int64_t tile, const float* from) const {
    const Place corner = place(tile);
    const std::int64_t pixel = ((corner.image * shape_.height + corner.y) * shape_.width + corner.x) * shape_.out;
    transform_output<F>(from, stride(shape_.out), shape_.out,
                        {.out = at_.out + pixel,
                         .by_pixel = at_.by_pixel == nullptr ? nullptr : at_.by_pixel + pixel,
                         .bias = at_.bias,
                         .by_row = at_.by_row == nullptr ? nullptr : at_.by_row + corner.image * shape_.out,
                         .row_step = shape_.width * shape_.out});
  }

  Shape shape_;
  Operands at_;
  float *inputs_, *products_;
};

template <class F>
void convolve(const Shape& shape, const Operands& operands) {
  const std::int64_t n_tiles = shape.batch * TileRange<F>::tiles_per_image(shape);
  const std::int64_t inputs = F::kTile * F::kTile * TileRange<F>::stride(shape.in);
  const std::int64_t products = F::kTile * F::kTile * TileRange<F>::stride(shape.out);
  const at::Tensor buffer = at::empty({at::get_num_threads(), inputs + products}, at::kFloat);
  float* base = buffer.mutable_data_ptr<float>();
  at::parallel_for(0, n_tiles, 1, [&](std::int64_t first, std::int64_t last) {
    float* own = base + at::get_thread_num() * (inputs + products);
    TileRange<F>(shape, operands, own, own + inputs).run(first, last);
  });
}

const float* data_or_null(const at::Tensor& tensor) { return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr; }

}  // namespace

bool WinogradConv::fits(const at::Tensor& x, const at::Tensor& weight) {
  const bool recorded = weight.requires_grad() || (at::GradMode::is_enabled() && x.requires_grad());
  const auto is_wide = [](std::int64_t channels) { return channels >= 32 && channels % kLane == 0; };
  return has_panel_kernel() && !recorded && takes_cpu_kernels(x) && x.scalar_type() == at::kFloat &&
         weight.scalar_type() == at::kFloat && x.dim() == 4 && x.size(0) > 0 && x.size(2) % 4 == 0 && x.size(3) % 4 == 0 &&
         x.size(2) * x.size(3) >= 64 && is_wide(weight.size(0)) && is_wide(weight.size(1)) &&
         x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

WinogradConv::WinogradConv(const at::Tensor& weight, std::int64_t height, std::int64_t width)
    : out_per_tile_(out_per_tile_for(height, width)),
      filters_(out_per_tile_ == 4 ? transformed_filters<WinogradFour>(weight) : transformed_filters<WinogradTwo>(weight)) {}

bool WinogradConv::serves(std::int64_t height, std::int64_t width) const {
  return out_per_tile_ == out_per_tile_for(height, width);
}

at::Tensor WinogradConv::operator()(const at::Tensor& x, const at::Tensor& bias, const ConvTerms& terms) const {
  const Shape shape{x.size(0), x.size(1), bias.size(0), x.size(2), x.size(3)};
  const at::Tensor out =
      at::empty({shape.batch, shape.out, shape.height, shape.width}, x.options().memory_format(at::MemoryFormat::ChannelsLast));
  const at::Tensor zeros = at::zeros({shape.in});
  const at::Tensor by_row = terms.by_row.defined() ? terms.by_row.contiguous() : terms.by_row;
  const at::Tensor by_pixel =
      terms.by_pixel.defined() ? terms.by_pixel.contiguous(at::MemoryFormat::ChannelsLast) : terms.by_pixel;
  const Operands operands{x.const_data_ptr<float>(),    filters_.const_data_ptr<float>(), bias.const_data_ptr<float>(),
                          data_or_null(by_row),         data_or_null(by_pixel),           zeros.const_data_ptr<float>(),
                          out.mutable_data_ptr<float>()};
  if (out_per_tile_ == 4)
    convolve<WinogradFour>(shape, operands);
  else
    convolve<WinogradTwo>(shape, operands);
  return out;
}

const WinogradConv& WinogradCache::get(const at::Tensor& weight, std::int64_t height, std::int64_t width) {
  const std::uint32_t version = weight.is_inference() ? 0 : weight._version();
  if (!conv_ || version != version_ || !conv_->serves(height, width)) conv_.emplace(weight, height, width);
  version_ = version;
  return *conv_;
}

}  // namespace alea::nn
