#include "trajectory/companions.h"

#include "core/error.h"

namespace alea {

Companions::Companions(Estimator& estimator, const std::function<std::unique_ptr<Sampler>()>& start) : estimator_(estimator) {
  for (int k = 0; k < estimator.companions(); ++k) samplers_.push_back(start());
}

std::vector<Query> Companions::next() {
  std::vector<Query> out;
  for (const auto& sampler : samplers_) {
    auto query = sampler->next();
    ALEA_CHECK(query, "a companion ended before the sampler's own trajectory");
    query->want = estimator_.companion_want();
    out.push_back(std::move(*query));
  }
  return out;
}

void Companions::feed(std::span<const Prediction> answers) {
  for (std::size_t k = 0; k < samplers_.size(); ++k) {
    Prediction changed = answers[k];
    changed.eps = estimator_.companion_eps(static_cast<int>(k), answers[k]);
    changed.x0 = at::Tensor();  // it follows from eps
    samplers_[k]->feed(changed);
  }
}

void Companions::finish() {
  if (samplers_.empty()) return;
  std::vector<at::Tensor> samples;
  for (const auto& sampler : samplers_) samples.push_back(sampler->sample());
  estimator_.consume_companions(samples);
}

}  // namespace alea
