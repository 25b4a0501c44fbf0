#pragma once

// Parts of nn/inception.cpp; nothing for others.

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "models/nn/fused_conv.h"
#include "models/weights.h"

namespace alea::nn {

/// Convolution, batch norm and ReLU.
class ConvUnit {
 public:
  struct Shape {
    int in, out;
    Extent2d kernel = {1, 1};
    int stride = 1;
    Extent2d padding = {0, 0};
  };
  ConvUnit() = default;
  ConvUnit(ParameterSource& source, const std::string& name, const Shape& shape, bool train_mode);
  at::Tensor operator()(const at::Tensor& x);

 private:
  bool train_mode_ = false;
  FusedConv folded_;
  at::Tensor weight_, scale_, shift_;  ///< where the batch's own statistics are used
  Shape shape_{};
};

enum class Pool { average, maximum };

/// Branches side by side, their outputs joined along the channels. A branch is a chain of units whose last ones may stand side by
/// side.
class MixedBlock {
 public:
  struct Branch {
    std::vector<ConvUnit> chain, fork;  ///< fork: all take the chain's output
  };
  std::vector<Branch> branches;
  std::vector<ConvUnit> pool_unit;  ///< one, or none: the pool itself is the last branch
  Pool pool = Pool::average;
  int pool_stride = 1;

  /// `first` receives the first branch's output where it is asked for.
  at::Tensor operator()(const at::Tensor& x, at::Tensor* first = nullptr);
};

/// Makes the blocks of one network from its parameters.
class BlockMaker {
 public:
  BlockMaker(ParameterSource& source, bool train_mode) : source_(source), train_mode_(train_mode) {}
  ConvUnit unit(const std::string& name, const ConvUnit::Shape& shape);

  MixedBlock a(const std::string& name, int in, int pool_out);  ///< Mixed_5b to 5d
  MixedBlock b(const std::string& name, int in);                ///< Mixed_6a
  MixedBlock c(const std::string& name, int in, int inner);     ///< Mixed_6b to 6e
  MixedBlock d(const std::string& name, int in);                ///< Mixed_7a
  MixedBlock e(const std::string& name, int in, Pool pool);     ///< Mixed_7b, 7c

 private:
  ParameterSource& source_;
  bool train_mode_;
};

}  // namespace alea::nn
