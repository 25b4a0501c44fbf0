#include <algorithm>
#include <iterator>
#include <set>

#include "core/config.h"

namespace alea {
namespace {

constexpr int kDeepest = 200;  // writing a value is recursive, and a hostile file must not exhaust the stack

/// An input iterator that tells how far the parser has read: its callback alone has no position.
class Tracked {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Tracked(const char* at, const char** read_to) : at_(at), read_to_(read_to) {}
  reference operator*() const { return *at_; }
  Tracked& operator++() {
    *read_to_ = ++at_;
    return *this;
  }
  Tracked operator++(int) {
    Tracked before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Tracked& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  const char** read_to_;
};

[[noreturn]] void fail_at(std::string_view text, std::size_t end, const std::string& source, std::string_view message) {
  const std::string_view before = text.substr(0, std::min(end, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t last_break = before.rfind('\n');
  const std::size_t column = last_break == std::string_view::npos ? before.size() : before.size() - last_break - 1;
  fail(ErrorCode::config, "{}: line {}, column {}: {}", source, line, std::max<std::size_t>(column, 1), message);
}

/// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ..." -> "syntax error ..."
std::string_view without_prefix(std::string_view what) {
  const std::size_t place = what.find("column ");
  const std::size_t start = place == std::string_view::npos ? what.find("] ") : what.find(": ", place);
  return start == std::string_view::npos ? what : what.substr(start + 2);
}

/// RFC 6901: "/a~1b/0" -> {"a/b", "0"}. Error{usage} if it doesn't begin with "/" or has a stray "~".
std::vector<std::string> split_pointer(std::string_view pointer, std::string_view assignment) {
  if (pointer.empty() || pointer.front() != '/')
    fail(ErrorCode::usage, "--set {}: expected /pointer=value, for example /sampler/steps=20", assignment);
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      keys.emplace_back();
    } else if (pointer[i] != '~') {
      keys.back() += pointer[i];
    } else if (const char next = i + 1 < pointer.size() ? pointer[i + 1] : '\0'; next == '0' || next == '1') {
      keys.back() += next == '0' ? '~' : '/';
      ++i;
    } else {
      fail(ErrorCode::usage, "--set {}: \"~\" in a pointer must be written ~0 (and \"/\" inside a key ~1)", assignment);
    }
  }
  return keys;
}

/// Keys and bare strings don't pass the parser, yet must be writable as JSON.
void check_utf8(std::string_view assignment) {
  try {
    Json(assignment).dump();
  } catch (const Json::exception&) {
    fail(ErrorCode::usage, "--set {}: isn't valid UTF-8", detail::describe(assignment));
  }
}

Json parse_or_string(std::string_view text) {
  try {
    return parse_json(text, "");
  } catch (const Error&) {
    return std::string(text);
  }
}

Json& array_element(Json& array, const std::string& key, const std::string& pointer, std::string_view assignment) {
  if (key == "-") return array.emplace_back();
  const bool digits =
      !key.empty() && key.size() < 10 && std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool canonical = digits && (key == "0" || key.front() != '0');
  if (!canonical || std::stoul(key) >= array.size())
    fail(ErrorCode::usage, "--set {}: {} is an array of {}; expected an index below that, or - to append, not \"{}\"", assignment,
         pointer, array.size(), key);
  return array[std::stoul(key)];
}

}  // namespace

Json parse_json(std::string_view text, const std::string& source) {
  const char* read_to = text.data();
  const auto here = [&] { return static_cast<std::size_t>(read_to - text.data()); };
  std::vector<std::set<std::string>> keys;
  const Json::parser_callback_t check = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kDeepest) fail_at(text, here(), source, fmt::format("nested more than {} deep", kDeepest));
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second)
      fail_at(text, here(), source, fmt::format("key {} is given twice in one object", parsed.dump()));
    return true;
  };
  try {
    return Json::parse(Tracked(text.data(), &read_to), Tracked(text.data() + text.size(), &read_to), check);
  } catch (const Json::parse_error& error) {
    fail_at(text, error.byte, source, without_prefix(error.what()));
  } catch (const Json::exception& error) {
    fail_at(text, here(), source, without_prefix(error.what()));
  }
}

void apply_set(Json& config, std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  const std::string_view path = assignment.substr(0, equals);
  if (equals == std::string_view::npos) fail(ErrorCode::usage, "--set {}: expected /pointer=value, no \"=\" found", assignment);
  const std::vector<std::string> keys = split_pointer(path, assignment);
  check_utf8(assignment);
  Json value = parse_or_string(assignment.substr(equals + 1));
  Json changed = config;
  Json* node = &changed;
  std::string pointer;
  for (const std::string& key : keys) {
    if (node->is_null()) *node = Json::object();
    if (!node->is_structured())
      fail(ErrorCode::usage, "--set {}: {} is {}, which has no members", assignment, pointer, detail::describe(*node));
    node = node->is_array() ? &array_element(*node, key, pointer, assignment) : &(*node)[key];
    pointer = child_pointer(pointer, key);
  }
  *node = std::move(value);
  config = std::move(changed);
}

}  // namespace alea
