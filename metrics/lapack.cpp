#include "metrics/lapack.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "core/error.h"

extern "C" {
void sgemm_(const char* op_a, const char* op_b, const int* m, const int* n, const int* k, const float* alpha, const float* a,
            const int* lda, const float* b, const int* ldb, const float* beta, float* c, const int* ldc);
void dgemm_(const char* op_a, const char* op_b, const int* m, const int* n, const int* k, const double* alpha, const double* a,
            const int* lda, const double* b, const int* ldb, const double* beta, double* c, const int* ldc);
void dpotrf_(const char* triangle, const int* n, double* a, const int* lda, int* info);
void dsyevd_(const char* job, const char* triangle, const int* n, double* a, const int* lda, double* w, double* work,
             const int* lwork, int* iwork, const int* liwork, int* info);
void dgesdd_(const char* job, const int* m, const int* n, double* a, const int* lda, double* s, double* u, const int* ldu,
             double* vt, const int* ldvt, double* work, const int* lwork, int* iwork, int* info);
// Weak: another BLAS doesn't have it.
int MKL_Set_Num_Threads_Local(int threads) __attribute__((weak));
}

namespace alea {
namespace {

// dsyevd's workspace is 1 + 6 d + 2 d^2 numbers, counted in 32 bits.
constexpr std::size_t kWidestEigenproblem = 32000;

int blas_int(std::size_t side, const char* routine, const char* name) {
  if (side == 0 || side > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    fail(ErrorCode::domain, "{}: side {} is {}, expected 1 to {}", routine, name, side, std::numeric_limits<int>::max());
  }
  return static_cast<int>(side);
}

void expect_size(std::size_t found, std::size_t rows, std::size_t columns, const char* routine, const char* name) {
  if (found != rows * columns) {
    fail(ErrorCode::shape, "{}: {} holds {} numbers, expected {} x {} = {}", routine, name, found, rows, columns, rows * columns);
  }
}

/// Small products aren't worth waking threads for: on a busy machine waiting for them costs many times the product itself.
bool is_small(std::size_t m, std::size_t n, std::size_t k) {
  constexpr std::size_t kWorthThreads = std::size_t{1} << 24;
  return m * n * k < kWorthThreads;
}

template <class T, class Gemm>
void multiply_row_major(Gemm gemm, const char* routine, std::span<const T> a, std::span<const T> b, std::span<T> c, std::size_t m,
                        std::size_t n, std::size_t k) {
  const int rows = blas_int(m, routine, "m"), columns = blas_int(n, routine, "n"), inner = blas_int(k, routine, "k");
  expect_size(a.size(), m, k, routine, "a");
  expect_size(b.size(), n, k, routine, "b");
  expect_size(c.size(), m, n, routine, "c");
  // A row-major matrix is its transpose in column-major order, and c^T = b a^T.
  const SingleThreadedBlas one_thread(is_small(m, n, k));
  const T one = 1, zero = 0;
  gemm("T", "N", &columns, &rows, &inner, &one, b.data(), &inner, a.data(), &inner, &zero, c.data(), &columns);
}

void solve_symmetric(const char* job, std::span<double> a, std::span<double> values, std::size_t d) {
  if (d > kWidestEigenproblem) fail(ErrorCode::domain, "dsyevd: d is {}, expected at most {}", d, kWidestEigenproblem);
  const int n = blas_int(d, "dsyevd", "d");
  expect_size(a.size(), d, d, "dsyevd", "a");
  expect_size(values.size(), d, 1, "dsyevd", "values");
  const SingleThreadedBlas one_thread;
  int info = 0, integers = 0;
  const int ask = -1;
  double reals = 0;
  dsyevd_(job, "U", &n, a.data(), &n, values.data(), &reals, &ask, &integers, &ask, &info);
  std::vector<double> work(static_cast<std::size_t>(reals));
  std::vector<int> int_work(static_cast<std::size_t>(integers));
  const int n_work = static_cast<int>(work.size()), n_int_work = static_cast<int>(int_work.size());
  dsyevd_(job, "U", &n, a.data(), &n, values.data(), work.data(), &n_work, int_work.data(), &n_int_work, &info);
  if (info != 0) {
    fail(ErrorCode::domain, "dsyevd: no eigenvalues of a {} x {} matrix (info = {}): are all its elements finite?", d, d, info);
  }
}

}  // namespace

void multiply_by_transpose(std::span<const double> a, std::span<const double> b, std::span<double> c, std::size_t m,
                           std::size_t n, std::size_t k) {
  multiply_row_major<double>(dgemm_, "dgemm", a, b, c, m, n, k);
}

void multiply_by_transpose(std::span<const float> a, std::span<const float> b, std::span<float> c, std::size_t m, std::size_t n,
                           std::size_t k) {
  multiply_row_major<float>(sgemm_, "sgemm", a, b, c, m, n, k);
}

void add_gram(std::span<const double> a, std::span<double> c, std::size_t n, std::size_t d) {
  const int rows = blas_int(n, "dgemm", "n"), ld = blas_int(d, "dgemm", "d");
  expect_size(a.size(), n, d, "dgemm", "a");
  expect_size(c.size(), d, d, "dgemm", "c");
  // libtorch exports no dsyrk: panels of columns, each from its diagonal down, skip most of the upper half.
  constexpr std::size_t kPanel = 256;
  const SingleThreadedBlas one_thread(is_small(std::min(kPanel, d), d, n));
  const double one = 1;
  for (std::size_t first = 0; first < d; first += kPanel) {
    const int width = static_cast<int>(std::min(kPanel, d - first)), below = static_cast<int>(d - first);
    const double* columns = a.data() + first;
    dgemm_("N", "T", &width, &below, &rows, &one, columns, &ld, columns, &ld, &one, c.data() + first * d + first, &ld);
  }
}

bool cholesky_upper(std::span<double> a, std::size_t d) {
  const int n = blas_int(d, "dpotrf", "d");
  expect_size(a.size(), d, d, "dpotrf", "a");
  const SingleThreadedBlas one_thread;
  int info = 0;
  // The lower triangle in column-major order is the upper one in row-major order.
  dpotrf_("L", &n, a.data(), &n, &info);
  if (info < 0) fail(ErrorCode::internal, "dpotrf: argument {} is wrong", -info);
  for (std::size_t row = 1; row < d; ++row) std::fill_n(a.begin() + static_cast<std::ptrdiff_t>(row * d), row, 0.0);
  return info == 0;
}

void symmetric_eigenvalues(std::span<double> a, std::span<double> values, std::size_t d) { solve_symmetric("N", a, values, d); }

void symmetric_eigenvectors(std::span<double> a, std::span<double> values, std::size_t d) { solve_symmetric("V", a, values, d); }

void singular_values(std::span<double> a, std::span<double> values, std::size_t m, std::size_t n) {
  // Row-major [m, n] is column-major [n, m]: the same singular values.
  const int rows = blas_int(n, "dgesdd", "n"), columns = blas_int(m, "dgesdd", "m"), one = 1, ask = -1;
  expect_size(a.size(), m, n, "dgesdd", "a");
  expect_size(values.size(), std::min(m, n), 1, "dgesdd", "values");
  const SingleThreadedBlas one_thread;
  std::vector<int> int_work(8 * values.size());
  int info = 0;
  double size = 0, nothing = 0;
  dgesdd_("N", &rows, &columns, a.data(), &rows, values.data(), &nothing, &one, &nothing, &one, &size, &ask, int_work.data(),
          &info);
  std::vector<double> work(static_cast<std::size_t>(size));
  const int n_work = static_cast<int>(work.size());
  dgesdd_("N", &rows, &columns, a.data(), &rows, values.data(), &nothing, &one, &nothing, &one, work.data(), &n_work,
          int_work.data(), &info);
  if (info != 0)
    fail(ErrorCode::domain, "dgesdd: no singular values of a {} x {} matrix (info = {}): are all its elements finite?", m, n,
         info);
}

SingleThreadedBlas::SingleThreadedBlas(bool wanted) : active_(wanted && MKL_Set_Num_Threads_Local != nullptr) {
  if (active_) before_ = MKL_Set_Num_Threads_Local(1);
}

SingleThreadedBlas::~SingleThreadedBlas() {
  if (active_) MKL_Set_Num_Threads_Local(before_);
}

}  // namespace alea
