#include "run/order_statistic.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "samplers/noise.h"

namespace alea {
namespace {

TEST(OrderStatistic, IsTheSortedValueHoweverRowsComeIn) {
  const at::Tensor all = draw_normals({.seed = 3}, consecutive_ids(40), {1, 1, 7}).reshape({40, 7});
  const at::Tensor sorted = std::get<0>(at::sort(all, 0));
  for (const auto& [q, place] : {std::pair{0.0, 0}, {0.1, 4}, {0.5, 20}, {0.95, 38}, {0.99, 39}, {1.0, 39}})
    for (const int portion : {1, 7, 40}) {
      OrderStatistic statistic(40, q);
      for (int first = 0; first < 40; first += portion) statistic.add(all.narrow(0, first, std::min(portion, 40 - first)));
      EXPECT_TRUE(at::equal(statistic.value(), sorted[place])) << q << ' ' << portion;
    }
}

TEST(OrderStatistic, WantsAllRows) {
  OrderStatistic statistic(3, 0.5);
  statistic.add(at::tensor({1.0f, 2.0f}).unsqueeze(1));
  EXPECT_THROW(statistic.value(), Error);
  EXPECT_THROW(OrderStatistic(0, 0.5), Error);
  EXPECT_THROW(OrderStatistic(3, 1.5), Error);
}

}  // namespace
}  // namespace alea
