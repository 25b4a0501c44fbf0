#include <metrics/frechet.h>

#include <cstdio>

int main() {
  const std::vector<float> a = {-1, 0, 1, 0, 0, 1, 0, -1}, b = {0, 0, 2, 0, 1, 1, 1, -1};  // b is a, moved by one along an axis
  const double distance = alea::frechet_distance(alea::fit_gaussian({a, 4, 2}), alea::fit_gaussian({b, 4, 2}));
  std::printf("%.12f\n", distance);
}
