#include "models/nn/flop_count.h"

#include "core/error.h"

namespace alea::nn {
namespace {

thread_local FlopCount* counting = nullptr;

}  // namespace

FlopCount::FlopCount() {
  ALEA_CHECK(counting == nullptr, "FLOPs are counted twice at a time");
  counting = this;
}

FlopCount::~FlopCount() { counting = nullptr; }

void count_product(const at::Tensor& shown, std::int64_t elements, std::int64_t terms) {
  if (counting != nullptr && shown.is_meta()) counting->flops_ += 2 * static_cast<std::uint64_t>(elements * terms);
}

void count_unknown(const std::string& why) {
  if (counting != nullptr) counting->why_unknown_ = why;
}

}  // namespace alea::nn
