#include "core/config_extends.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "core/files.h"

namespace alea {
namespace {

constexpr const char* kExtends = "extends";

/// The files that led to the one being read, itself last.
using Chain = std::vector<fs::path>;

std::string chain_text(const Chain& chain) {
  std::vector<std::string> names;
  for (const fs::path& path : chain) names.push_back(path.string());
  return fmt::format("{}", fmt::join(names, " -> "));
}

/// Errors of a file that was named by another one say by which.
[[noreturn]] void fail_in(const Chain& chain, ErrorCode code, const std::string& pointer, const std::string& message) {
  const std::string path = chain.size() > 1 ? fmt::format(" (read as {})", chain_text(chain)) : "";
  fail(code, "{}: {}: {}{}", chain.back().string(), pointer, message, path);
}

Json read_link(const Chain& chain) {
  const fs::path& path = chain.back();
  if (chain.size() > 1 && !fs::is_regular_file(path)) {
    const Chain before(chain.begin(), chain.end() - 1);
    fail_in(before, ErrorCode::io, "/extends", fmt::format("no such file: {}", path.string()));
  }
  try {
    return read_json_file(path);
  } catch (Error& error) {
    if (chain.size() > 1) throw Error(error.code(), fmt::format("{} (read as {})", error.what(), chain_text(chain)));
    throw;
  }
}

std::string base_name(const Json& name, const Chain& chain, const std::string& pointer) {
  if (!name.is_string() || name.get<std::string>().empty())
    fail_in(chain, ErrorCode::config, pointer, "expected a path relative to this file, found " + detail::describe(name));
  const auto text = name.get<std::string>();
  if (fs::path(text).is_absolute())
    fail_in(chain, ErrorCode::config, pointer, fmt::format("expected a path relative to this file, found {}", text));
  return text;
}

std::vector<std::string> base_names(const Json& extends, const Chain& chain) {
  if (!extends.is_array()) return {base_name(extends, chain, "/extends")};
  std::vector<std::string> out;
  for (std::size_t i = 0; i < extends.size(); ++i) out.push_back(base_name(extends[i], chain, child_pointer("/extends", i)));
  return out;
}

Json read_in_chain(const Chain& chain);

bool is_same_file(const fs::path& a, const fs::path& b) { return fs::exists(a) && fs::exists(b) && fs::equivalent(a, b); }

Json read_base(const std::string& name, Chain chain) {
  const fs::path path = (chain.back().parent_path() / name).lexically_normal();
  const bool is_circle = std::any_of(chain.begin(), chain.end(), [&](const fs::path& p) { return is_same_file(p, path); });
  chain.push_back(path);
  if (is_circle) fail(ErrorCode::config, "{}: /extends: a circle: {}", chain.end()[-2].string(), chain_text(chain));
  return read_in_chain(chain);
}

Json read_in_chain(const Chain& chain) {
  Json own = read_link(chain);
  if (!own.is_object()) {
    if (chain.size() == 1) return own;  // for the reader of configs to say
    fail_in(chain, ErrorCode::config, "(top level)", "a config is an object, found " + detail::describe(own));
  }
  const auto extends = own.find(kExtends);
  if (extends == own.end()) return own;
  Json out = Json::object();
  for (const std::string& name : base_names(*extends, chain)) out = merged_config(std::move(out), read_base(name, chain));
  own.erase(kExtends);
  return merged_config(std::move(out), own);
}

}  // namespace

Json merged_config(Json base, const Json& over) {
  if (!base.is_object() || !over.is_object()) return over;
  for (const auto& [key, value] : over.items()) base[key] = base.contains(key) ? merged_config(base[key], value) : value;
  return base;
}

Json read_config_file(const fs::path& path) { return read_in_chain({path}); }

}  // namespace alea
