#pragma once

#include <functional>
#include <memory>
#include <string>

#include "protocols/protocol.h"

namespace alea {

/// One protocol: its file defines a function that returns this, protocols.def names the function.
struct ProtocolEntry {
  std::string name;
  std::string summary;
  /// A config (with its "protocol" key) -> the resolved one and the protocol. Problems go to `errors`; the protocol is null then.
  std::function<ResolvedConfig(const Json& config, ConfigErrors& errors)> resolve;
  std::function<Json()> schema;  ///< of a whole config file
  /// Patterns of its rows' names and what they are, see list_metrics().
  std::vector<std::pair<std::string, std::string>> metrics = {};
};

const std::vector<ProtocolEntry>& protocol_entries();

}  // namespace alea
