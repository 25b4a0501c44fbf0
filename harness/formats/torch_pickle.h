#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "core/files.h"
#include "formats/pickle.h"
#include "formats/safetensors.h"

namespace alea {

/// What a pickle of torch.save may name; anything else is refused.
std::span<const PickleGlobal> torch_globals();

/// A storage as a pickle names it. `elements` are the whole storage's; a tensor sees [first, first + seen) of them.
struct StorageId {
  std::string key;
  DType dtype = DType::f32;
  std::uint64_t elements = 0, first = 0, seen = 0;
};
/// Error{data} when the persistent value is none or its numbers disagree.
StorageId read_storage_id(const PickleReader& pickle, PickleRef persistent, const std::string& source);

struct TorchTensors {
  std::map<std::string, TensorSpan> tensors;
  std::deque<Bytes> copies;  ///< of strided views, laid out row-major; addresses stay
};
struct TorchPickle {
  const PickleReader& pickle;
  PickleRef root = 0;
  std::string source, member;  ///< the nested dict that is wanted; empty: as TorchArchive says
  std::uint64_t most_bytes = 0;
  std::function<std::span<const std::byte>(const StorageId&)> storage;  ///< the bytes of the whole storage, their number checked
};
TorchTensors collect_tensors(const TorchPickle& from);

}  // namespace alea
