#include "formats/pickle.h"

#include <algorithm>
#include <bit>

#include "core/error.h"
#include "formats/checks.h"
#include "formats/pickle_opcodes.h"

namespace alea {
namespace {

using namespace pickle;
using Kind = PickleValue::Kind;

constexpr std::size_t kMaxValues = 4'000'000;  // a large checkpoint with its optimizer has some ten thousand

}  // namespace

PickleReader::PickleReader(std::span<const std::byte> bytes, std::string source, std::span<const PickleGlobal> allowed)
    : bytes_(bytes), source_(std::move(source)), allowed_(allowed) {}

PickleRef PickleReader::read() {
  stack_.clear();
  marks_.clear();
  memo_.clear();
  for (;;) {
    opcode_at_ = at_;
    const auto opcode = number<std::uint8_t>();
    if (opcode == STOP) {
      if (stack_.size() != 1 || !marks_.empty()) refuse(fmt::format("expected one value at STOP, found {}", stack_.size()));
      return stack_.back();
    }
    if (!run_number(opcode) && !run_text(opcode) && !run_container(opcode) && !run_memo(opcode) && !run_call(opcode) &&
        !run_stack(opcode))
      refuse(fmt::format("opcode {:#04x} ({}) is refused", opcode, refused_name(opcode)));
  }
}

bool PickleReader::run_number(std::uint8_t opcode) {
  switch (opcode) {
    case NONE:
      return push({}), true;
    case NEWTRUE:
    case NEWFALSE:
      return push({.kind = Kind::boolean, .integer = opcode == NEWTRUE}), true;
    case BININT:
      return push({.kind = Kind::integer, .integer = number<std::int32_t>()}), true;
    case BININT1:
      return push({.kind = Kind::integer, .integer = number<std::uint8_t>()}), true;
    case BININT2:
      return push({.kind = Kind::integer, .integer = number<std::uint16_t>()}), true;
    case LONG1:
      return push_long(number<std::uint8_t>()), true;
    case LONG4:
      return push_long(number<std::uint32_t>()), true;
    case BINFLOAT:
      return push({.kind = Kind::real, .real = std::bit_cast<double>(__builtin_bswap64(number<std::uint64_t>()))}), true;
    default:
      return false;
  }
}

bool PickleReader::run_text(std::uint8_t opcode) {
  switch (opcode) {
    case BINUNICODE:
    case BINSTRING:
      return push_text(Kind::text, number<std::uint32_t>()), true;
    case SHORT_BINUNICODE:
    case SHORT_BINSTRING:
      return push_text(Kind::text, number<std::uint8_t>()), true;
    case BINUNICODE8:
      return push_text(Kind::text, number<std::uint64_t>()), true;
    case BINBYTES:
      return push_text(Kind::bytes, number<std::uint32_t>()), true;
    case SHORT_BINBYTES:
      return push_text(Kind::bytes, number<std::uint8_t>()), true;
    case BINBYTES8:
      return push_text(Kind::bytes, number<std::uint64_t>()), true;
    default:
      return false;
  }
}

bool PickleReader::run_container(std::uint8_t opcode) {
  const auto push_last = [this](Kind kind, std::size_t n) {
    PickleValue value{.kind = kind};
    for (std::size_t i = 0; i < n; ++i) value.items.push_back(pop());
    std::reverse(value.items.begin(), value.items.end());
    push(std::move(value));
  };
  switch (opcode) {
    case EMPTY_DICT:
      return push({.kind = Kind::dict}), true;
    case EMPTY_LIST:
      return push({.kind = Kind::list}), true;
    case EMPTY_TUPLE:
      return push({.kind = Kind::tuple}), true;
    case EMPTY_SET:
      return push({.kind = Kind::set}), true;
    case TUPLE1:
    case TUPLE2:
    case TUPLE3:
      return push_last(Kind::tuple, static_cast<std::size_t>(opcode - TUPLE1 + 1)), true;
    case TUPLE:
      return push({.kind = Kind::tuple, .items = pop_to_mark()}), true;
    case LIST:
      return push({.kind = Kind::list, .items = pop_to_mark()}), true;
    case DICT: {
      auto pairs = pop_to_mark();
      push({.kind = Kind::dict});
      return add_pairs(std::move(pairs)), true;
    }
    case APPEND: {
      const PickleRef item = pop();
      return top_container(Kind::list, "a list").items.push_back(item), true;
    }
    case APPENDS:
    case ADDITEMS: {
      const auto added = pop_to_mark();
      auto& items = (opcode == APPENDS ? top_container(Kind::list, "a list") : top_container(Kind::set, "a set")).items;
      return items.insert(items.end(), added.begin(), added.end()), true;
    }
    case SETITEM: {
      const PickleRef value = pop(), key = pop();
      return add_pairs({key, value}), true;
    }
    case SETITEMS:
      return add_pairs(pop_to_mark()), true;
    default:
      return false;
  }
}

bool PickleReader::run_memo(std::uint8_t opcode) {
  const auto put = [this](std::uint32_t slot) {
    if (stack_.empty()) refuse("expected a value to remember, found an empty stack");
    memo_[slot] = stack_.back();
  };
  const auto get = [this](std::uint32_t slot) {
    const auto found = memo_.find(slot);
    if (found == memo_.end()) refuse(fmt::format("nothing was remembered in slot {}", slot));
    stack_.push_back(found->second);
  };
  switch (opcode) {
    case BINPUT:
      return put(number<std::uint8_t>()), true;
    case LONG_BINPUT:
      return put(number<std::uint32_t>()), true;
    case MEMOIZE:
      return put(static_cast<std::uint32_t>(memo_.size())), true;
    case BINGET:
      return get(number<std::uint8_t>()), true;
    case LONG_BINGET:
      return get(number<std::uint32_t>()), true;
    default:
      return false;
  }
}

bool PickleReader::run_call(std::uint8_t opcode) {
  switch (opcode) {
    case GLOBAL: {
      const std::string module(line());
      return push_global(module + "." + std::string(line())), true;
    }
    case STACK_GLOBAL: {
      const PickleRef name = pop(), module = pop();
      if (values_[name].kind != Kind::text || values_[module].kind != Kind::text) refuse("expected the texts of a global's name");
      return push_global(std::string(values_[module].text) + "." + std::string(values_[name].text)), true;
    }
    case REDUCE:
    case NEWOBJ:
      return call(), true;
    case BUILD:
      pop();
      if (stack_.empty()) refuse("expected an object to give a state to, found an empty stack");
      return true;
    case BINPERSID: {
      const PickleRef identifier = pop();
      return push({.kind = Kind::persistent, .items = {identifier}}), true;
    }
    default:
      return false;
  }
}

bool PickleReader::run_stack(std::uint8_t opcode) {
  constexpr int kNewestProtocol = 5;
  switch (opcode) {
    case PROTO:
      if (const int protocol = number<std::uint8_t>(); protocol < 2 || protocol > kNewestProtocol)
        refuse(fmt::format("expected pickle protocol 2 to {}, found {}", kNewestProtocol, protocol));
      return true;
    case FRAME:
      if (const auto size = number<std::uint64_t>(); size > bytes_.size() - at_)
        refuse(fmt::format("expected a frame of at most {} bytes, found {}", bytes_.size() - at_, size));
      return true;
    case MARK:
      return marks_.push_back(stack_.size()), true;
    case POP:
      return pop(), true;
    case POP_MARK:
      return pop_to_mark(), true;
    default:
      return false;
  }
}

std::span<const std::byte> PickleReader::take(std::uint64_t bytes) {
  if (bytes > bytes_.size() - at_)
    refuse(fmt::format("expected {} bytes, found {} before the end; is it truncated?", bytes, bytes_.size() - at_));
  const auto taken = bytes_.subspan(at_, bytes);
  at_ += bytes;
  return taken;
}

std::string_view PickleReader::line() {
  const auto rest = as_text(bytes_.subspan(at_));
  const auto end = rest.find('\n');
  if (end == rest.npos) refuse("expected the end of a line, found the end of the file");
  at_ += end + 1;
  return rest.substr(0, end);
}

PickleRef PickleReader::make(PickleValue value) {
  if (values_.size() == kMaxValues) refuse(fmt::format("expected at most {} values, found more", kMaxValues));
  values_.push_back(std::move(value));
  return static_cast<PickleRef>(values_.size() - 1);
}

void PickleReader::push_long(std::uint64_t bytes) {
  const auto digits = take(bytes);
  if (bytes > sizeof(std::int64_t)) return push({.kind = Kind::big, .text = as_text(digits)});
  const bool negative = !digits.empty() && (digits.back() & std::byte{0x80}) != std::byte{0};
  std::int64_t value = negative ? -1 : 0;
  if (!digits.empty()) std::memcpy(&value, digits.data(), digits.size());
  push({.kind = Kind::integer, .integer = value});
}

void PickleReader::push_global(const std::string& name) {
  const auto found = std::find_if(allowed_.begin(), allowed_.end(), [&](const PickleGlobal& g) { return g.name == name; });
  if (found == allowed_.end()) refuse(fmt::format("the global {} is refused: nothing from a pickle is run", in_quotes(name)));
  push({.kind = Kind::global, .integer = found - allowed_.begin()});
}

PickleRef PickleReader::pop() {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) refuse("expected a value, found an empty stack");
  const PickleRef ref = stack_.back();
  stack_.pop_back();
  return ref;
}

std::vector<PickleRef> PickleReader::pop_to_mark() {
  if (marks_.empty()) refuse("expected a mark on the stack, found none");
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  marks_.pop_back();
  std::vector<PickleRef> taken(begin, stack_.end());
  stack_.erase(begin, stack_.end());
  return taken;
}

PickleValue& PickleReader::top_container(Kind kind, const char* what) {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back()) || values_[stack_.back()].kind != kind)
    refuse(fmt::format("expected {} to add to", what));
  return values_[stack_.back()];
}

void PickleReader::add_pairs(std::vector<PickleRef> pairs) {
  if (pairs.size() % 2 != 0) refuse("expected keys with values, found a key alone");
  n_in_dicts_ += pairs.size();
  if (n_in_dicts_ > kMaxValues) refuse(fmt::format("expected at most {} keys and values, found more", kMaxValues));
  auto& items = top_container(Kind::dict, "a dict").items;
  items.insert(items.end(), pairs.begin(), pairs.end());
}

void PickleReader::call() {
  const PickleRef arguments = pop(), callable = pop();
  if (values_[callable].kind != Kind::global || values_[arguments].kind != Kind::tuple)
    refuse("expected a global and a tuple of arguments to call it with");
  if (!allowed_[static_cast<std::size_t>(values_[callable].integer)].makes_dict)
    return push({.kind = Kind::call, .items = {callable, arguments}});
  push({.kind = Kind::dict});
  const auto given = values_[arguments].items;
  if (given.size() > 1) refuse("expected at most one argument to a dict");
  // Python 2 gave an ordered dict its items so, as a list of [key, value].
  if (given.empty() || values_[given.front()].kind != Kind::list) return;
  for (const PickleRef pair : std::vector(values_[given.front()].items)) {
    if (values_[pair].items.size() != 2) refuse("expected pairs of key and value");
    add_pairs(values_[pair].items);
  }
}

void PickleReader::refuse(const std::string& problem) const {
  fail(ErrorCode::data, "{}: pickle offset {}: {}", source_, opcode_at_, problem);
}

}  // namespace alea
