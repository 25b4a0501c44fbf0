#include "data/image_folder.h"

#include <fmt/ranges.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "formats/image_decode.h"
#include "formats/mapped_file.h"

namespace alea {
namespace {

constexpr std::size_t kChunk = 1024;       // files hashed between two words of progress
constexpr std::size_t kManyFiles = 20000;  // so many take long enough to speak of

using Counts = std::map<std::string, std::uint64_t>;

std::string lower_extension(const fs::path& path) {
  std::string text = path.extension().string();
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_image(const std::string& extension) { return extension == ".png" || extension == ".jpg" || extension == ".jpeg"; }

class FolderImages final : public ImageSource {
 public:
  FolderImages(fs::path folder, std::vector<std::string> names, ImageLabels labels, Counts ignored)
      : folder_(std::move(folder)), names_(std::move(names)), labels_(std::move(labels)), ignored_(std::move(ignored)) {}

  std::uint64_t size() const override { return names_.size(); }
  std::string name(std::uint64_t i) const override { return names_.at(i); }
  Picture read(std::uint64_t i) const override {
    const fs::path path = folder_ / name(i);
    return decode_image(MappedFile(path).bytes(), path.string()).picture;
  }

  std::string digest() const override {
    std::vector<std::string> hashes(names_.size());
    std::optional<Progress> progress;
    if (names_.size() > kManyFiles) progress.emplace("hashing", "images", names_.size());
    for (std::size_t first = 0; first < names_.size(); first += kChunk) {
      const std::size_t end = std::min(first + kChunk, names_.size());
      tbb::parallel_for(first, end, [&](std::size_t i) { hashes[i] = sha256_hex(MappedFile(folder_ / names_[i]).bytes()); });
      if (progress) progress->add(end - first);
    }
    std::string all;
    for (std::size_t i = 0; i < names_.size(); ++i) all += names_[i] + '\0' + hashes[i] + '\n';
    return sha256_hex(std::as_bytes(std::span(all)));
  }

  Json facts() const override {
    Counts extensions;
    for (const auto& name : names_) ++extensions[lower_extension(name)];
    // By content: a JPEG renamed .png is still lossy.
    const bool lossy = std::ranges::any_of(names_, [&](const auto& name) { return is_jpeg(MappedFile(folder_ / name).bytes()); });
    return {{"kind", "folder"}, {"n", names_.size()}, {"extensions", extensions}, {"ignored", ignored_}, {"lossy", lossy}};
  }

  ImageLabels labels() const override { return labels_; }

 private:
  fs::path folder_;
  std::vector<std::string> names_;
  ImageLabels labels_;
  Counts ignored_;
};

/// None where an image lies in no sub-folder.
ImageLabels labels_by_folder(const std::vector<std::string>& names) {
  std::map<std::string, std::uint32_t, std::less<>> rank;
  for (const auto& name : names) {
    const auto slash = name.find('/');
    if (slash == std::string::npos) return {};
    rank.emplace(name.substr(0, slash), 0);
  }
  ImageLabels out;
  for (auto& [folder, place] : rank) place = out.n_classes++;
  for (const auto& name : names) out.of.push_back(rank.find(std::string_view(name).substr(0, name.find('/')))->second);
  return out;
}

void sort_in(const fs::directory_entry& entry, const fs::path& folder, std::vector<std::string>& images, Counts& others) {
  std::error_code error;
  const std::string extension = lower_extension(entry.path());
  const bool file = entry.is_regular_file(error);
  if (is_image(extension) && (file || !entry.exists(error)))  // a link to nothing would be an image less without a word
    images.push_back(entry.path().lexically_relative(folder).generic_string());
  else if (file)
    ++others[extension.empty() ? "none" : extension];
}

template <class Iterator>
void list_files(const fs::path& folder, std::vector<std::string>& images, Counts& others) {
  std::error_code error;
  for (Iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    sort_in(*entry, folder, images, others);
  if (error) fail(ErrorCode::io, "{}: can't be listed: {}", folder.string(), error.message());
}

}  // namespace

std::unique_ptr<ImageSource> open_image_folder(const fs::path& folder, const SourceOptions& options) {
  std::vector<std::string> images;
  Counts others;
  options.recursive ? list_files<fs::recursive_directory_iterator>(folder, images, others)
                    : list_files<fs::directory_iterator>(folder, images, others);
  if (images.empty()) {
    std::vector<std::string> seen;
    for (const auto& [extension, count] : others) seen.push_back(fmt::format("{} {}", count, extension));
    fail(ErrorCode::data, "{}: expected .png, .jpg or .jpeg files{}, found {}", folder.string(),
         options.recursive ? "" : " (not in sub-folders)",
         seen.empty() ? "none" : fmt::format("none among {}", fmt::join(seen, ", ")));
  }
  std::ranges::sort(images);
  ImageLabels labels = labels_by_folder(images);
  if (options.limit && *options.limit < images.size()) {
    images.resize(*options.limit);
    labels.of.resize(std::min<std::size_t>(labels.of.size(), *options.limit));
  }
  return std::make_unique<FolderImages>(folder, std::move(images), std::move(labels), std::move(others));
}

}  // namespace alea
