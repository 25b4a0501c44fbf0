#include "protocols/presets.h"
#include "protocols/protocol_entry.h"

namespace alea {

#define ALEA_PROTOCOL(function) ProtocolEntry function();
#include "protocols/protocols.def"
#undef ALEA_PROTOCOL

namespace {

std::vector<std::string> protocol_names() {
  std::vector<std::string> names;
  for (const ProtocolEntry& entry : protocol_entries()) names.push_back(entry.name);
  return names;
}

const ProtocolEntry* find_protocol(const Json& config, ConfigErrors& errors) {
  if (!config.is_object()) {
    errors.add("", "a config is an object, found " + std::string(config.type_name()));
    return nullptr;
  }
  const auto it = config.find("protocol");
  if (it == config.end() || !it->is_string()) {
    errors.add("/protocol", "missing required key: a string, what is measured" + suggestion("", protocol_names()));
    return nullptr;
  }
  const auto name = it->get<std::string>();
  for (const ProtocolEntry& entry : protocol_entries())
    if (entry.name == name) return &entry;
  errors.add("/protocol", "\"" + name + "\" is not a known protocol" + suggestion(name, protocol_names()));
  return nullptr;
}

}  // namespace

const std::vector<ProtocolEntry>& protocol_entries() {
  static const std::vector<ProtocolEntry> entries = {
#define ALEA_PROTOCOL(function) function(),
#include "protocols/protocols.def"
#undef ALEA_PROTOCOL
  };
  return entries;
}

ResolvedConfig resolve_config(const Json& config, const std::string& source) {
  ConfigErrors errors;
  ResolvedConfig resolved;
  if (const ProtocolEntry* entry = find_protocol(config, errors)) resolved = entry->resolve(with_preset(config), errors);
  errors.throw_if_any(source);
  return resolved;
}

std::vector<std::pair<std::string, std::string>> list_protocols() {
  std::vector<std::pair<std::string, std::string>> out;
  for (const ProtocolEntry& entry : protocol_entries()) out.emplace_back(entry.name, entry.summary);
  return out;
}

}  // namespace alea
