#pragma once

#include "models/placement.h"

#ifndef ALEA_TEST_DEVICE
#define ALEA_TEST_DEVICE "cpu"
#endif

namespace alea::test {

/// Where a program's contract tests run: the CPU, or the device that it was compiled for.
inline Placement placement() { return {.device = at::Device(ALEA_TEST_DEVICE)}; }

}  // namespace alea::test
