#include "formats/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace alea {
namespace {

std::shared_ptr<const std::byte> map_file(const std::filesystem::path& path, std::size_t& size) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(ErrorCode::io, "{}: can't be opened: {}", path.string(), std::strerror(errno));
  const std::shared_ptr<void> closer(nullptr, [descriptor](void*) { ::close(descriptor); });
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail(ErrorCode::io, "{}: {}", path.string(), std::strerror(errno));
  if (!S_ISREG(status.st_mode)) fail(ErrorCode::io, "{}: expected a regular file", path.string());
  size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return nullptr;
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (address == MAP_FAILED) fail(ErrorCode::io, "{}: can't be mapped: {}", path.string(), std::strerror(errno));
  return {static_cast<const std::byte*>(address),
          [size](const std::byte* mapped) { ::munmap(const_cast<std::byte*>(mapped), size); }};
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path) { mapping_ = map_file(path, size_); }

void MappedFile::forget(std::span<const std::byte> part) const {
  const std::byte* begin = mapping_.get();
  if (part.empty() || part.data() < begin || part.data() + part.size() > begin + size_) return;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t first = (static_cast<std::size_t>(part.data() - begin) + page - 1) / page * page;
  const std::size_t last = static_cast<std::size_t>(part.data() + part.size() - begin) / page * page;
  // Only advice: where it fails, the pages merely stay.
  if (first < last) ::madvise(const_cast<std::byte*>(begin) + first, last - first, MADV_DONTNEED);
}

}  // namespace alea
