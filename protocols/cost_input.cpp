#include <algorithm>
#include <set>

#include "core/error.h"
#include "protocols/array_names.h"
#include "protocols/cost_measure.h"
#include "protocols/stored_arrays.h"
#include "protocols/timing.h"

namespace alea {
namespace {

Array gathered(const Store& store, const char* name, DType dtype, std::size_t rank) {
  Array array = store.gather(array_names::kBlocks, name);
  expect_array(array, dtype, rank, store.n_samples(), name);
  return array;
}

std::string hash_of(const Array& hashes, std::uint64_t row) {
  const auto characters = hashes.as<std::uint8_t>().subspan(row * hashes.shape[1], hashes.shape[1]);
  return {characters.begin(), characters.end()};
}

bool differ(const std::vector<std::string>& values) { return std::set(values.begin(), values.end()).size() > 1; }

}  // namespace

CostInput read_cost_input(const Store& store, const std::vector<std::string>& arms) {
  const Array seconds = gathered(store, timing_arrays::kSeconds, DType::f64, 1),
              memory = gathered(store, timing_arrays::kPeakMemory, DType::u64, 2),
              non_finite = gathered(store, timing_arrays::kNonFinite, DType::u64, 1),
              images = gathered(store, timing_arrays::kImagesSha256, DType::u8, 2),
              machines = gathered(store, timing_arrays::kMachine, DType::u8, 2);
  CostInput out;
  for (const std::string& name : arms) out.arms.push_back({.name = name});
  out.repeats = store.n_samples() / arms.size();
  std::vector<std::string> fingerprints;
  for (std::uint64_t id = 0; id < out.repeats * arms.size(); ++id) {
    ArmTimes& arm = out.arms[measurement(id, arms.size()).arm];
    arm.seconds.push_back(seconds.as<double>()[id]);
    arm.peak_memory.push_back(static_cast<double>(memory.as<std::uint64_t>()[2 * id]));
    arm.device_memory.push_back(static_cast<double>(memory.as<std::uint64_t>()[2 * id + 1]));
    arm.images.push_back(hash_of(images, id));
    fingerprints.push_back(hash_of(machines, id));
    out.non_finite = std::max(out.non_finite, non_finite.as<std::uint64_t>()[id]);
    if (!(arm.seconds.back() > 0))
      fail(ErrorCode::data, "measurement {} took {} seconds; its file was not made by alea", id, arm.seconds.back());
  }
  out.machines = std::set(fingerprints.begin(), fingerprints.end()).size();
  for (const ArmTimes& arm : out.arms)
    if (differ(arm.images)) out.unequal.push_back(arm.name);
  return out;
}

}  // namespace alea
