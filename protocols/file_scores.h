#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config.h"

namespace alea {

/// Somebody's own score of the images of a run, made by any tool and written to a file.
struct FileScoresOptions {
  std::string name = {};
  std::string file = {};
  std::string ids = {};
  std::uint64_t extra_nfe = 0;
};

template <>
struct Fields<FileScoresOptions> {
  static auto table() {
    using O = FileScoresOptions;
    return std::tuple{
        field("name", &O::name, "of the statistic, such as mine.score").required(),
        field("file", &O::file, "FILE or FILE:ARRAY, .npy, .npz or HDF5: scores [n], or maps [n, ...], which are summed")
            .required(),
        field("ids", &O::ids, "FILE or FILE:ARRAY with the id of each row; empty: row i is image i, and there is one for each"),
        field("extra_nfe", &O::extra_nfe, "network evaluations an image that the method takes, for the record").range(0, 1e9)};
  }
};

/// Problems under /from_file: names that are no names, those of `taken` statistics, and the controls' ("free.", "random.").
void check_file_scores(const std::vector<FileScoresOptions>& options, const std::vector<std::string>& taken,
                       ConfigErrors& errors);

struct FileScores {
  std::string name;
  std::vector<double> scores;  ///< [n], of ids 0..n-1
  Json facts;                  ///< name, source, shape, sha256, extra_nfe; with ids: their source and sha256
};

/// Scores of images 0..n-1 of a run of `generate`. Rows of other ids are left alone. Error{io} for a missing file, Error{data}
/// naming file, expected and found: without ids other than `generate` rows, with ids another number of them, an id that is none
/// or comes twice, images without a score. Values may be anything: whether they are finite matters for usable images only.
FileScores read_file_scores(const FileScoresOptions& options, std::uint64_t generate, std::uint64_t n);

}  // namespace alea
