#pragma once

#include <cstring>

namespace alea::nn {

/// Sixteen floats side by side: one register of AVX-512, several where there is none.
using Lane = float __attribute__((vector_size(64)));
inline constexpr int kLane = sizeof(Lane) / sizeof(float);

inline void load(Lane& lane, const float* from) { std::memcpy(&lane, from, sizeof lane); }
inline void store(float* to, const Lane& lane) { std::memcpy(to, &lane, sizeof lane); }

}  // namespace alea::nn
