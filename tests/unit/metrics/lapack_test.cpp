#include "metrics/lapack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <thread>
#include <vector>

#include "core/error.h"
#include "test_features.h"

namespace alea {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<double> normals(std::uint64_t seed, std::size_t count) {
  std::vector<float> z(count);
  fill_normal({.seed = seed}, z);
  return {z.begin(), z.end()};
}

std::vector<double> product(const std::vector<double>& a, const std::vector<double>& b, std::size_t m, std::size_t n,
                            std::size_t k) {
  std::vector<double> c(m * n, 0.0);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t l = 0; l < k; ++l) c[i * n + j] += a[i * k + l] * b[l * n + j];
    }
  }
  return c;
}

std::vector<double> transposed(const std::vector<double>& a, std::size_t rows, std::size_t columns) {
  std::vector<double> t(a.size());
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) t[j * rows + i] = a[i * columns + j];
  }
  return t;
}

TEST(Lapack, MultiplyByTransposeIsTheRowMajorProduct) {
  const std::size_t m = 3, n = 5, k = 4;
  const auto a = normals(1, m * k), b = normals(2, k * n), b_t = transposed(b, k, n);
  std::vector<double> c(m * n);
  multiply_by_transpose(a, b_t, c, m, n, k);
  EXPECT_LT(test::relative_difference(c, product(a, b, m, n, k)), 1e-14);
}

TEST(Lapack, MultiplyByTransposeInFloatIsTheSameProduct) {
  const std::vector<float> a{1, 2, 3, 4, 5, 6}, b{7, 9, 11, 8, 10, 12};
  std::vector<float> c(4);
  multiply_by_transpose(a, b, c, 2, 2, 3);
  EXPECT_THAT(c, ElementsAre(58, 64, 139, 154));
}

TEST(Lapack, AddGramAddsTheLowerTriangleAcrossPanels) {
  const std::size_t n = 7, d = 300;
  const auto a = normals(3, n * d);
  const auto expected = product(transposed(a, n, d), a, d, d, n);
  std::vector<double> c(d * d, 2.0);
  add_gram(a, c, n, d);
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j <= i; ++j) ASSERT_NEAR(c[i * d + j], 2.0 + expected[i * d + j], 1e-12) << i << " " << j;
  }
}

TEST(Lapack, CholeskyFactorIsUpperAndMultipliesBack) {
  const std::size_t d = 6;
  const auto x = normals(4, 20 * d);
  const auto a = product(transposed(x, 20, d), x, d, d, 20);
  auto u = a;
  ASSERT_TRUE(cholesky_upper(u, d));
  for (std::size_t i = 1; i < d; ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_EQ(u[i * d + j], 0.0);
  }
  EXPECT_LT(test::relative_difference(product(transposed(u, d, d), u, d, d, d), a), 1e-14);
}

TEST(Lapack, CholeskyRefusesAnIndefiniteMatrix) {
  std::vector<double> a{1, 2, 2, 1};
  EXPECT_FALSE(cholesky_upper(a, 2));
}

TEST(Lapack, EigenvaluesAreAscendingAndRowsAreTheirVectors) {
  const std::vector<double> a{2, 1, 1, 2};
  auto vectors = a;
  std::vector<double> values(2);
  symmetric_eigenvectors(vectors, values, 2);
  EXPECT_NEAR(values[0], 1, 1e-14);
  EXPECT_NEAR(values[1], 3, 1e-14);
  EXPECT_NEAR(vectors[0], -vectors[1], 1e-14);
  EXPECT_NEAR(vectors[2], vectors[3], 1e-14);
  auto scratch = a;
  std::vector<double> alone(2);
  symmetric_eigenvalues(scratch, alone, 2);
  EXPECT_LT(test::relative_difference(alone, values), 1e-14);
}

TEST(Lapack, BitsDoNotDependOnTheNumberOfBlasThreads) {
  const std::size_t n = 256, d = 384;
  const auto a = normals(5, n * d), a_t = transposed(a, n, d);
  const auto compute = [&] {
    std::vector<double> gram(d * d, 0.0), full(d * d), values(d);
    add_gram(a, gram, n, d);
    multiply_by_transpose(a_t, a_t, full, d, d, n);
    for (std::size_t i = 0; i < d; ++i) full[i * d + i] += 1;
    auto root = full;
    cholesky_upper(root, d);
    symmetric_eigenvalues(full, values, d);
    return std::vector<std::vector<double>>{gram, root, values};
  };
  const auto threaded = compute();
  const SingleThreadedBlas one_thread;
  EXPECT_EQ(compute(), threaded);
}

TEST(Lapack, WrongSizesNameTheRoutineAndBothSizes) {
  std::vector<double> a(6), b(6), c(4);
  try {
    multiply_by_transpose(a, b, c, 2, 3, 3);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::shape);
    EXPECT_THAT(error.what(), HasSubstr("dgemm: b holds 6 numbers, expected 3 x 3 = 9"));
  }
  EXPECT_THROW(multiply_by_transpose(a, b, c, 2, 2, 0), Error);
  EXPECT_THROW(add_gram(a, c, 2, 3), Error);
  EXPECT_THROW(cholesky_upper(a, 2), Error);
  EXPECT_THROW(symmetric_eigenvalues(c, a, 2), Error);
}

}  // namespace
}  // namespace alea
