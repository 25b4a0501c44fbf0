#include "formats/checks.h"

#include <fmt/core.h>

namespace alea {

std::string in_quotes(std::string_view text, std::size_t most) {
  std::string out = "\"";
  for (const char c : text) {
    if (out.size() > most) return out + "...\"";
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\')
      out += c;
    else
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return out + '"';
}

}  // namespace alea
