#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace alea {

/// The part of numpy.random.RandomState (its legacy stream, frozen by NumPy's policy) that the peers' conventions draw from.
class NumpyRandomState {
 public:
  explicit NumpyRandomState(std::uint32_t seed);
  std::vector<std::uint32_t> permutation(std::uint32_t n);
  std::vector<std::uint32_t> choice_without_replacement(std::uint32_t n, std::uint32_t size);

 private:
  std::uint32_t below_or_equal(std::uint32_t most);
  std::uint32_t next();
  std::array<std::uint32_t, 624> state_{};  ///< Mersenne twister
  std::size_t at_ = 0;
};

}  // namespace alea
