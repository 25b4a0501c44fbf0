#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/files.h"
#include "core/ids.h"
#include "models/denoiser.h"
#include "samplers/start_index.h"
#include "samplers/start_points.h"

namespace alea {

/// A set of start points as the code of arXiv:2412.00205 draws them: one torch CPU generator, seeded once; first standard normals
/// [n, C, H, W] in one call, then n labels uniform in [0, classes). The digests are what torch 2.11 draws on AVX2 or better.
struct PaperDataset {
  std::string name;
  std::uint64_t seed = 0;
  ImageShape shape;
  std::int64_t classes = 0;
  std::string first, last;  ///< sha256 of the normals of the first and of the last min(16, n) ids, float32 row-major
  std::string labels;       ///< sha256 of all labels as int64
  std::uint64_t n = 61000;
};

/// imagenet64, imagenet128, imagenet128_uvit, imagenet256, imagenet512, cifar10, with seeds 49394 and on.
const std::vector<PaperDataset>& paper_datasets();
const PaperDataset& paper_dataset(std::string_view name);  ///< Error{config} lists the names

/// The paper's start points by id, bit for bit, without ever holding all of them. torch spends one word of its Mersenne twister
/// on a normal and computes them in groups of 16, so a row of 16k elements can be drawn by itself once the twister stands at its
/// beginning. One pass of the twister alone finds where it stands at every 500th id, and the labels behind all normals; `cache`
/// keeps that (0.5 MB a set), so it happens once. Safe to share between threads.
class PaperStart : public StartPoints {
 public:
  /// cache: folder, made where it is missing; empty = no file, one pass each time. takes_labels: whether the network does; where
  /// not, the set's labels go unused.
  /// Error{shape} where C*H*W is no multiple of 16, Error{not_comparable} where this machine's torch draws other numbers.
  PaperStart(PaperDataset dataset, const fs::path& cache, bool takes_labels = true);

  /// x_T [B, C, H, W] float32 on the CPU; row b is that of ids[b]. Error{domain} for an id from n on: a run whose last
  /// micro-batch is padded needs its padding ids too.
  at::Tensor x(const Ids& ids) const override;
  at::Tensor labels(const Ids& ids) const override;  ///< [B] int64 in [0, classes); undefined for a network without

  const PaperDataset& dataset() const { return dataset_; }

 private:
  void require(SampleId id) const;
  void verify() const;

  PaperDataset dataset_;
  StartIndex index_;
  bool takes_labels_;
};

}  // namespace alea
