#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/philox.h"
#include "formats/safetensors.h"
#include "formats/zip.h"
#include "models/weights.h"

namespace alea::test {

/// Seeded numbers for every parameter of a network. Tensors share one run of them, each from a place of its own, so that a file
/// of gigabytes needs the memory of its largest tensor until it is written.
class SeededTensors {
 public:
  explicit SeededTensors(const WeightMap& shapes) {
    constexpr std::size_t kPlaces = 4096;
    std::size_t most = 0, place = 0;
    for (const auto& [name, tensor] : shapes) most = std::max(most, static_cast<std::size_t>(tensor.numel()));
    numbers_.resize(most + kPlaces);
    fill_uniform({.seed = 1, .stream = Stream::weights}, numbers_);
    for (const auto& [name, tensor] : shapes) {
      const auto numbers = std::span(numbers_).subspan(place++ * 17 % kPlaces, static_cast<std::size_t>(tensor.numel()));
      spans_[name] = {DType::f32, tensor.sizes().vec(), std::as_bytes(numbers)};
      n_bytes_ += numbers.size_bytes();
    }
  }
  const std::map<std::string, TensorSpan>& spans() const { return spans_; }
  std::uint64_t n_bytes() const { return n_bytes_; }

 private:
  std::vector<float> numbers_;
  std::map<std::string, TensorSpan> spans_;
  std::uint64_t n_bytes_ = 0;
};

/// The few opcodes of a pickle of float32 tensors, as torch.save writes them (protocol 2).
class TensorPickle {
 public:
  std::string text = "\x80\x02}(";

  void add(const std::string& name, const std::string& storage, const std::vector<std::int64_t>& shape) {
    std::vector<std::int64_t> strides(shape.size(), 1);
    for (std::size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
    std::int64_t n = 1;
    for (const auto extent : shape) n *= extent;
    string(name);
    text += "ctorch._utils\n_rebuild_tensor_v2\n((";
    string("storage");
    text += "ctorch\nFloatStorage\n";
    string(storage);
    string("cpu");
    number(n);
    text += "tQ";
    number(0);
    tuple(shape);
    tuple(strides);
    text +=
        "\x89"
        "ccollections\nOrderedDict\n)RtR";
  }
  void end() { text += "u."; }

 private:
  void number(std::int64_t value) {
    text += 'J';
    bytes_of(static_cast<std::int32_t>(value));
  }
  void string(const std::string& value) {
    text += 'X';
    bytes_of(static_cast<std::uint32_t>(value.size()));
    text += value;
  }
  void tuple(const std::vector<std::int64_t>& values) {
    text += '(';
    for (const auto value : values) number(value);
    text += 't';
  }
  template <class T>
  void bytes_of(T value) {
    text.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
};

/// A zip archive of float32 tensors that torch.load reads.
inline void write_torch_archive(const fs::path& path, const std::map<std::string, TensorSpan>& tensors) {
  TensorPickle pickle;
  std::vector<ZipMember> members(1);
  for (const auto& [name, tensor] : tensors) {
    const std::string storage = std::to_string(members.size() - 1);
    pickle.add(name, storage, tensor.shape);
    members.push_back({"archive/data/" + storage, {tensor.bytes}});
  }
  pickle.end();
  members[0] = {"archive/data.pkl", {std::as_bytes(std::span(pickle.text))}};
  const std::string version = "3\n";
  members.push_back({"archive/version", {std::as_bytes(std::span(version))}});
  atomic_write(path, std::span<const std::byte>(make_zip(members, /*deflate=*/false)));
}

}  // namespace alea::test
