#include "models/nn/dropout.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"

namespace alea::nn {
namespace {

/// What keeps an element, and what it is multiplied by then.
struct Rule {
  std::uint32_t threshold;
  float kept;

  explicit Rule(double p) : threshold(static_cast<std::uint32_t>(std::lround(p * 65536))), kept(static_cast<float>(1 / (1 - p))) {
    ALEA_CHECK(p >= 0 && p < 1, "dropout probability {} is outside [0, 1)", p);
  }
};

/// Scratch of one thread: the draw's words and which elements they keep, in logical order.
struct Scratch {
  std::vector<std::uint32_t> words;
  std::vector<std::uint8_t> keep;
};

void decide(const DrawKey& key, const Rule& rule, std::size_t n, Scratch& scratch) {
  scratch.words.resize((n + 1) / 2);
  scratch.keep.resize(2 * scratch.words.size());
  fill_words(key, scratch.words);
  const std::uint32_t threshold = rule.threshold;
  const std::uint32_t* words = scratch.words.data();
  std::uint8_t* keep = scratch.keep.data();
  for (std::size_t i = 0; i < scratch.words.size(); ++i) {
    keep[2 * i] = (words[i] & 0xffffu) >= threshold;
    keep[2 * i + 1] = (words[i] >> 16) >= threshold;
  }
}

/// One row in memory: element (channel, pixel) of the logical order lies at channel * pixels + pixel, or channels-last.
struct RowLayout {
  std::size_t channels, pixels;
  bool channels_last;
  std::size_t elements() const { return channels * pixels; }
};

/// out = scale, or x * scale, with scale(element) 1/(1-p) or 0.
template <bool with_x>
void write_row(const std::uint8_t* keep, float kept, const RowLayout& row, const float* x, float* out) {
  const auto put = [=](std::size_t to, std::size_t element) {
    const float scale = keep[element] != 0 ? kept : 0.0f;
    out[to] = with_x ? x[to] * scale : scale;
  };
  if (!row.channels_last) {
    for (std::size_t i = 0; i < row.elements(); ++i) put(i, i);
    return;
  }
  // A cache line of `keep` holds this many pixels of a channel: each is fetched once.
  constexpr std::size_t kTile = 64;
  for (std::size_t first = 0; first < row.pixels; first += kTile)
    for (std::size_t pixel = first; pixel < std::min(first + kTile, row.pixels); ++pixel)
      for (std::size_t c = 0; c < row.channels; ++c) put(pixel * row.channels + c, c * row.pixels + pixel);
}

RowLayout layout_of(const at::Tensor& x) {
  const auto elements = static_cast<std::size_t>(x.numel() / x.size(0));
  if (x.dim() != 4 || x.is_contiguous()) return {1, elements, false};
  const auto channels = static_cast<std::size_t>(x.size(1));
  return {channels, elements / channels, true};
}

bool is_dense(const at::Tensor& x) {
  return x.is_contiguous() || (x.dim() == 4 && x.is_contiguous(at::MemoryFormat::ChannelsLast));
}

/// [B, ...] like x in float32 on the CPU: the masks or, `with_x`, their products with x.
template <bool with_x>
at::Tensor masked(const DropoutMode& mode, std::uint32_t site, const Ids& ids, const at::Tensor& x) {
  const Rule rule(mode.p);
  const at::Tensor out = at::empty(x.sizes(), at::TensorOptions().dtype(at::kFloat).device(at::kCPU), x.suggest_memory_format());
  const RowLayout row = layout_of(out);
  const float* from = with_x ? x.const_data_ptr<float>() : nullptr;
  float* to = out.mutable_data_ptr<float>();
  at::parallel_for(0, x.size(0), 1, [&](std::int64_t first, std::int64_t last) {
    Scratch scratch;
    for (std::int64_t b = first; b < last; ++b) {
      const std::size_t offset = static_cast<std::size_t>(b) * row.elements();
      const auto id = ids[static_cast<std::size_t>(b)];
      decide({mode.seed, mode.stream, site, id, mode.step, mode.pass}, rule, row.elements(), scratch);
      write_row<with_x>(scratch.keep.data(), rule.kept, row, with_x ? from + offset : nullptr, to + offset);
    }
  });
  return out;
}

void require_ids(const at::Tensor& x, const Ids& ids) {
  ALEA_CHECK(static_cast<std::int64_t>(ids.size()) == x.size(0), "dropout: {} ids for {} rows", ids.size(), x.size(0));
}

}  // namespace

at::Tensor DropoutSites::apply(const at::Tensor& x, std::uint32_t site, bool attention_site) const {
  const auto* dropout = std::get_if<DropoutMode>(&mode_);
  if (dropout == nullptr || dropout->p == 0 || (attention_site && !dropout->attention_sites) || x.numel() == 0) return x;
  require_ids(x, ids_);
  const bool recorded = at::GradMode::is_enabled() && x.requires_grad();
  if (!recorded && x.is_cpu() && x.scalar_type() == at::kFloat && is_dense(x)) return masked<true>(*dropout, site, ids_, x);
  return (x * masked<false>(*dropout, site, ids_, x).to(x.device())).to(x.scalar_type());
}

at::Tensor DropoutSites::perturbed(const at::Tensor& x, std::uint32_t site) const {
  const auto* noise = std::get_if<FeatureNoiseMode>(&mode_);
  if (noise == nullptr || std::find(noise->sites.begin(), noise->sites.end(), site) == noise->sites.end()) return x;
  require_ids(x, ids_);
  at::Tensor normals = at::empty(x.sizes(), at::TensorOptions().dtype(at::kFloat).device(at::kCPU));
  const auto row = static_cast<std::size_t>(x.numel() / x.size(0));
  float* to = normals.mutable_data_ptr<float>();
  at::parallel_for(0, x.size(0), 1, [&](std::int64_t first, std::int64_t last) {
    for (auto b = static_cast<std::size_t>(first); b < static_cast<std::size_t>(last); ++b) {
      // Site 0 of the stream is the re-noising of images.
      const DrawKey key{noise->seed, Stream::re_noise, site + 1, ids_[b], noise->step, noise->pass};
      fill_normal(key, {to + b * row, row});
    }
  });
  return x + normals.mul_(noise->std).to(x.options());
}

void fill_dropout_mask(const DrawKey& key, double p, std::span<float> out) {
  const Rule rule(p);
  Scratch scratch;
  decide(key, rule, out.size(), scratch);
  write_row<false>(scratch.keep.data(), rule.kept, {1, out.size(), false}, nullptr, out.data());
}

}  // namespace alea::nn
