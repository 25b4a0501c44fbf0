#include "formats/torch_pickle.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/error.h"
#include "formats/checks.h"
#include "formats/row_major.h"
#include "formats/torch_globals.h"

namespace alea {
namespace {

using Kind = PickleValue::Kind;
using Named = std::pair<std::string, PickleRef>;

constexpr std::size_t kMaxRank = 64;
constexpr std::array<std::string_view, 4> kUsualMembers{"state_dict", "model", "ema", "params"};

std::uint64_t count_at(const PickleReader& pickle, PickleRef ref, const std::string& where, const char* what) {
  const PickleValue& value = pickle[ref];
  if (value.kind != Kind::integer || value.integer < 0)
    fail(ErrorCode::data, "{}: expected a whole number of at least 0 as {}", where, what);
  return static_cast<std::uint64_t>(value.integer);
}

std::vector<std::int64_t> counts_at(const PickleReader& pickle, PickleRef ref, const std::string& where, const char* what) {
  const PickleValue& value = pickle[ref];
  if (value.kind != Kind::tuple || value.items.size() > kMaxRank)
    fail(ErrorCode::data, "{}: expected a tuple of at most {} whole numbers as {}", where, kMaxRank, what);
  std::vector<std::int64_t> counts;
  for (const PickleRef item : value.items) counts.push_back(static_cast<std::int64_t>(count_at(pickle, item, where, what)));
  return counts;
}

bool is_row_major(const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& strides) {
  std::int64_t expected = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] != 1 && strides[axis] != expected) return false;
    expected *= shape[axis];
  }
  return true;
}

/// Index of the last element that a view of at least one element touches; nothing where it doesn't fit.
std::optional<std::uint64_t> last_index(std::uint64_t offset, const std::vector<std::int64_t>& shape,
                                        const std::vector<std::int64_t>& strides) {
  std::uint64_t last = offset;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    std::uint64_t reach = 0;
    if (__builtin_mul_overflow(static_cast<std::uint64_t>(shape[axis] - 1), static_cast<std::uint64_t>(strides[axis]), &reach) ||
        __builtin_add_overflow(last, reach, &last))
      return std::nullopt;
  }
  return last;
}

/// Turns the calls that rebuild tensors into spans, without calling anything.
class Builder {
 public:
  explicit Builder(const TorchPickle& from) : from_(from), pickle_(from.pickle) {}

  /// The call that rebuilds a tensor, out of the one that makes a parameter of it; null for anything else.
  const PickleValue* tensor_call(PickleRef ref) const {
    constexpr int kMostWraps = 4;
    for (int wraps = 0; wraps < kMostWraps && pickle_[ref].kind == Kind::call; ++wraps) {
      const PickleValue& call = pickle_[ref];
      const auto name = pickle_.global_name(call.items[0]);
      if (name == kRebuildTensor || name == kRebuildTensorV2 || name == kRebuildTensorV3) return &call;
      const auto& arguments = pickle_[call.items[1]].items;
      if ((name != kRebuildParameter && name != kRebuildParameterWithState) || arguments.empty()) return nullptr;
      ref = arguments[0];
    }
    return nullptr;
  }

  void add(const std::string& name, PickleRef ref) {
    const std::string where = fmt::format("{}: tensor {}", from_.source, in_quotes(name));
    TensorSpan tensor = build(*tensor_call(ref), where);
    if (tensor.dtype == DType::boolean && !are_booleans(tensor.bytes))
      fail(ErrorCode::data, "{}: expected booleans of 0 or 1, found another byte", where);
    if (!out_.tensors.emplace(name, std::move(tensor)).second)
      fail(ErrorCode::data, "{}: expected each name once, found this one twice", where);
  }

  TorchTensors finish() { return std::move(out_); }

 private:
  TensorSpan build(const PickleValue& call, const std::string& where) {
    const bool typed_beside = pickle_.global_name(call.items[0]) == kRebuildTensorV3;
    const auto& arguments = pickle_[call.items[1]].items;
    const std::size_t n_needed = typed_beside ? 7 : 4;
    if (arguments.size() < n_needed)
      fail(ErrorCode::data, "{}: expected at least {} arguments that rebuild it, found {}", where, n_needed, arguments.size());
    const StorageId id = read_storage_id(pickle_, arguments[0], where);
    TensorSpan tensor{.dtype = id.dtype, .shape = counts_at(pickle_, arguments[2], where, "its shape"), .bytes = {}};
    if (typed_beside) {
      const bool is_named = pickle_[arguments[6]].kind == Kind::global;
      const auto dtype = is_named ? global_dtype(pickle_.global_name(arguments[6])) : std::nullopt;
      if (!dtype)
        fail(ErrorCode::data, "{}: expected a dtype that can be read as its seventh argument, found {}", where,
             is_named ? pickle_.global_name(arguments[6]) : "another value");
      tensor.dtype = *dtype;
    }
    const auto strides = counts_at(pickle_, arguments[3], where, "its strides");
    const std::uint64_t offset = count_at(pickle_, arguments[1], where, "its offset");
    const std::size_t stored_item = dtype_bytes(id.dtype);
    const auto seen = from_.storage(id).subspan(id.first * stored_item, id.seen * stored_item);
    tensor.bytes = view(seen, offset, tensor, strides, where);
    return tensor;
  }

  std::span<const std::byte> view(std::span<const std::byte> storage, std::uint64_t offset, const TensorSpan& tensor,
                                  const std::vector<std::int64_t>& strides, const std::string& where) {
    const std::size_t item_bytes = dtype_bytes(tensor.dtype);
    const auto bytes = byte_count(std::span<const std::int64_t>(tensor.shape), item_bytes);
    if (!bytes || strides.size() != tensor.shape.size())
      fail(ErrorCode::data, "{}: shape [{}] overflows or doesn't go with strides [{}]", where, fmt::join(tensor.shape, ", "),
           fmt::join(strides, ", "));
    if (*bytes == 0) return {};
    const auto last = last_index(offset, tensor.shape, strides);
    if (!last || *last >= storage.size() / item_bytes)
      fail(ErrorCode::data, "{}: shape [{}] with strides [{}] from element {} runs past a storage of {} elements", where,
           fmt::join(tensor.shape, ", "), fmt::join(strides, ", "), offset, storage.size() / item_bytes);
    total_ += *bytes;
    if (*bytes > from_.most_bytes || total_ > from_.most_bytes)
      fail(ErrorCode::data, "{}: the tensors up to this one claim {} bytes, expected at most {} from a file of this size", where,
           total_, from_.most_bytes);
    if (is_row_major(tensor.shape, strides)) return storage.subspan(offset * item_bytes, *bytes);
    return out_.copies.emplace_back(gather_row_major(storage, offset, tensor.shape, strides, item_bytes));
  }

  const TorchPickle& from_;
  const PickleReader& pickle_;
  TorchTensors out_;
  std::uint64_t total_ = 0;
};

std::vector<Named> entries_of(const PickleReader& pickle, const PickleValue& dict) {
  std::vector<Named> entries;
  for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleValue& key = pickle[dict.items[i]];
    if (key.kind == Kind::text) entries.emplace_back(key.text, dict.items[i + 1]);
    if (key.kind == Kind::integer) entries.emplace_back(std::to_string(key.integer), dict.items[i + 1]);
  }
  return entries;
}

std::string listed(const std::vector<Named>& entries) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(entries.size(), kShown); ++i) names.push_back(in_quotes(entries[i].first, 40));
  if (entries.size() > kShown) names.push_back("...");
  return names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "));
}

/// The entries of the dict that holds the tensors which are wanted, by the rules of TorchArchive.
std::vector<Named> wanted(const TorchPickle& from, const Builder& builder) {
  const auto tensors_among = [&](std::vector<Named> entries) {
    std::erase_if(entries, [&](const Named& entry) { return builder.tensor_call(entry.second) == nullptr; });
    return entries;
  };
  const auto all = entries_of(from.pickle, from.pickle[from.root]);
  const auto direct = tensors_among(all);
  std::vector<Named> dicts;
  for (const auto& entry : all)
    if (from.pickle[entry.second].kind == Kind::dict &&
        !tensors_among(entries_of(from.pickle, from.pickle[entry.second])).empty())
      dicts.push_back(entry);
  const auto open = [&](const Named& entry) { return tensors_among(entries_of(from.pickle, from.pickle[entry.second])); };

  if (!from.member.empty()) {
    const auto found = std::find_if(dicts.begin(), dicts.end(), [&](const Named& d) { return d.first == from.member; });
    if (found == dicts.end())
      fail(ErrorCode::data, "{}: expected a dict of tensors {}, found {}", from.source, in_quotes(from.member), listed(dicts));
    return open(*found);
  }
  if (dicts.empty() && direct.empty())
    fail(ErrorCode::data, "{}: expected a dict of tensors, or one that holds one, found a dict with {}", from.source,
         listed(all));
  if (dicts.empty()) return direct;
  if (dicts.size() == 1 && direct.empty()) return open(dicts.front());
  std::vector<Named> usual;
  std::copy_if(dicts.begin(), dicts.end(), std::back_inserter(usual), [](const Named& entry) {
    return std::find(kUsualMembers.begin(), kUsualMembers.end(), entry.first) != kUsualMembers.end();
  });
  if (usual.size() == 1) return open(usual.front());
  fail(ErrorCode::data, "{}: expected one dict of tensors, found several: {}; save the one that is wanted alone", from.source,
       listed(dicts));
}

std::vector<Named> numbered(const std::vector<PickleRef>& items) {
  std::vector<Named> entries;
  for (std::size_t i = 0; i < items.size(); ++i) entries.emplace_back(std::to_string(i), items[i]);
  return entries;
}

}  // namespace

StorageId read_storage_id(const PickleReader& pickle, PickleRef persistent, const std::string& source) {
  const PickleValue& value = pickle[persistent];
  const PickleValue* id = value.kind == Kind::persistent ? &pickle[value.items.front()] : nullptr;
  const bool fits = id != nullptr && id->kind == Kind::tuple && (id->items.size() == 5 || id->items.size() == 6) &&
                    pickle[id->items[0]].text == "storage" && pickle[id->items[1]].kind == Kind::global &&
                    pickle[id->items[2]].kind == Kind::text;
  const auto dtype = fits ? storage_dtype(pickle.global_name(id->items[1])) : std::nullopt;
  if (!dtype) fail(ErrorCode::data, "{}: expected a storage (a type, a key and a number of elements)", source);
  StorageId found{.key = std::string(pickle[id->items[2]].text), .dtype = *dtype};
  found.elements = found.seen = count_at(pickle, id->items[4], source, "a storage's number of elements");
  if (id->items.size() == 6 && pickle[id->items[5]].kind != Kind::none) {
    const auto& view = pickle[id->items[5]].items;
    if (view.size() != 3) fail(ErrorCode::data, "{}: expected a key, an offset and a size of a storage's view", source);
    found.first = count_at(pickle, view[1], source, "a view's offset");
    found.seen = count_at(pickle, view[2], source, "a view's size");
  }
  if (found.first > found.elements || found.seen > found.elements - found.first)
    fail(ErrorCode::data, "{}: a view of elements {} + {} runs past a storage of {}", source, found.first, found.seen,
         found.elements);
  return found;
}

TorchTensors collect_tensors(const TorchPickle& from) {
  Builder builder(from);
  const PickleValue& root = from.pickle[from.root];
  std::vector<Named> entries;
  if (root.kind == Kind::dict)
    entries = wanted(from, builder);
  else if (root.kind == Kind::list || root.kind == Kind::tuple)
    entries = numbered(root.items);
  else
    entries = {{"tensor", from.root}};
  for (const auto& [name, ref] : entries) {
    if (builder.tensor_call(ref) == nullptr)
      fail(ErrorCode::data, "{}: expected a dict or list of tensors, found something else at {}", from.source, in_quotes(name));
    builder.add(name, ref);
  }
  return builder.finish();
}

}  // namespace alea
