#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "formats/safetensors.h"

namespace alea {
namespace {

using Json = nlohmann::json;
using Named = std::pair<const std::string, TensorSpan>;

void check_tensor(const Named& named, const std::string& path) {
  const auto& [name, tensor] = named;
  if (name == "__metadata__") fail(ErrorCode::domain, "{}: no tensor can be named __metadata__", path);
  std::uint64_t bytes = dtype_bytes(tensor.dtype);
  for (const std::int64_t extent : tensor.shape)
    if (extent < 0 || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(extent), &bytes))
      fail(ErrorCode::shape, "{}: tensor {}: shape [{}] is negative or overflows", path, name, fmt::join(tensor.shape, ", "));
  if (bytes != tensor.bytes.size())
    fail(ErrorCode::shape, "{}: tensor {}: shape [{}] of {} expects {} bytes, found {}", path, name,
         fmt::join(tensor.shape, ", "), dtype_name(tensor.dtype), bytes, tensor.bytes.size());
}

/// Largest elements first, so that each tensor begins at a multiple of its element's size.
std::vector<const Named*> file_order(const std::map<std::string, TensorSpan>& tensors) {
  std::vector<const Named*> order;
  for (const auto& named : tensors) order.push_back(&named);
  std::stable_sort(order.begin(), order.end(),
                   [](const Named* a, const Named* b) { return dtype_bytes(a->second.dtype) > dtype_bytes(b->second.dtype); });
  return order;
}

std::string header_text(const std::vector<const Named*>& order, const std::map<std::string, std::string>& metadata,
                        const std::string& path) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const Named* named : order) {
    const auto& [name, tensor] = *named;
    header[name] = {
        {"dtype", dtype_name(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const Json::exception& error) {
    fail(ErrorCode::domain, "{}: a name or the metadata is not UTF-8: {}", path, error.what());
  }
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

}  // namespace

void write_safetensors(const fs::path& path, const std::map<std::string, TensorSpan>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  for (const auto& named : tensors) check_tensor(named, path.string());
  const auto order = file_order(tensors);
  const std::string text = header_text(order, metadata, path.string());
  const std::uint64_t length = text.size();

  Bytes file(sizeof(length) + text.size());
  std::memcpy(file.data(), &length, sizeof(length));
  std::memcpy(file.data() + sizeof(length), text.data(), text.size());
  std::size_t total = file.size();
  for (const Named* named : order) total += named->second.bytes.size();
  file.reserve(total);
  for (const Named* named : order) file.insert(file.end(), named->second.bytes.begin(), named->second.bytes.end());

  // What we write must pass what we read: the limits stand in one place.
  std::map<std::string, TensorSpan> tensors_back;
  std::map<std::string, std::string> metadata_back;
  parse_safetensors(file, path.string(), tensors_back, metadata_back);
  atomic_write(path, std::span<const std::byte>(file));
}

}  // namespace alea
