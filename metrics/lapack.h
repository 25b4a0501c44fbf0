#pragma once

#include <cstddef>
#include <span>

namespace alea {

/// c [m, n] = a b^T for a [m, k] and b [n, k], all row-major; c overlaps neither. Equal bits for any number of BLAS threads
/// (MKL's product without the transpose doesn't have them at every shape). Error{shape} when a span's size isn't that of its
/// matrix, Error{domain} when a side is 0 or beyond BLAS's 32-bit integers.
void multiply_by_transpose(std::span<const double> a, std::span<const double> b, std::span<double> c, std::size_t m,
                           std::size_t n, std::size_t k);
void multiply_by_transpose(std::span<const float> a, std::span<const float> b, std::span<float> c, std::size_t m, std::size_t n,
                           std::size_t k);

/// c += a^T a for a [n, d] and c [d, d]. Only the lower triangle of c (row >= column) is defined afterwards. Errors and bits as
/// multiply_by_transpose.
void add_gram(std::span<const double> a, std::span<double> c, std::size_t n, std::size_t d);

/// Replaces the symmetric a [d, d] by the upper triangular u with u^T u = a, zeros below the diagonal, and returns true.
/// Returns false, with a undefined, when a isn't positive definite. Runs on one thread: the bits of the threaded routine depend
/// on their number, and at d = 2048 it takes 40 ms of 600.
bool cholesky_upper(std::span<double> a, std::size_t d);

/// Eigenvalues, ascending, of the symmetric a [d, d] into values [d]; a is destroyed. One thread, for the same reason.
/// Error{domain} naming the routine when it doesn't converge.
void symmetric_eigenvalues(std::span<double> a, std::span<double> values, std::size_t d);

/// The same, and the rows of a become the eigenvectors, in the order of values.
void symmetric_eigenvectors(std::span<double> a, std::span<double> values, std::size_t d);

/// Singular values, descending, of a [m, n] row-major into min(m, n) values; a is destroyed. One thread. Unlike the eigenvalues
/// of a product with itself they are accurate to rounding of the largest one, not of its square. Error{domain} when it doesn't
/// converge.
void singular_values(std::span<double> a, std::span<double> values, std::size_t m, std::size_t n);

/// While one is alive, BLAS runs on the calling thread alone: for loops whose iterations are spread over threads already.
/// Without effect where the BLAS isn't MKL, or `wanted` is false.
class SingleThreadedBlas {
 public:
  explicit SingleThreadedBlas(bool wanted = true);
  ~SingleThreadedBlas();
  SingleThreadedBlas(const SingleThreadedBlas&) = delete;
  SingleThreadedBlas& operator=(const SingleThreadedBlas&) = delete;

 private:
  bool active_ = false;
  int before_ = 0;
};

}  // namespace alea
