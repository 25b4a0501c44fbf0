#pragma once

#include <string>
#include <vector>

#include "core/config.h"

namespace alea {

/// What estimators of M answers have alike. Each derives its own.
struct SpreadOptions {
  int passes = 5;
  int first_index = 45;
  int last_index = 48;
  std::vector<std::string> statistics = {"variance", "centred"};
  std::vector<int> prefixes = {};
};

/// For the field table of an Options that derives from SpreadOptions.
template <class O>
auto spread_fields() {
  return std::tuple{
      field<O, int>("passes", &O::passes, "M, evaluations at each step of the window").range(2, 65535),
      field<O, int>("first_index", &O::first_index, "first solver index of the window, 0 = noisiest").range(0, 999),
      field<O, int>("last_index", &O::last_index, "last solver index of the window, inclusive").range(0, 999),
      field<O, std::vector<std::string>>("statistics", &O::statistics,
                                         "of the same answers: variance (divisor M-1), variance_biased (M), variance_sum (none), "
                                         "centred about the unperturbed answer (M)")
          .one_of({"variance", "variance_biased", "variance_sum", "centred"}),
      field<O, std::vector<int>>("prefixes", &O::prefixes,
                                 "also each statistic of the first m < M answers, as if M had been m: NAME.m5, ...")
          .range(2, 65534)};
}

}  // namespace alea
