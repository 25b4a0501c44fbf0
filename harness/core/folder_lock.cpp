#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <utility>

#include "core/descriptor.h"
#include "core/error.h"
#include "core/files.h"

namespace alea {
namespace {

constexpr const char* kName = ".lock";

bool try_lock(int descriptor, FolderLock::Kind kind) {
  struct flock lock {};
  lock.l_type = kind == FolderLock::Kind::exclusive ? F_WRLCK : F_RDLCK;
  lock.l_whence = SEEK_SET;
  return retry_interrupted([&] { return ::fcntl(descriptor, F_OFD_SETLK, &lock); }) == 0;
}

/// The process that noted itself last, 0 if none did.
pid_t noted_holder(int descriptor) {
  std::array<char, 32> text;
  const ssize_t got = retry_interrupted([&] { return ::pread(descriptor, text.data(), text.size(), 0); });
  pid_t pid = 0;
  if (got > 0) std::from_chars(text.data(), text.data() + got, pid);
  return pid;
}

/// For the message of those who are refused; nothing depends on it, so a failure is no reason to stop.
void note_holder(int descriptor) {
  const std::string text = std::to_string(::getpid()) + "\n";
  const bool noted = ::ftruncate(descriptor, 0) == 0 && ::pwrite(descriptor, text.data(), text.size(), 0) > 0;
  static_cast<void>(noted);
}

std::string describe_holder(pid_t pid) {
  const bool alive = pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
  return alive ? fmt::format("process {}", pid) : std::string("another process");
}

}  // namespace

FolderLock::FolderLock(const fs::path& folder, Kind kind) {
  const fs::path path = folder / kName;
  const int number = retry_interrupted([&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, mode_t{0644}); });
  if (number == -1) fail_io(path, "open", errno);
  Descriptor file(number);
  if (!try_lock(number, kind)) {
    if (errno != EAGAIN && errno != EACCES) fail_io(path, "lock", errno);
    fail(ErrorCode::io, "{}: is in use by {}, and {} access was asked for; wait until it ends, or stop it", folder.string(),
         describe_holder(noted_holder(number)), kind == Kind::exclusive ? "exclusive" : "shared");
  }
  note_holder(number);
  descriptor_ = file.release();
}

FolderLock::FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock::~FolderLock() {
  if (descriptor_ == -1) return;
  // Emptied, so that the folder of an undisturbed run and that of a resumed one end with equal bytes.
  if (noted_holder(descriptor_) == ::getpid()) {
    const bool emptied = ::ftruncate(descriptor_, 0) == 0;
    static_cast<void>(emptied);
  }
  ::close(descriptor_);
}

}  // namespace alea
