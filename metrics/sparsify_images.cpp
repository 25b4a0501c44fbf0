#include <tbb/parallel_for.h>

#include "core/error.h"
#include "metrics/sparsification.h"

namespace alea {
namespace {

/// The elements of one image that its mask keeps.
struct MaskedImage {
  std::vector<float> errors, uncertainty;
};

MaskedImage masked(std::span<const float> errors, std::span<const float> uncertainty, std::span<const std::uint8_t> mask) {
  MaskedImage image;
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (!mask.empty() && mask[i] == 0) continue;
    image.errors.push_back(errors[i]);
    image.uncertainty.push_back(uncertainty[i]);
  }
  return image;
}

void add_curve(std::vector<double>& sum, const std::vector<double>& curve, double weight) {
  sum.resize(curve.size(), 0.0);
  for (std::size_t k = 0; k < curve.size(); ++k) sum[k] += weight * curve[k];
}

/// Over the images whose curve has as many points as the longest: masks may leave an image fewer elements than points.
SparsificationCurves mean_of_curves(const std::vector<SparsificationResult>& results) {
  std::size_t longest = 0, count = 0;
  for (const auto& result : results) longest = std::max(longest, result.curves.removed.size());
  for (const auto& result : results) count += result.curves.removed.size() == longest;
  SparsificationCurves mean;
  for (const auto& result : results) {
    if (result.curves.removed.size() != longest) continue;
    const double weight = 1.0 / static_cast<double>(count);
    add_curve(mean.removed, result.curves.removed, weight);
    add_curve(mean.method, result.curves.method, weight);
    add_curve(mean.oracle, result.curves.oracle, weight);
    add_curve(mean.random, result.curves.random, weight);
  }
  return mean;
}

void check_shapes(std::size_t errors, std::size_t uncertainty, std::size_t mask, std::size_t n) {
  if (n == 0 || errors == 0 || errors % n != 0 || uncertainty != errors || (mask != 0 && mask != errors))
    fail(ErrorCode::shape,
         "sparsification: {} errors, {} uncertainties and {} mask values for {} images, expected [n, elements] each", errors,
         uncertainty, mask, n);
}

}  // namespace

ImageSparsification sparsify_images(std::span<const float> absolute_errors, std::span<const float> uncertainty,
                                    std::span<const std::uint8_t> mask, std::span<const std::uint64_t> ids, ErrorKind kind,
                                    Sparsification convention) {
  const std::size_t n = ids.size();
  check_shapes(absolute_errors.size(), uncertainty.size(), mask.size(), n);
  const std::size_t size = absolute_errors.size() / n;
  std::vector<SparsificationResult> results(n);
  tbb::parallel_for(std::size_t{0}, n, [&](std::size_t i) {
    const auto part = [&](auto span) { return span.empty() ? span : span.subspan(i * size, size); };
    const MaskedImage image = masked(part(absolute_errors), part(uncertainty), part(mask));
    if (image.errors.empty()) return;
    try {
      results[i] = sparsify(std::span<const float>(image.errors), std::span<const float>(image.uncertainty), kind, convention);
    } catch (Error& error) {
      error.add_context(fmt::format("image {}", ids[i]));
      throw;
    }
  });
  ImageSparsification out;
  std::vector<SparsificationResult> used;
  for (std::size_t i = 0; i < n; ++i) {
    if (results[i].elements == 0) {
      ++out.empty_masks;
      continue;
    }
    out.ause_of_image.push_back(results[i].ause);
    out.aurg_of_image.push_back(results[i].aurg);
    out.image_ids.push_back(ids[i]);
    used.push_back(std::move(results[i]));
  }
  if (used.empty()) fail(ErrorCode::domain, "sparsification: every mask is empty");
  out.ause = mean_with_jackknife(out.ause_of_image, out.image_ids, out.ause_leave_one_out, "sparsification");
  out.aurg = mean_with_jackknife(out.aurg_of_image, out.image_ids, out.aurg_leave_one_out, "sparsification");
  out.mean_curves = mean_of_curves(used);
  return out;
}

}  // namespace alea
