#include "core/files.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>

#include "core/descriptor.h"
#include "core/error.h"
#include "core/file_fault.h"

namespace alea {
namespace {

template <class Container>
Container read_whole(const fs::path& path) {
  const Descriptor file = Descriptor::open_for_reading(path);
  struct stat status {};
  if (::fstat(file.number(), &status) == -1) fail_io(path, "read", errno);
  Container out;
  // One more than the size: the end is then seen without growing. The size is a hint only, pipes and /proc have none.
  std::size_t used = 0, room = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0)) + 1;
  for (;;) {
    if (out.size() < used + room) out.resize(used + room);
    const ssize_t got = retry_interrupted([&] { return ::read(file.number(), out.data() + used, out.size() - used); });
    if (got == -1) fail_io(path, "read", errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    room = used == out.size() ? std::max<std::size_t>(used, 4096) : out.size() - used;
  }
  out.resize(used);
  return out;
}

/// A system call that counts as one file operation: the planned fault takes its place when it falls on it.
template <class Call>
auto operation(Call call) {
  const std::optional<int> fault = file_fault_due();
  if (!fault || *fault == FileFault::kShortWrite) return retry_interrupted(call);
  if (*fault == FileFault::kKill) ::kill(::getpid(), SIGKILL);
  errno = *fault;
  return decltype(call()){-1};
}

/// Like write(2). A fault first writes half, as a disk that fills up or a process that dies on the way does.
ssize_t write_some(int descriptor, std::span<const std::byte> bytes) {
  const auto write_first = [&](std::size_t count) {
    return retry_interrupted([&] { return ::write(descriptor, bytes.data(), count); });
  };
  const std::optional<int> fault = file_fault_due();
  if (!fault) return write_first(bytes.size());
  const ssize_t half = write_first(bytes.size() / 2);
  if (*fault == FileFault::kShortWrite) return half;
  if (*fault == FileFault::kKill) ::kill(::getpid(), SIGKILL);
  errno = *fault;
  return -1;
}

void write_all(const Descriptor& file, const fs::path& path, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write_some(file.number(), bytes);
    if (written == -1) fail_io(path, "write", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void sync_folder(const fs::path& folder) {
  const Descriptor descriptor = Descriptor::open_for_reading(folder);
  const int result = operation([&] { return ::fsync(descriptor.number()); });
  // Some network file systems keep nothing of a folder that could be lost, and say so with EINVAL.
  if (result == -1 && errno != EINVAL) fail_io(folder, "fsync", errno);
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

/// The temporary beside the file: removed unless it was renamed.
class Temporary {
 public:
  explicit Temporary(const fs::path& target)
      : target_(target), path_(target.string() + "." + std::to_string(::getpid()) + ".tmp"), file_(create()) {}

  ~Temporary() {
    if (!renamed_) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;

  void write(std::span<const std::byte> bytes) {
    write_all(file_, target_, bytes);
    if (operation([&] { return ::fsync(file_.number()); }) == -1) fail_io(target_, "fsync", errno);
    // The kernel frees the number even when close is interrupted: a second close could hit a file of another thread.
    if (::close(file_.release()) == -1 && errno != EINTR) fail_io(target_, "close", errno);
  }

  void rename() {
    if (operation([&] { return ::rename(path_.c_str(), target_.c_str()); }) == -1) fail_io(target_, "replace", errno);
    renamed_ = true;
  }

 private:
  Descriptor create() const {
    const int number = operation([&] { return ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t{0644}); });
    if (number == -1 && errno == EEXIST)
      fail(ErrorCode::io, "{}: is there already: written by another thread, or left by a killed process (then remove it)",
           path_.string());
    if (number == -1) fail_io(target_, "write", errno);
    return Descriptor(number);
  }

  fs::path target_, path_;
  Descriptor file_;
  bool renamed_ = false;
};

/// The process id in "<name>.<pid>.tmp", or nothing for any other name.
std::optional<pid_t> owner_of_temporary(std::string_view name) {
  constexpr std::string_view kSuffix = ".tmp";
  if (!name.ends_with(kSuffix)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  const auto dot = name.rfind('.');
  if (dot == name.npos || dot == 0) return std::nullopt;
  const std::string_view digits = name.substr(dot + 1);
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
  // kill() gives zero and negative numbers another meaning.
  if (error != std::errc{} || end != digits.data() + digits.size() || pid <= 0) return std::nullopt;
  return pid;
}

bool is_alive(pid_t pid) { return ::kill(pid, 0) == 0 || errno == EPERM; }

}  // namespace

Bytes read_file(const fs::path& path) { return read_whole<Bytes>(path); }

std::string read_text_file(const fs::path& path) { return read_whole<std::string>(path); }

void atomic_write(const fs::path& path, std::span<const std::byte> bytes) {
  Temporary temporary(path);
  temporary.write(bytes);
  temporary.rename();
  sync_folder(folder_of(path));
}

void atomic_write(const fs::path& path, std::string_view text) {
  atomic_write(path, std::as_bytes(std::span(text.data(), text.size())));
}

int remove_stale_temporaries(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> stale;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const auto owner = owner_of_temporary(entry->path().filename().string());
    if (owner && (*owner == ::getpid() || !is_alive(*owner))) stale.push_back(entry->path());
  }
  if (error) fail_io(folder, "list", error.value());
  int removed = 0;
  for (const fs::path& path : stale) {
    if (::unlink(path.c_str()) == 0)
      ++removed;
    else if (errno != ENOENT)  // another process of this folder may clean up too
      fail_io(path, "remove", errno);
  }
  return removed;
}

}  // namespace alea
