#pragma once

#include <string>

#include "results/record.h"

namespace alea {

/// A complete record with one of every kind of row: valued with interval, null, valued without interval.
inline Record sample_record() {
  Record record;
  record.config = {{"protocol", "filtering"},
                   {"name", "demo"},
                   {"seed", 7},
                   {"model", {{"kind", "toy"}}},
                   {"sampler", {{"kind", "ddim"}, {"steps", 50}}}};
  record.config_sha256 = std::string(64, 'a');
  record.comparable_sha256 = std::string(64, 'b');
  record.protocol = "filtering";
  record.preset = "paper";
  record.model = {{"kind", "toy"}};
  record.data = {{"reference", {{"n", 100}}}};
  record.provenance = {{"alea", "0.1.0"}};
  MetricRow all{.name = "fd.net.all",
                .value = 3.25,
                .unit = "squared feature distance",
                .n = 600,
                .interval = Interval{3.25, 0.021, 3.207, 3.293},
                .leave_one_out = {3.24, 3.26}};
  all.details = {{"group", "whole"}};
  MetricRow absent{.name = "kid.net.all", .value = {}, .why_null = "too few samples", .n = 3};
  MetricRow kept{.name = "gain.fd.net.kept", .value = -0.5, .direction = Direction::higher, .unit = "1", .n = 500};
  kept.details = {{"group", "headline"}, {"randomisation_p", 0.005}, {"subsets", 199}};
  record.metrics = {all, absent, kept};
  record.departures = {"Small."};
  record.samples = {{"planned", 600}, {"complete", 600}, {"non_finite", 0}, {"non_finite_limit", 0}};
  record.cost = {{"base", 50}, {"extra", 20}, {"total", 70}};
  record.arrays = {{{"file", "curves.h5"}, {"sha256", std::string(64, 'c')}}};
  return record;
}

}  // namespace alea
