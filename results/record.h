#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"
#include "metrics/jackknife.h"

namespace alea {

enum class Direction { lower, higher, none };  ///< which way is better

/// One number of a record. A value that can't be had is null with a reason, never NaN.
struct MetricRow {
  std::string name = {};  ///< "fd.fmnist_cnn.kept"
  int version = 1;        ///< raised when the meaning changes; unlike versions don't compare
  std::optional<double> value = {};
  std::string why_null = {};  ///< set exactly when value is absent
  Direction direction = Direction::lower;
  std::string unit = {};                      ///< "squared feature distance", "1"
  std::uint64_t n = 0;                        ///< samples it was computed from
  std::optional<Interval> interval = {};      ///< 95%: delete-a-group jackknife, or half-samples where there are half_differences
  std::vector<double> leave_one_out = {};     ///< 32 values, or empty: what compare needs for paired differences
  std::vector<double> half_differences = {};  ///< 62 values in place of leave_one_out (metrics/half_samples.h), or empty
  Json details = Json::object();  ///< free, but "group", "randomisation_p", "subsets" and "note" are shown in the table
};

/// A row without its value.
MetricRow metric_row(std::string name, Direction direction, std::string unit, std::uint64_t n);

/// What a run says. Deterministic: nothing in it depends on threads, host, time or memory (those are in the ledger).
struct Record {
  Json config;                    ///< resolved
  std::string config_sha256;      ///< identity of the folder
  std::string comparable_sha256;  ///< design §5.5: what must agree for two records to be compared
  std::string protocol;
  int protocol_version = 1;
  std::string preset;
  Json model, data, provenance;  ///< kinds, hashes, counts
  std::vector<MetricRow> metrics;
  std::vector<std::string> invalid_reasons;  ///< empty = VALID
  std::vector<std::string> departures;       ///< from the paper, each a sentence
  Json samples = Json::object();             ///< planned, complete, non_finite
  Json cost = Json::object();                ///< NFE and FLOPs an image: base, extra, total (counts only, never seconds)
  Json arrays = Json::array();               ///< {file, sha256} of every block file and of curves.h5
};

Json record_to_json(const Record& record);  ///< checks that no number is NaN or infinite: Error{internal} names the key
Record record_from_json(const Json& json, const std::string& source);  ///< Error{data} with pointers
void write_record(const std::filesystem::path& path, const Record& record);
Record read_record(const std::filesystem::path& path);

/// The table on stdout: metric, value, 95% interval, n, direction, details; then "Result: VALID  ..." with the reasons.
std::string render_table(const Record& record);

}  // namespace alea
