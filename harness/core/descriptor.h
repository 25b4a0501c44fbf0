#pragma once

#include <cerrno>
#include <filesystem>
#include <utility>

namespace alea {

/// Repeats a system call that a signal broke off.
template <class Call>
auto retry_interrupted(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result == -1 && errno == EINTR);
  return result;
}

/// Error{io} "PATH: can't VERB it: cause", with what mends it where that is known.
[[noreturn]] void fail_io(const std::filesystem::path& path, const char* verb, int error_number);

/// An open file, closed at the end of its life.
class Descriptor {
 public:
  /// open(2) with O_CLOEXEC; Error{io} if it can't.
  static Descriptor open_for_reading(const std::filesystem::path& path);

  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();

  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

}  // namespace alea
