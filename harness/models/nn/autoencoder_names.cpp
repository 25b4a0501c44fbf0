#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>

#include "models/nn/autoencoder_kl.h"

namespace alea::nn {
namespace {

struct Renamed {
  std::string_view from, to;
};

constexpr std::array<Renamed, 9> kAttention{{{"group_norm", "norm"},
                                             {"to_q", "q"},
                                             {"to_k", "k"},
                                             {"to_v", "v"},
                                             {"to_out.0", "proj_out"},
                                             {"query", "q"},
                                             {"key", "k"},
                                             {"value", "v"},
                                             {"proj_attn", "proj_out"}}};
constexpr std::array<Renamed, 5> kPlain{{{".conv_shortcut.", ".nin_shortcut."},
                                         {".conv_norm_out.", ".norm_out."},
                                         {".mid_block.resnets.0.", ".mid.block_1."},
                                         {".mid_block.resnets.1.", ".mid.block_2."},
                                         {".mid_block.attentions.0.", ".mid.attn_1."}}};

void replace(std::string& name, std::string_view from, std::string_view to) {
  if (const auto place = name.find(from); place != name.npos) name.replace(place, from.size(), to);
}

/// The 12 of "decoder.up_blocks.12.resnets.0" behind `prefix`, if that is how the name begins.
std::optional<int> index_behind(const std::string& name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  const auto end = std::find_if_not(name.begin() + prefix.size(), name.end(), [](unsigned char c) { return std::isdigit(c); });
  const auto digits = static_cast<std::size_t>(end - name.begin()) - prefix.size();
  if (digits == 0 || digits > 3 || end == name.end() || *end != '.') return std::nullopt;
  return std::stoi(name.substr(prefix.size(), digits));
}

/// diffusers counts levels of the decoder as they are evaluated, LDM by resolution.
void rename_level(std::string& name, int n_levels) {
  constexpr std::string_view kDown = "encoder.down_blocks.", kUp = "decoder.up_blocks.";
  if (const auto level = index_behind(name, kDown))
    replace(name, std::string(kDown) + std::to_string(*level), "encoder.down." + std::to_string(*level));
  else if (const auto place = index_behind(name, kUp))
    replace(name, std::string(kUp) + std::to_string(*place), "decoder.up." + std::to_string(n_levels - 1 - *place));
  else
    return;
  replace(name, ".resnets.", ".block.");
  replace(name, ".downsamplers.0.", ".downsample.");
  replace(name, ".upsamplers.0.", ".upsample.");
}

}  // namespace

std::string ldm_name(std::string name, int n_levels) {
  const bool is_attention = name.find(".mid_block.attentions.0.") != name.npos;
  rename_level(name, n_levels);
  for (const auto& [from, to] : kPlain) replace(name, from, to);
  if (!is_attention) return name;
  for (const auto& [from, to] : kAttention) {
    const std::string before = ".attn_1." + std::string(from) + ".";
    if (name.find(before) != name.npos) {
      replace(name, before, ".attn_1." + std::string(to) + ".");
      break;
    }
  }
  return name;
}

std::vector<std::int64_t> ldm_shape(const std::string& ldm_name, std::vector<std::int64_t> shape) {
  const bool is_attention_matrix = ldm_name.find(".mid.attn_1.") != ldm_name.npos && shape.size() == 2;
  if (is_attention_matrix) shape.insert(shape.end(), {1, 1});
  return shape;
}

}  // namespace alea::nn
