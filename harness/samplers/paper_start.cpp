#include "samplers/paper_start.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Version.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <torch/headeronly/version.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <span>

#include "core/error.h"

namespace alea {
namespace {

constexpr std::uint64_t kStride = 500;
constexpr std::uint64_t kProbe = 16;
constexpr std::uint32_t kWords = at::MERSENNE_STATE_N;

MersenneState state_of(const at::mt19937& twister) {
  const at::mt19937_data_pod data = twister.data();
  MersenneState out;
  std::ranges::copy(data.state_, out.begin());
  out.back() = data.left_ == 1 ? kWords : data.next_;  // a new one stands at word 0 of a table that is used up
  return out;
}

at::mt19937 twister_at(const MersenneState& state) {
  at::mt19937_data_pod data{};
  data.seeded_ = true;
  data.next_ = state.back();
  data.left_ = static_cast<int>(kWords + 1 - state.back());
  std::copy_n(state.begin(), kWords, data.state_.begin());
  at::mt19937 out;
  out.set_data(data);
  return out;
}

void skip(at::mt19937& twister, std::uint64_t words) {
  for (; words > 0; --words) twister();
}

at::CPUGeneratorImpl& implementation(at::Generator& generator) { return *at::check_generator<at::CPUGeneratorImpl>(generator); }

std::vector<std::int64_t> draw_labels(const at::mt19937& twister, const PaperDataset& dataset) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>();
  implementation(generator).set_engine(twister);
  const at::Tensor out = at::randint(0, dataset.classes, {static_cast<std::int64_t>(dataset.n)}, generator, at::kLong);
  const std::int64_t* values = out.const_data_ptr<std::int64_t>();
  return {values, values + out.numel()};
}

StartIndex make_index(const PaperDataset& dataset) {
  StartIndex out;
  at::mt19937 twister(dataset.seed);
  const auto row = static_cast<std::uint64_t>(dataset.shape.elements());
  for (std::uint64_t id = 0; id < dataset.n; id += kStride) {
    out.states.push_back(state_of(twister));
    skip(twister, row * std::min(kStride, dataset.n - id));
  }
  out.labels = draw_labels(twister, dataset);
  return out;
}

StartIndex load_or_make_index(const PaperDataset& dataset, const fs::path& cache) {
  if (cache.empty()) return make_index(dataset);
  const std::string what = fmt::format("{} {} {} {} {} torch {}", dataset.seed, dataset.n, dataset.shape.elements(),
                                       dataset.classes, kStride, TORCH_VERSION);
  const std::string key = sha256_hex(std::as_bytes(std::span(what))).substr(0, 16);
  const fs::path path = cache / fmt::format("paper_start_{}_{}.bin", dataset.name, key);
  const std::size_t n_states = (dataset.n + kStride - 1) / kStride;
  if (auto found = read_start_index(path, key, n_states, dataset.n)) return std::move(*found);
  StartIndex made = make_index(dataset);
  write_start_index(path, key, made);
  return made;
}

template <class T>
std::string digest_of(std::span<const T> values) {
  return sha256_hex(std::as_bytes(values));
}

std::string digest_of(const at::Tensor& rows) {
  return digest_of(std::span(rows.const_data_ptr<float>(), static_cast<std::size_t>(rows.numel())));
}

Ids consecutive(SampleId first, std::uint64_t count) {
  Ids out(count);
  std::iota(out.begin(), out.end(), first);
  return out;
}

}  // namespace

const std::vector<PaperDataset>& paper_datasets() {
  static const std::vector<PaperDataset> sets{
      {"imagenet64",
       49394,
       {3, 64, 64},
       1000,
       "26c4f0457f807f7251043b916935b0f6dcb9fc384f6331f450a115774e04f9b9",
       "beb8dc2a66dbe003ffdc673f6a703e9d591e44b1e1025a3eb3d487f76ff6052a",
       "94c3ab5ec50c45fecd57bcbcd667ec31fbae779b0679bbbcaed5a37aeea8a82f"},
      {"imagenet128",
       49395,
       {3, 128, 128},
       1000,
       "d30a912f79682ce6871fc29e821a6a9662de2a3d98874a37ead362f21a1e3266",
       "e8740301b03f32af9d8ebd0f1fb7c80ce8e9575875ed9264004e880aadecb81e",
       "af08dfce9cdfcd1699b1fb0a2dc64c895ac3346ec6b465e7444a50e01b297b89"},
      {"imagenet128_uvit",
       49396,
       {4, 16, 16},
       1000,
       "f750f334af0433cf36e0c4ad8d285227759e847f95dcdcbe2b0dee5078c55448",
       "0469fb5d16462a2ee3f2bddea2433d01d0080b20fc64b8f0bdde683971526f0c",
       "1e103fb2f74f9a3af942eb4d22f4d9ceb1f8237b61e1cffa75e6d1f82ad84b7b"},
      {"imagenet256",
       49397,
       {4, 32, 32},
       1000,
       "12ce01ea64d1a4a0d5987b1432d7afab38a810e348324ea258f81c7432d86d11",
       "4f247ab7a9507fbdb3a39f6dffd1822f341d981c25c451bd59ca9b3820f3f737",
       "fb387e60c9faec8efff3a6e31000b2e4ce52717a454c57cc3209e07416c2cbdb"},
      {"imagenet512",
       49398,
       {4, 64, 64},
       1000,
       "8f92cf78f86070dd8b7e1fe58fa63e49fe7ec232a4723b6d78bc6954523c7896",
       "6779397701e1871d457e5eaa6d98f884c3857b978bf60c66a70ae64f203feb9d",
       "7b088f2d0afb2e3c5133c8b74617a898076601b47ee34062c36b1b4388f82e6f"},
      {"cifar10",
       49399,
       {3, 32, 32},
       10,
       "273f4d3dfe1d97cf638d00f19dd010084222f0dec6f94030799f4fb45fa9c5e5",
       "ace896102e22cf4f4103e044b48d21ff8db5e8abe5efb39a83057727db7d456d",
       "d6b2dde3def9ac3d75937003c5c02c815e6fc6f2a4aa6716e5d1e7ef8835dfa7"},
  };
  return sets;
}

const PaperDataset& paper_dataset(std::string_view name) {
  const auto& sets = paper_datasets();
  const auto found = std::ranges::find(sets, name, &PaperDataset::name);
  if (found != sets.end()) return *found;
  std::string names;
  for (const auto& set : sets) names += (names.empty() ? "" : ", ") + set.name;
  fail(ErrorCode::config, "start points of the paper: no set '{}'; there are {}", name, names);
}

PaperStart::PaperStart(PaperDataset dataset, const fs::path& cache, bool takes_labels)
    : dataset_(std::move(dataset)), takes_labels_(takes_labels) {
  const auto elements = dataset_.shape.elements();
  if (elements <= 0 || elements % 16 != 0)
    fail(ErrorCode::shape, "start points of {}: an image of {}x{}x{} has {} elements; expected a multiple of 16, torch's group",
         dataset_.name, dataset_.shape.channels, dataset_.shape.height, dataset_.shape.width, elements);
  index_ = load_or_make_index(dataset_, cache);
  verify();
}

at::Tensor PaperStart::x(const Ids& ids) const {
  const ImageShape& shape = dataset_.shape;
  const auto row = static_cast<std::uint64_t>(shape.elements());
  at::Tensor out = at::empty({static_cast<std::int64_t>(ids.size()), shape.channels, shape.height, shape.width}, at::kFloat);
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>();
  std::optional<SampleId> stands_at;
  for (std::size_t b = 0; b < ids.size(); ++b) {
    require(ids[b]);
    if (stands_at != ids[b]) {
      at::mt19937 twister = twister_at(index_.states[ids[b] / kStride]);
      skip(twister, ids[b] % kStride * row);
      implementation(generator).set_engine(twister);
    }
    out.select(0, static_cast<std::int64_t>(b)).normal_(0, 1, generator);
    stands_at = ids[b] + 1;
  }
  return out;
}

at::Tensor PaperStart::labels(const Ids& ids) const {
  if (!takes_labels_) return {};
  std::vector<std::int64_t> out;
  out.reserve(ids.size());
  for (const SampleId id : ids) {
    require(id);
    out.push_back(index_.labels[id]);
  }
  return at::tensor(out, at::kLong);
}

void PaperStart::require(SampleId id) const {
  if (id >= dataset_.n)
    fail(ErrorCode::domain, "start points of {}: there are {}, ids 0 to {}; found id {}: ask for fewer images, padding included",
         dataset_.name, dataset_.n, dataset_.n - 1, id);
}

void PaperStart::verify() const {
  const auto check = [&](const char* what, const std::string& found, const std::string& expected) {
    if (found != expected)
      fail(
          ErrorCode::not_comparable,
          "start points of {}: the {} drawn by torch {} ({}) have sha256 {}, expected {}: the paper's need a processor with AVX2 "
          "and torch 2.11; without them draw start points by seed instead",
          dataset_.name, what, TORCH_VERSION, at::get_cpu_capability(), found, expected);
  };
  const std::uint64_t probe = std::min(kProbe, dataset_.n);
  check("first normals", digest_of(x(consecutive(0, probe))), dataset_.first);
  check("last normals", digest_of(x(consecutive(dataset_.n - probe, probe))), dataset_.last);
  check("labels", digest_of(std::span<const std::int64_t>(index_.labels)), dataset_.labels);
}

}  // namespace alea
