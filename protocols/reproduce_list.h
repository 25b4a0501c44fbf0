#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/config.h"

namespace alea {

/// What a row is about, and how fast it goes: for plans.
struct ReproduceSystem {
  std::string name;   ///< "imagenet64.adm"
  std::string model;  ///< as tables call it
  std::string data;
  double forwards_per_second = 0;
  std::string rate_of;          ///< what has that rate
  std::string training_images;  ///< what reference statistics are of, in words or as a set that `alea metrics --real` takes
};

/// A row of a table or figure that can be run: one line of the list.
struct ReproduceRow {
  std::string table;           ///< "table1"
  std::string row;             ///< a system
  std::string size;            ///< smoke, committed or paper
  std::string config;          ///< as the list says it
  std::filesystem::path path;  ///< and where that is
};

/// The rows that there are, as data: protocols/reproduce.json. Adding one is a line there.
struct ReproduceList {
  std::filesystem::path published;  ///< the paper's tables
  std::vector<ReproduceSystem> systems;
  std::map<std::string, std::map<std::string, std::string>> columns;  ///< table -> column -> pattern of a record's row
  std::vector<ReproduceRow> rows;

  const ReproduceSystem& system(const std::string& name) const;  ///< Error{internal} for one that isn't there
};

inline const std::vector<std::string> kReproduceSizes = {"smoke", "committed", "paper"};

/// Paths in it are relative to its folder. Error{io} or Error{config} with all problems.
ReproduceList read_reproduce_list(const std::filesystem::path& path);

/// The rows of `table` ("all": of every table) at that size, in the list's order; of `rows` only where any are named.
/// Error{usage} with suggestions for a table, size or row that the list hasn't.
std::vector<ReproduceRow> select_rows(const ReproduceList& list, const std::string& table, const std::string& size,
                                      const std::vector<std::string>& rows);

/// The name of a record's row that a pattern means for a run with that feature network: "{fd}" is fid or fd.<network>,
/// "{network}" the network.
std::string metric_of(const std::string& pattern, const std::string& features);

}  // namespace alea
