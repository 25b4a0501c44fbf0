#pragma once

#include <string>
#include <vector>

#include "core/config.h"

namespace alea {

/// What /preset may be. "paper", the first and the default: the text, made consistent. "official-code": the released Python with
/// its quirks.
const std::vector<std::string>& preset_names();

/// `config` with what its preset says of the fields that it leaves open; what it says itself stands. Objects are completed key by
/// key, unless they are of another kind (or a guide's variant) than the preset's; an estimator takes what the preset says of its
/// kind. A config without an estimator or a guide gets none. Without a preset it is "paper"; one of an unknown name is returned
/// as it is, since its field table says so. A resolved config is returned as it is.
Json with_preset(const Json& config);

/// Where a resolved config leaves its preset, a sentence each: "/guide/lambda is 1, the preset official-code's 0.1." None for
/// "paper": of departures from the text its protocols speak, who know which row a run is.
std::vector<std::string> preset_departures(const Json& resolved);

}  // namespace alea
