#pragma once

#include <string>
#include <utility>
#include <vector>

namespace alea {

/// A metric of two sets, as options ask for it and as records call it.
struct SetMetric {
  std::string key;        ///< in SetMetricsOptions::metrics: "prdc" asks for four of them
  std::string published;  ///< its name with the published Inception network
  std::string other;      ///< with another one, whose name comes behind: "fd" -> "fd.fmnist_cnn"
  std::string summary;
};

const std::vector<SetMetric>& set_metrics();
const SetMetric& set_metric(const std::string& published);  ///< Error{internal} where there is none
std::vector<std::string> set_metric_keys();                 ///< without repeats, in order

/// What `alea list metrics` prints: patterns of names, and what they are; those of every protocol, then those of two sets.
/// <network> is a feature network, <statistic> one of an estimator's (or free.total_variation), <side> lowest or highest.
std::vector<std::pair<std::string, std::string>> list_metrics();

}  // namespace alea
