#include "metrics/kernel_sums.h"

#include <tbb/parallel_for.h>

#include <algorithm>

#include "metrics/lapack.h"

namespace alea {
namespace {

constexpr std::size_t kPanelRows = 256;

/// Up to kPanelRows rows, ready for a product.
struct Panel {
  std::size_t first = 0, end = 0;
  std::vector<double> values;  ///< [end - first, d]
  std::span<const std::uint8_t> groups;
  std::size_t size() const { return end - first; }
};

Panel load_panel(const GroupedRows& from, std::size_t first) {
  Panel panel{first, std::min(first + kPanelRows, from.size()), {}, {}};
  panel.groups = std::span(from.groups).subspan(first, panel.size());
  panel.values.reserve(panel.size() * from.features.d);
  for (std::size_t i = first; i < panel.end; ++i) {
    const auto row = from.features.row(from.rows[i]);
    panel.values.insert(panel.values.end(), row.begin(), row.end());
  }
  return panel;
}

/// sum_j (product_j / d + 1)^3 over [count], in eight running sums: the kernel of one row.
double sum_cubes(const double* products, std::size_t count, double inverse_width) {
  constexpr std::size_t kLanes = 8;
  double lanes[kLanes] = {};
  const auto kernel = [&](std::size_t j) {
    const double linear = inverse_width * products[j] + 1;
    return linear * linear * linear;
  };
  const std::size_t whole = count / kLanes * kLanes;
  for (std::size_t j = 0; j < whole; j += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += kernel(j + lane);
  }
  for (std::size_t j = whole; j < count; ++j) lanes[j - whole] += kernel(j);
  return std::accumulate(lanes, lanes + kLanes, 0.0);
}

/// The rows of one panel against those of another, run by run of equal groups.
void add_tile(const Panel& x, const Panel& y, const std::vector<double>& products, double inverse_width, bool only_above_diagonal,
              KernelSums& sums) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double* row = products.data() + i * y.size();
    for (std::size_t j = only_above_diagonal ? i + 1 : 0; j < y.size();) {
      const auto run_end = std::upper_bound(y.groups.begin() + static_cast<std::ptrdiff_t>(j), y.groups.end(), y.groups[j]);
      const auto next = static_cast<std::size_t>(run_end - y.groups.begin());
      sums.at(x.groups[i], y.groups[j]) += sum_cubes(row + j, next - j, inverse_width);
      j = next;
    }
  }
}

constexpr std::uint32_t kNobody = ~std::uint32_t{0};

/// One row against a panel: its kernel with each group of it but for the row `self`.
void add_row(const Panel& y, const GroupedRows& from, const double* products, double inverse_width, std::uint32_t self,
             std::span<double> sums) {
  const auto add = [&](std::size_t begin, std::size_t end) {
    if (begin < end) sums[y.groups[begin]] += sum_cubes(products + begin, end - begin, inverse_width);
  };
  for (std::size_t j = 0; j < y.size();) {
    const auto run_end = std::upper_bound(y.groups.begin() + static_cast<std::ptrdiff_t>(j), y.groups.end(), y.groups[j]);
    const auto next = static_cast<std::size_t>(run_end - y.groups.begin());
    const auto* rows = from.rows.data() + y.first;
    const auto at = static_cast<std::size_t>(std::find(rows + j, rows + next, self) - rows);
    add(j, at);
    add(at + 1, next);
    j = next;
  }
}

/// The panels of a set that is small enough, gathered once for all the panels that they meet.
class LoadedPanels {
 public:
  explicit LoadedPanels(const GroupedRows& from) : from_(from) {
    constexpr std::size_t kMostPanels = 8;
    if (from.size() > kMostPanels * kPanelRows) return;
    for (std::size_t first = 0; first < from.size(); first += kPanelRows) panels_.push_back(load_panel(from, first));
  }
  const Panel& get(std::size_t first, Panel& fresh) const {
    if (!panels_.empty()) return panels_[first / kPanelRows];
    fresh = load_panel(from_, first);
    return fresh;
  }

 private:
  const GroupedRows& from_;
  std::vector<Panel> panels_;
};

}  // namespace

GroupedRows one_group(const FeatureView& features, std::vector<std::uint32_t> rows) {
  const std::size_t n = rows.size();
  return {features, std::move(rows), std::vector<std::uint8_t>(n, 0)};
}

GroupedRows all_rows(const FeatureView& features) {
  std::vector<std::uint32_t> rows(features.n);
  std::iota(rows.begin(), rows.end(), 0U);
  return one_group(features, std::move(rows));
}

GroupedRows rows_by_group(const FeatureView& features, std::span<const std::uint64_t> ids) {
  GroupedRows grouped = all_rows(features);
  const auto group = [&](std::uint32_t row) { return jackknife_group(ids[row]); };
  std::stable_sort(grouped.rows.begin(), grouped.rows.end(), [&](auto a, auto b) { return group(a) < group(b); });
  std::transform(grouped.rows.begin(), grouped.rows.end(), grouped.groups.begin(), group);
  return grouped;
}

KernelSums kernel_sums(const GroupedRows& a, const GroupedRows* b) {
  const GroupedRows& other = b != nullptr ? *b : a;
  const std::size_t d = a.features.d, panels = (a.size() + kPanelRows - 1) / kPanelRows;
  std::vector<KernelSums> of_panel(panels);
  const LoadedPanels columns(other);
  tbb::parallel_for(std::size_t{0}, panels, [&](std::size_t panel) {
    const SingleThreadedBlas one_thread;
    const Panel x = load_panel(a, panel * kPanelRows);
    std::vector<double> products;
    for (std::size_t column = b != nullptr ? 0 : x.first; column < other.size(); column += kPanelRows) {
      Panel fresh;
      const Panel& y = columns.get(column, fresh);
      products.resize(x.size() * y.size());
      multiply_by_transpose(x.values, y.values, products, x.size(), y.size(), d);
      add_tile(x, y, products, 1 / static_cast<double>(d), b == nullptr && column == x.first, of_panel[panel]);
    }
  });
  KernelSums sums;
  for (const KernelSums& part : of_panel) {
    for (std::size_t cell = 0; cell < sums.by_groups.size(); ++cell) sums.by_groups[cell] += part.by_groups[cell];
  }
  return sums;
}

std::vector<double> kernel_row_sums(const GroupedRows& a, const GroupedRows& b, bool same_set) {
  constexpr std::size_t kGroups = kJackknifeGroups;
  const std::size_t d = a.features.d, panels = (a.size() + kPanelRows - 1) / kPanelRows;
  const double inverse_width = 1 / static_cast<double>(d);
  std::vector<double> sums(a.size() * kGroups, 0.0);
  const LoadedPanels columns(b);
  tbb::parallel_for(std::size_t{0}, panels, [&](std::size_t panel) {
    const SingleThreadedBlas one_thread;
    const Panel x = load_panel(a, panel * kPanelRows);
    std::vector<double> products;
    for (std::size_t column = 0; column < b.size(); column += kPanelRows) {
      Panel fresh;
      const Panel& y = columns.get(column, fresh);
      products.resize(x.size() * y.size());
      multiply_by_transpose(x.values, y.values, products, x.size(), y.size(), d);
      for (std::size_t i = 0; i < x.size(); ++i)
        add_row(y, b, products.data() + i * y.size(), inverse_width, same_set ? a.rows[x.first + i] : kNobody,
                std::span(sums).subspan((x.first + i) * kGroups, kGroups));
    }
  });
  return sums;
}

double unbiased_mmd(double within_a, double n_a, double within_b, double n_b, double between) {
  return 2 * within_a / (n_a * (n_a - 1)) + 2 * within_b / (n_b * (n_b - 1)) - 2 * between / (n_a * n_b);
}

}  // namespace alea
