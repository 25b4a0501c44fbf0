#include "protocols/presets.h"

#include <algorithm>

namespace alea {
namespace {

// A layer holds where its preset, protocol, kind of model and kind of sampler are those of the config (what it doesn't name is
// any), and stands over the layers before it. "estimators" says what those of a kind leave open. The paper's other values are the
// defaults of the field tables.
constexpr const char* kLayers = R"json([
  {"preset": "paper", "fields": {"sampler": {"kind": "ddim", "steps": 50}}},
  {"preset": "paper", "model": "latent", "fields": {"sampler": {"steps_offset": 1, "final_alpha": "first", "clip": false}}},

  {"preset": "official-code", "fields": {"sampler": {"kind": "ddim", "steps": 50}}},
  {"preset": "official-code", "model": "latent",
   "fields": {"sampler": {"steps_offset": 1, "final_alpha": "first", "clip": false}}},

  {"preset": "official-code", "protocol": "filtering",
   "fields": {"rank_by": "aleatoric.centred", "keep_batch": 128, "score_precision": "float16", "min_max_batch": 128},
   "estimators": {"aleatoric": {"passes": 5, "first_index": 45, "last_index": 47},
                  "eps_energy": {"first_index": 45, "last_index": 47},
                  "mc_dropout": {"passes": 5, "first_index": 40, "last_index": 49, "p": 0.5, "sites": "all"}}},
  {"preset": "official-code", "protocol": "filtering", "model": "latent",
   "fields": {"sampler": {"kind": "dpmpp_2m", "steps": 50, "spacing": "linspace"}}},
  {"preset": "official-code", "protocol": "filtering", "sampler": "dpmpp_2m",
   "fields": {"rank_by": "aleatoric.legacy_x0.centred"}, "estimators": {"aleatoric": {"legacy_x0": true}}},

  {"preset": "official-code", "protocol": "reconstruction",
   "fields": {"sampler": {"steps": 20}, "rank_by": "aleatoric.centred", "noise_time": 0.45, "noise_level": "loop_index",
              "scale": "released", "aggregate": "pooled"},
   "estimators": {"aleatoric": {"passes": 5, "first_index": 10, "last_index": 19},
                  "mc_dropout": {"passes": 5, "first_index": 10, "last_index": 19, "p": 0.1, "sites": "all"}}},

  {"preset": "official-code", "protocol": "guidance",
   "fields": {"steps_divisor": 4, "guide": {"variant": "v4", "lambda": 0.1, "quantile": 0.95, "divisor": 128, "level": "loop_index",
                                            "wrt": "x", "first_index": 0, "last_index": 2}}}
])json";

const std::vector<std::string>& protocols_with_presets() {
  static const std::vector<std::string> names = {"filtering", "reconstruction", "guidance"};
  return names;
}

std::string text_of(const Json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string kind_of(const Json& config, const char* part) {
  return config.contains(part) ? text_of(config.at(part), "kind") : std::string();
}

/// Whether two objects are choices of unlike things, whose keys mean nothing to each other.
bool are_unlike(const Json& a, const Json& b) {
  const auto differ = [&](const char* tag) {
    const std::string one = text_of(a, tag), other = text_of(b, tag);
    return !one.empty() && !other.empty() && one != other;
  };
  return differ("kind") || differ("variant");
}

/// `over` where it says something, `under` elsewhere.
Json laid_over(const Json& over, const Json& under) {
  if (!over.is_object() || !under.is_object() || are_unlike(over, under)) return over;
  Json out = over;
  for (const auto& [key, value] : under.items()) out[key] = over.contains(key) ? laid_over(over.at(key), value) : value;
  return out;
}

struct Preset {
  Json fields = Json::object();
  Json estimators = Json::object();  ///< by kind
};

bool holds(const Json& layer, const std::string& name, const Json& config) {
  const auto matches = [&](const char* key, const std::string& value) {
    return !layer.contains(key) || layer.at(key).get<std::string>() == value;
  };
  return matches("preset", name) && matches("protocol", text_of(config, "protocol")) &&
         matches("model", kind_of(config, "model")) && matches("sampler", kind_of(config, "sampler"));
}

std::string name_in(const Json& config) { return config.contains("preset") ? text_of(config, "preset") : preset_names().front(); }

/// Of a config of a protocol that has presets; empty for others.
Preset preset_of(const Json& config) {
  static const Json layers = Json::parse(kLayers);
  Preset out;
  const auto& protocols = protocols_with_presets();
  if (std::find(protocols.begin(), protocols.end(), text_of(config, "protocol")) == protocols.end()) return out;
  for (const Json& layer : layers) {
    if (!holds(layer, name_in(config), laid_over(config, out.fields))) continue;
    out.fields = laid_over(layer.at("fields"), out.fields);
    if (layer.contains("estimators")) out.estimators = laid_over(layer.at("estimators"), out.estimators);
  }
  return out;
}

std::string sentence(const std::string& pointer, const Json& found, const std::string& preset, const Json& wanted) {
  return pointer + " is " + found.dump() + ", the preset " + preset + "'s " + wanted.dump() + ".";
}

void compare(const Json& found, const Json& wanted, const std::string& pointer, const std::string& preset,
             std::vector<std::string>& out) {
  if (!found.is_object() || !wanted.is_object()) {
    if (found != wanted) out.push_back(sentence(pointer, found, preset, wanted));
    return;
  }
  for (const auto& [key, value] : wanted.items()) {
    if (are_unlike(found, wanted) && key != "kind" && key != "variant") continue;
    compare(found.value(key, Json()), value, child_pointer(pointer, key), preset, out);
  }
}

}  // namespace

const std::vector<std::string>& preset_names() {
  static const std::vector<std::string> names = {"paper", "official-code"};
  return names;
}

Json with_preset(const Json& config) {
  if (!config.is_object()) return config;
  const Preset preset = preset_of(config);
  Json out = laid_over(config, preset.fields);
  if (!out.contains("estimators") || !out.at("estimators").is_array()) return out;
  for (Json& estimator : out.at("estimators"))
    if (const std::string kind = text_of(estimator, "kind"); preset.estimators.contains(kind))
      estimator = laid_over(estimator, preset.estimators.at(kind));
  return out;
}

std::vector<std::string> preset_departures(const Json& resolved) {
  const Preset preset = preset_of(resolved);
  const std::string name = name_in(resolved);
  std::vector<std::string> out;
  if (name == preset_names().front()) return out;
  compare(resolved, preset.fields, "", name, out);
  const Json estimators = resolved.value("estimators", Json::array());
  for (std::size_t i = 0; i < estimators.size(); ++i)
    if (const std::string kind = text_of(estimators[i], "kind"); preset.estimators.contains(kind))
      compare(estimators[i], preset.estimators.at(kind), child_pointer("/estimators", i), name, out);
  return out;
}

}  // namespace alea
