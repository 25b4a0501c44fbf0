#include "formats/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "formats/checks.h"

namespace alea {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the reference implementation
constexpr std::size_t kMaxRank = 64;
constexpr int kMaxDepth = 2;  // {name: {"shape": [..]}}
constexpr const char* kMetadataKey = "__metadata__";

struct DTypeRow {
  DType dtype;
  const char* name;
  std::size_t bytes;
  bool is_floating = false;
};
constexpr std::array<DTypeRow, 19> kDTypes{{{DType::boolean, "BOOL", 1},
                                            {DType::u8, "U8", 1},
                                            {DType::i8, "I8", 1},
                                            {DType::f8_e4m3, "F8_E4M3", 1, true},
                                            {DType::f8_e5m2, "F8_E5M2", 1, true},
                                            {DType::f8_e4m3fnuz, "F8_E4M3FNUZ", 1, true},
                                            {DType::f8_e5m2fnuz, "F8_E5M2FNUZ", 1, true},
                                            {DType::f8_e8m0, "F8_E8M0", 1, true},
                                            {DType::i16, "I16", 2},
                                            {DType::u16, "U16", 2},
                                            {DType::f16, "F16", 2, true},
                                            {DType::bf16, "BF16", 2, true},
                                            {DType::i32, "I32", 4},
                                            {DType::u32, "U32", 4},
                                            {DType::f32, "F32", 4, true},
                                            {DType::f64, "F64", 8, true},
                                            {DType::i64, "I64", 8},
                                            {DType::u64, "U64", 8},
                                            {DType::c64, "C64", 8}}};
constexpr DTypeRow kNotInTheFormat{DType::c128, "C128", 16};

const DTypeRow& dtype_row(DType dtype) {
  for (const auto& row : kDTypes)
    if (row.dtype == dtype) return row;
  if (dtype == kNotInTheFormat.dtype) return kNotInTheFormat;
  fail(ErrorCode::internal, "dtype {} is not in the table", static_cast<int>(dtype));
}

/// Hostile names may be huge or hold control characters.
std::string shown(const Json& value) {
  constexpr std::size_t kShown = 100;
  std::string text = value.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
  if (text.size() > kShown) text = text.substr(0, kShown) + "...";
  return text;
}

std::string_view header_text(std::span<const std::byte> file, const std::string& source) {
  if (file.size() < kLengthBytes)
    fail(ErrorCode::data, "{}: offset 0: expected the 8 bytes of the header's length, found {} bytes; not a safetensors file",
         source, file.size());
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), kLengthBytes);
  if (length > kMaxHeaderBytes)
    fail(ErrorCode::data, "{}: offset 0: expected a header of at most {} bytes, found {}; not a safetensors file", source,
         kMaxHeaderBytes, length);
  if (length > file.size() - kLengthBytes)
    fail(ErrorCode::data, "{}: offset 8: expected a header of {} bytes, found {} before the end of the file; is it truncated?",
         source, length, file.size() - kLengthBytes);
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + kLengthBytes, length);
  if (text.empty() || text.front() != '{')
    fail(ErrorCode::data, "{}: offset 8: expected a JSON object that begins with '{{', found {}", source,
         text.empty() ? std::string("an empty header") : shown(text.substr(0, 1)));
  // The JSON parser takes a zero byte for the end of its input and would ignore what follows.
  if (const auto zero = text.find('\0'); zero != text.npos)
    fail(ErrorCode::data, "{}: offset {}: expected JSON text, found a zero byte", source, kLengthBytes + zero);
  return text;
}

/// Strict: no duplicate keys at any level, no nesting beyond what the format has.
Json parse_header(std::string_view text, const std::string& source) {
  std::array<std::set<std::string>, kMaxDepth + 2> keys;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start) {
      if (depth > kMaxDepth)
        fail(ErrorCode::data, "{}: header: expected at most {} levels of nesting, found more", source, kMaxDepth + 1);
      keys[depth + 1].clear();
    } else if (event == Json::parse_event_t::key && !keys[depth].insert(parsed.get<std::string>()).second) {
      fail(ErrorCode::data, "{}: header: expected each key once, found {} twice", source, shown(parsed));
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::parse_error& error) {
    fail(ErrorCode::data, "{}: offset {}: the header is not JSON: {:.200}", source, kLengthBytes + error.byte - 1, error.what());
  } catch (const Json::exception& error) {
    fail(ErrorCode::data, "{}: the header is not JSON that can be held: {:.200}", source, error.what());
  }
}

std::map<std::string, std::string> read_metadata(const Json& object, const std::string& source) {
  if (!object.is_object())
    fail(ErrorCode::data, "{}: key {}: expected an object of strings, found {}", source, kMetadataKey, object.type_name());
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : object.items()) {
    if (!value.is_string())
      fail(ErrorCode::data, "{}: key {}/{}: expected a string, found {}", source, kMetadataKey, shown(key), value.type_name());
    metadata.emplace(key, value.get<std::string>());
  }
  return metadata;
}

struct Entry {
  std::string name;
  std::uint64_t begin = 0, end = 0;
  TensorSpan tensor;
};

DType read_dtype(const Json& value, const std::string& where) {
  std::string known;
  for (const auto& row : kDTypes) {
    if (value == row.name) return row.dtype;
    known += known.empty() ? row.name : std::string(", ") + row.name;
  }
  fail(ErrorCode::data, "{}: key dtype: expected one of {}, found {}", where, known, shown(value));
}

std::vector<std::int64_t> read_shape(const Json& value, const std::string& where) {
  if (!value.is_array() || value.size() > kMaxRank)
    fail(ErrorCode::data, "{}: key shape: expected an array of at most {} whole numbers, found {}", where, kMaxRank,
         shown(value));
  std::vector<std::int64_t> shape;
  for (const auto& extent : value) {
    if (!extent.is_number_unsigned() || extent.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max())
      fail(ErrorCode::data, "{}: key shape: expected whole numbers in [0, 2^63), found {}", where, shown(extent));
    shape.push_back(extent.get<std::int64_t>());
  }
  return shape;
}

Entry read_entry(const std::string& name, const Json& json, std::span<const std::byte> buffer, const std::string& source) {
  const std::string where = fmt::format("{}: tensor {}", source, shown(name));
  if (!json.is_object() || json.size() != 3 || !json.contains("dtype") || !json.contains("shape") ||
      !json.contains("data_offsets"))
    fail(ErrorCode::data, "{}: expected an object of exactly dtype, shape and data_offsets, found {}", where, shown(json));
  Entry entry;
  entry.name = name;
  entry.tensor.dtype = read_dtype(json["dtype"], where);
  entry.tensor.shape = read_shape(json["shape"], where);
  const Json& offsets = json["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned())
    fail(ErrorCode::data, "{}: key data_offsets: expected [begin, end] in whole numbers, found {}", where, shown(offsets));
  entry.begin = offsets[0].get<std::uint64_t>();
  entry.end = offsets[1].get<std::uint64_t>();
  if (entry.begin > entry.end || entry.end > buffer.size())
    fail(ErrorCode::data, "{}: key data_offsets: expected begin <= end <= {} (what the file holds), found [{}, {}]", where,
         buffer.size(), entry.begin, entry.end);
  const auto bytes = byte_count(std::span<const std::int64_t>(entry.tensor.shape), dtype_bytes(entry.tensor.dtype));
  if (!bytes) fail(ErrorCode::data, "{}: key shape: the product of {} overflows", where, shown(json["shape"]));
  if (*bytes != entry.end - entry.begin)
    fail(ErrorCode::data, "{}: key data_offsets: shape {} of {} expects {} bytes, found {}", where, shown(json["shape"]),
         dtype_name(entry.tensor.dtype), *bytes, entry.end - entry.begin);
  entry.tensor.bytes = buffer.subspan(entry.begin, *bytes);
  if (entry.tensor.dtype == DType::boolean && !are_booleans(entry.tensor.bytes))
    fail(ErrorCode::data, "{}: expected booleans of 0 or 1, found another byte", where);
  return entry;
}

void check_covered(std::vector<Entry>& entries, std::uint64_t buffer_bytes, const std::string& source) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  std::uint64_t expected = 0;
  for (const auto& entry : entries) {
    if (entry.begin != expected)
      fail(ErrorCode::data, "{}: tensor {}: expected to begin at offset {} of the data, found {} ({})", source, shown(entry.name),
           expected, entry.begin, entry.begin < expected ? "an overlap" : "a hole");
    expected = entry.end;
  }
  if (expected != buffer_bytes)
    fail(ErrorCode::data, "{}: expected {} bytes of data, found {}; is it truncated, or has something been appended?", source,
         expected, buffer_bytes);
}

}  // namespace

std::size_t dtype_bytes(DType dtype) { return dtype_row(dtype).bytes; }
const char* dtype_name(DType dtype) { return dtype_row(dtype).name; }
bool is_floating(DType dtype) { return dtype_row(dtype).is_floating; }

void parse_safetensors(std::span<const std::byte> file, const std::string& source, std::map<std::string, TensorSpan>& tensors,
                       std::map<std::string, std::string>& metadata) {
  const std::string_view text = header_text(file, source);
  const std::span<const std::byte> buffer = file.subspan(kLengthBytes + text.size());
  const Json header = parse_header(text, source);
  std::map<std::string, std::string> new_metadata;
  std::vector<Entry> entries;
  for (const auto& [name, json] : header.items()) {
    if (name == kMetadataKey)
      new_metadata = read_metadata(json, source);
    else
      entries.push_back(read_entry(name, json, buffer, source));
  }
  check_covered(entries, buffer.size(), source);
  metadata = std::move(new_metadata);
  tensors.clear();
  for (auto& entry : entries) tensors.emplace(std::move(entry.name), std::move(entry.tensor));
}

SafetensorsFile::SafetensorsFile(const fs::path& path) : file_(path) {
  parse_safetensors(file_.bytes(), path.string(), tensors_, metadata_);
}

}  // namespace alea
