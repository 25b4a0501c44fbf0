#pragma once

#include <memory>
#include <optional>

#include "models/conditioning.h"
#include "train/laplace_options.h"
#include "train/unit_images.h"

namespace alea {

/// Noised training images, one time each: what the eps-regression loss is taken on.
struct FitBatch {
  at::Tensor x_t, noise;  ///< [B, C, H, W] float32, the network's space
  at::Tensor t;           ///< [B] float32
  at::Tensor labels;      ///< [B] int64; undefined without classes
  Ids ids;                ///< places in the order of the fit: decide image, time and noise
};

/// The images of a Laplace fit in an order drawn by seed.
class FitData {
 public:
  /// Error{io} or Error{data} from the images, Error{config} where the network's classes and /labels disagree or the set has
  /// fewer images than /images.
  FitData(const LaplaceFitOptions& options, const Denoiser& denoiser);

  std::uint64_t size() const { return size_; }
  const std::string& sha256() const { return sha256_; }  ///< of images, their names and labels

  /// Places first..first+count-1; past the end they begin again, so that every call of a network has one shape.
  FitBatch batch(std::uint64_t first, int count) const;

 private:
  at::Tensor labels_of(const std::vector<std::uint64_t>& which) const;

  std::uint64_t seed_;
  const Denoiser& denoiser_;
  std::unique_ptr<ImageSource> source_;
  std::vector<std::uint32_t> order_;
  std::vector<std::int64_t> labels_;  ///< by place in the source; empty without classes
  std::uint64_t size_ = 0;
  std::string sha256_;
};

/// The rank of each image's first folder among all of them, as torchvision's ImageFolder and guided-diffusion number classes.
std::vector<std::int64_t> labels_by_folder(const ImageSource& source);

}  // namespace alea
