#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace alea {

namespace fs = std::filesystem;
using Bytes = std::vector<std::byte>;

/// sha256 in lower-case hex.
std::string sha256_hex(std::span<const std::byte> bytes);
std::string sha256_file(const fs::path& path);  ///< streamed; Error{io} if it can't be read

Bytes read_file(const fs::path& path);  ///< Error{io} names the path and the cause
std::string read_text_file(const fs::path& path);

/// The file is the transaction: exclusive temporary "<name>.<pid>.tmp" beside it, write, fsync, rename, fsync of the folder.
/// Afterwards `path` holds all of `bytes`, or (Error{io}) what it held before; only where the last step, the fsync of the
/// folder, fails does the Error come with the new content in place. Of two threads that write one name at once, one fails.
void atomic_write(const fs::path& path, std::span<const std::byte> bytes);
void atomic_write(const fs::path& path, std::string_view text);

/// Removes what a killed writer left: files named "<name>.<pid>.tmp" in the folder. Returns how many.
/// Only those whose process is gone or is this one: not while another thread of it writes there, and in a folder that
/// several machines share only under the exclusive lock, since a process of another machine can't be asked for.
int remove_stale_temporaries(const fs::path& folder);

/// A lock on a folder by an open-file-description lock on "<folder>/.lock": the kernel frees it when the process dies.
/// Two locks of one process exclude each other like those of two. The holder's pid stands in the file, for the message.
class FolderLock {
 public:
  enum class Kind { shared, exclusive };
  /// Error{io} when another process holds it in a way that excludes this one: names the folder and the holder's pid.
  FolderLock(const fs::path& folder, Kind kind);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;

 private:
  int descriptor_ = -1;
};

/// For tests: the n-th operation of atomic_write from now (open, write, fsync, rename, fsync of the folder each count as
/// one) fails once with this errno, kills the process, or (a write) takes half of the bytes. Off by default; set through
/// the environment of a child process too: ALEA_FAULT="12:ENOSPC", or EIO, EROFS, KILL, SHORT, read at the first operation.
struct FileFault {
  static constexpr int kKill = 0, kShortWrite = -1;
  int countdown = 0;  ///< >= 1
  int error_number = kKill;
};
void inject_file_fault(std::optional<FileFault> fault);

}  // namespace alea
