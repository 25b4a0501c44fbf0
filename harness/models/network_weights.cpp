#include "models/network_weights.h"

namespace alea {

void NetworkWeights::read(Checkpoint checkpoint, const Placement& placement) {
  checkpoint_.emplace(std::move(checkpoint));
  stored_.emplace(*checkpoint_);
  placed_.emplace(*stored_, placement);
}

ParameterSource& NetworkWeights::source() {
  if (placed_) return *placed_;
  return shapes_;
}

void NetworkWeights::finish() const {
  if (stored_) stored_->finish();
}

std::int64_t NetworkWeights::n_parameters() const { return stored_ ? stored_->n_parameters() : count_parameters(shapes_.made()); }

std::string NetworkWeights::sha256() const { return checkpoint_ ? checkpoint_->sha256() : expected_sha256_; }

}  // namespace alea
