#include "metrics/sorted_errors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <numeric>
#include <tuple>

namespace alea {
namespace {

constexpr std::size_t kWorthRadix = 4096;
constexpr unsigned kDigitBits = 11, kDigits = 3;
constexpr std::size_t kBuckets = std::size_t{1} << kDigitBits;

/// Bits that order as the floats do: negative ones are flipped whole, the others get the sign bit. -0 counts as 0.
std::uint32_t ordered_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value == 0 ? 0.0f : value);
  return bits ^ ((bits >> 31) != 0 ? 0xffffffffU : 0x80000000U);
}

float value_of(std::uint32_t bits) { return std::bit_cast<float>(bits ^ ((bits >> 31) != 0 ? 0x80000000U : 0xffffffffU)); }

/// Sorts by the upper 32 bits; the lower ones ride along.
void radix_sort(std::vector<std::uint64_t>& items) {
  std::array<std::array<std::size_t, kBuckets>, kDigits> counts{};
  const auto digit_of = [](std::uint64_t item, unsigned digit) { return (item >> (32 + digit * kDigitBits)) & (kBuckets - 1); };
  for (const std::uint64_t item : items)
    for (unsigned digit = 0; digit < kDigits; ++digit) ++counts[digit][digit_of(item, digit)];
  std::vector<std::uint64_t> other(items.size());
  for (unsigned digit = 0; digit < kDigits; ++digit) {
    std::exclusive_scan(counts[digit].begin(), counts[digit].end(), counts[digit].begin(), std::size_t{0});
    for (const std::uint64_t item : items) other[counts[digit][digit_of(item, digit)]++] = item;
    items.swap(other);
  }
}

}  // namespace

SortedErrors<float> sort_by_uncertainty(std::span<const float> uncertainty, std::span<const float> errors) {
  std::vector<std::uint64_t> items(errors.size());
  for (std::size_t i = 0; i < items.size(); ++i)
    items[i] = std::uint64_t{ordered_bits(uncertainty[i])} << 32 | std::bit_cast<std::uint32_t>(errors[i]);
  items.size() >= kWorthRadix ? radix_sort(items) : std::sort(items.begin(), items.end());
  SortedErrors<float> sorted{std::vector<float>(items.size()), std::vector<float>(items.size())};
  for (std::size_t i = 0; i < items.size(); ++i) {
    sorted.uncertainty[i] = value_of(static_cast<std::uint32_t>(items[i] >> 32));
    sorted.error[i] = std::bit_cast<float>(static_cast<std::uint32_t>(items[i]));
  }
  return sorted;
}

SortedErrors<double> sort_by_uncertainty(std::span<const double> uncertainty, std::span<const double> errors) {
  std::vector<std::pair<double, double>> items(errors.size());
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = {uncertainty[i], errors[i]};
  std::sort(items.begin(), items.end());
  SortedErrors<double> sorted{std::vector<double>(items.size()), std::vector<double>(items.size())};
  for (std::size_t i = 0; i < items.size(); ++i) std::tie(sorted.uncertainty[i], sorted.error[i]) = items[i];
  return sorted;
}

}  // namespace alea
