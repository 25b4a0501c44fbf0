#include "metrics/sorted_errors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

namespace alea {
namespace {

constexpr std::size_t kWorthRadix = 4096;
// Few enough buckets that the places written to stay in the translation buffers; an even number of passes ends where it began.
constexpr unsigned kDigitBits = 8, kDigits = 4;
constexpr std::size_t kBuckets = std::size_t{1} << kDigitBits;

/// Bits that order as the floats do: negative ones are flipped whole, the others get the sign bit. -0 counts as 0.
std::uint32_t ordered_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value == 0 ? 0.0f : value);
  return bits ^ ((bits >> 31) != 0 ? 0xffffffffU : 0x80000000U);
}

float value_of(std::uint32_t bits) { return std::bit_cast<float>(bits ^ ((bits >> 31) != 0 ? 0x80000000U : 0xffffffffU)); }

/// Keys and, where there are any, the errors that ride along.
struct Columns {
  Columns(std::size_t n, bool with_errors)
      : keys(std::make_unique_for_overwrite<std::uint32_t[]>(n)),
        errors(with_errors ? std::make_unique_for_overwrite<float[]>(n) : nullptr) {}
  std::unique_ptr<std::uint32_t[]> keys;
  std::unique_ptr<float[]> errors;
};

using Counts = std::array<std::array<std::size_t, kBuckets>, kDigits>;
std::size_t digit_of(std::uint32_t key, unsigned digit) { return (key >> (digit * kDigitBits)) & (kBuckets - 1); }

/// One pass; `places` becomes the end of each bucket.
void distribute(const Columns& from, Columns& to, std::size_t n, unsigned digit, std::array<std::size_t, kBuckets>& places) {
  std::exclusive_scan(places.begin(), places.end(), places.begin(), std::size_t{0});
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t place = places[digit_of(from.keys[i], digit)]++;
    to.keys[place] = from.keys[i];
    if (from.errors != nullptr) to.errors[place] = from.errors[i];
  }
}

SortedErrors<float> radix_sorted(std::span<const float> uncertainty, std::span<const float> errors) {
  const std::size_t n = errors.size();
  const bool same = uncertainty.data() == errors.data();
  Columns columns(n, !same), other(n, !same);
  Counts counts{};
  for (std::size_t i = 0; i < n; ++i) {
    columns.keys[i] = ordered_bits(uncertainty[i]);
    for (unsigned digit = 0; digit < kDigits; ++digit) ++counts[digit][digit_of(columns.keys[i], digit)];
  }
  if (!same) std::ranges::copy(errors, columns.errors.get());
  for (unsigned digit = 0; digit < kDigits; ++digit) {
    distribute(columns, other, n, digit, counts[digit]);
    std::swap(columns, other);
  }
  auto values = same ? std::make_unique_for_overwrite<float[]>(n) : std::move(other.errors);
  std::transform(columns.keys.get(), columns.keys.get() + n, values.get(), value_of);
  const std::span<const float> sorted(values.get(), n), carried(same ? values.get() : columns.errors.get(), n);
  return {sorted, carried, std::move(values), std::move(columns.errors)};
}

template <class T>
SortedErrors<T> comparison_sorted(std::span<const T> uncertainty, std::span<const T> errors) {
  const std::size_t n = errors.size();
  std::vector<std::pair<T, T>> items(n);
  for (std::size_t i = 0; i < n; ++i) items[i] = {uncertainty[i], errors[i]};
  std::sort(items.begin(), items.end());
  auto keys = std::make_unique_for_overwrite<T[]>(n), carried = std::make_unique_for_overwrite<T[]>(n);
  for (std::size_t i = 0; i < n; ++i) std::tie(keys[i], carried[i]) = items[i];
  const std::span<const T> sorted(keys.get(), n), error(carried.get(), n);
  return {sorted, error, std::move(keys), std::move(carried)};
}

}  // namespace

SortedErrors<float> sort_by_uncertainty(std::span<const float> uncertainty, std::span<const float> errors) {
  return errors.size() >= kWorthRadix ? radix_sorted(uncertainty, errors) : comparison_sorted(uncertainty, errors);
}

SortedErrors<double> sort_by_uncertainty(std::span<const double> uncertainty, std::span<const double> errors) {
  return comparison_sorted(uncertainty, errors);
}

}  // namespace alea
